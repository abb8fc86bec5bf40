/** Long work in short turns, so that what else its thread has to do waits for some milliseconds at most. */

const TURN_MS = 8;

/** Runs the steps to their end. @throws the signal's reason when it is aborted */
export async function inTurns<Result>(
  steps: Generator<void, Result>,
  signal: AbortSignal,
): Promise<Result> {
  let began = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - began < TURN_MS) continue;
    await nextTurn();
    signal.throwIfAborted();
    began = performance.now();
  }
}

/** Timers wait for 4 ms once they are nested; a message does not. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port2.addEventListener('message', () => {
      port2.close();
      port1.close();
      resolve();
    });
    port2.start();
    port1.postMessage(null);
  });
}
