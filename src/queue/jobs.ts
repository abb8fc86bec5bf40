/**
 * The queue's words. One job stands for one record that wants work (coalesced: a second change of the
 * record makes no second job). A claim is a batch of jobs leased together under one token.
 */

export const JobState = { ready: 0, leased: 1, waiting: 2, parked: 3 } as const;

export interface LeasedJob {
  id: string;
  sourceId: number;
  recordKey: string;
  /** Who queued it, other than a change of its row: `backfill`, `reconcile`. */
  origin: string | null;
  /** Failed tries so far. */
  attempts: number;
  /** Times that a worker vanished while it held this job. */
  crashes: number;
}

export interface Claim {
  /** The fence: a write is only taken while its jobs still carry this token (I4). */
  token: string;
  jobs: LeasedJob[];
}

export interface JobRow {
  id: string;
  source_id: number;
  record_key: string;
  /** What `fold` leases is a change, and has none. */
  origin?: string | null;
  attempts: number;
  crashes: number;
}

export function toLeasedJob(row: JobRow): LeasedJob {
  return {
    id: row.id,
    sourceId: row.source_id,
    recordKey: row.record_key,
    origin: row.origin ?? null,
    attempts: row.attempts,
    crashes: row.crashes,
  };
}

/** A try that did not work out. */
export interface Failed {
  sourceId: number;
  recordKey: string;
  /** Tries that failed so far, this one included. */
  attempt: number;
  /** Whether it was the last. */
  isParked: boolean;
}

export interface FailedRow {
  source_id: number;
  record_key: string;
  attempts: number;
  state: number;
}

export function toFailed(row: FailedRow): Failed {
  return {
    sourceId: row.source_id,
    recordKey: row.record_key,
    attempt: row.attempts,
    isParked: row.state === JobState.parked,
  };
}
