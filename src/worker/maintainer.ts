/** What has to be done for all from time to time: any worker does it, one at a time. */
import type { Database } from '../database/index.ts';
import { cleanUpIfDue, RETENTION_DAYS } from '../queue/index.ts';

export interface CleanupPolicy {
  /** Default 24. */
  everyHours?: number | undefined;
  /** How long history, audit log and metrics are kept; default 30. */
  days?: number | undefined;
}

/** How often a worker asks whether it is due. It asks at its start too, for those that run once. */
const ASK_EVERY_MS = 15 * 60_000;

/** Asks now and from time to time. @returns what ends it, after what is under way */
export function startMaintainer(
  database: Database,
  workerId: string,
  policy: CleanupPolicy,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let underWay: Promise<void> = Promise.resolve();
  const { everyHours = 24, days = RETENTION_DAYS } = policy;
  const ask = async () => {
    try {
      await cleanUpIfDue(database, { everyHours, days }, `worker ${workerId}`);
    } catch (error) {
      onError(error);
    }
  };
  const start = () => {
    underWay = ask();
  };
  start();
  const timer = setInterval(start, ASK_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await underWay;
  };
}
