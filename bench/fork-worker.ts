/** Starts and ends a worker process (`worker-process.ts`) for a benchmark. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WorkerSample } from './worker-process.ts';

export interface ForkedWorker {
  samples: WorkerSample[];
  /** Resolves with the next sample; rejects when the process ends by itself. */
  nextSample(): Promise<WorkerSample>;
  /** Lets a batch under way finish. */
  stop(): Promise<void>;
  /** Ends it at once: for when it is busy with what is not measured. */
  kill(): Promise<void>;
}

/**
 * Resolves when the worker runs.
 * @param latencyMs of each call of its model; the embedded model where it is left out
 */
export async function forkWorker(url: string, latencyMs?: number): Promise<ForkedWorker> {
  const file = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
  const child = fork(file, latencyMs === undefined ? [url] : [url, String(latencyMs)]);
  const samples: WorkerSample[] = [];
  child.on('message', (sample) => samples.push(sample as WorkerSample));
  const exited = once(child, 'exit');
  const ended = exited.then(() => {
    throw new Error('the worker process ended by itself');
  });
  // Whoever waits for a sample learns of it; nobody else has to.
  ended.catch(() => {});
  const nextSample = async () => {
    const [sample] = (await Promise.race([once(child, 'message'), ended])) as [WorkerSample];
    return sample;
  };
  await nextSample();
  return {
    samples,
    nextSample,
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
