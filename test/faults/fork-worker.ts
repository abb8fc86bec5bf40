/** Starts, stops, pauses and kills the worker processes of a test (`worker-process.ts`). */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Signal } from '../setup/signal.ts';
import type { WorkerPlan } from './worker-process.ts';

export interface ForkedWorker extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it stands at `stopAt`. */
  reached(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
  /** Lets a batch under way finish. */
  stop(): Promise<void>;
  readonly exited: Promise<unknown>;
}

/** Resolves when the worker runs. It is killed with its disposal, if it lives. */
export async function forkWorker(plan: WorkerPlan): Promise<ForkedWorker> {
  const child = fork(fileURLToPath(new URL('./worker-process.ts', import.meta.url)), [
    JSON.stringify(plan),
  ]);
  const ready = new Signal('the worker process at work');
  const reached = new Signal('the step at which the worker stops');
  child.on('message', (message) => (message === 'ready' ? ready : reached).fire());
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const early = exited.then(() => {
    throw new Error('the worker process ended before it was at work');
  });
  early.catch(() => {});
  await Promise.race([ready.fired(20_000), reached.fired(20_000), early]);
  return {
    pid: child.pid ?? 0,
    reached: () => reached.fired(),
    signal: (name) => void child.kill(name),
    kill,
    exited,
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
    [Symbol.asyncDispose]: kill,
  };
}
