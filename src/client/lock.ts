/**
 * One at a time, over all tabs of an origin where there are Web Locks (a tab that dies gives its locks back), else within this program. Two
 * programs that share a folder are not kept apart: each step of theirs is whole, but one may drop what the other is about to read.
 */

const tails = new Map<string, Promise<unknown>>();

/** @throws what `act` throws, and the signal's reason when it aborts before the lock is had */
export async function locked<T>(
  name: string,
  act: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return await inTurn(name, act, signal);
  let isHad = false;
  try {
    return await locks.request(name, signal === undefined ? {} : { signal }, async () => {
      isHad = true;
      return await act();
    });
  } catch (error) {
    // A page that may store nothing has no locks either (a sandboxed frame): there is nobody to keep apart.
    const isRefused = error instanceof DOMException && error.name === 'SecurityError';
    if (isHad || !isRefused) throw error;
    return await inTurn(name, act, signal);
  }
}

async function inTurn<T>(name: string, act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const before = tails.get(name) ?? Promise.resolve();
  const turn = before.then(() => {
    signal?.throwIfAborted();
    return act();
  });
  const tail = turn.catch(() => {});
  tails.set(name, tail);
  try {
    return await turn;
  } finally {
    if (tails.get(name) === tail) tails.delete(name);
  }
}
