/** What a worker is given to do its jobs with. The loop knows leases and acknowledgements, a handler knows the work. */
import type { Connection } from '../database/index.ts';
import type { LeasedJob } from '../queue/index.ts';

export interface FailedJob {
  job: LeasedJob;
  error: unknown;
  /** Of the text that failed, hex; absent where there was none yet. */
  textHash?: string;
}

export interface Prepared {
  /** Jobs whose work is done but for the writing. */
  ready: readonly LeasedJob[];
  /**
   * Writes the output of `jobs`, those of `ready` that are still owned, in the transaction that acknowledges
   * them (I4). Null when there is nothing to write.
   */
  write: ((tx: Connection, jobs: readonly LeasedJob[]) => Promise<void>) | null;
  /** Jobs that failed by their own fault: the others go on (I6).  */
  failed: readonly FailedJob[];
  /** Jobs left for another call, to bound memory. Never all of them. */
  deferred: readonly LeasedJob[];
  /** Jobs to give back untried: the day's budget has nothing left for them, and their lane is paused. */
  unpaid?: readonly LeasedJob[];
}

/**
 * Does everything that takes time, outside any transaction: reading, rendering, calling a model. Rejects when
 * the fault is not one job's own, such as a model that does not answer.
 * @param jobs of one source
 */
export type Handler = (jobs: readonly LeasedJob[], signal: AbortSignal) => Promise<Prepared>;
