/** What the three queues have in common as they are measured. */
import type { Client } from 'pg';

export interface DrainRun {
  url: string;
  jobs: number;
}

/** Set up and idle, with workers running. */
export interface ReadyQueue {
  /** The first write: everything from here on counts. */
  write(): Promise<void>;
  /** Calls of the handler so far, in jobs. */
  handled(): number;
  /** A query whose `left` says whether the database still has a job that is not completed. */
  leftSql: string;
  stop(): Promise<void>;
}

/**
 * From the first write to the moment when the database has the last job as completed. It is asked only once all
 * handlers ran, so that asking costs nobody anything before.
 * @returns seconds
 */
export async function timeDrain(queue: ReadyQueue, watch: Client, jobs: number): Promise<number> {
  const start = performance.now();
  await queue.write();
  while (queue.handled() < jobs) await pause();
  for (;;) {
    const { rows } = await watch.query<{ left: boolean }>(queue.leftSql);
    if (rows[0]?.left === false) return (performance.now() - start) / 1_000;
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 2);
  });
}
