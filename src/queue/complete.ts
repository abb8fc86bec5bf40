/**
 * The ends of a lease: done, failed, given back, prolonged. All are fenced: they touch only jobs that are
 * still leased under the claim's token, so that a worker whose lease is over changes nothing (I4).
 */
import type { Connection } from '../database/index.ts';
import { type Failed, type FailedRow, type LeasedJob, toFailed } from './jobs.ts';

/** The ids as an array literal: they are digits, so the driver need not look for what to escape in each. */
function idsOf(jobs: readonly LeasedJob[]): string {
  return `{${jobs.map((job) => job.id).join(',')}}`;
}

const LOCK = `
select id from evervec.jobs
where id = any ($1::bigint[]) and state = 1 and claim_token = $2
order by source_id, record_key for update`;

/**
 * Locks those of `jobs` that this claim still owns, until the transaction ends. Blocks for a row that a
 * fold holds (skipping it would leave work done but not acknowledged); in key order, like `fold`.
 * @returns their ids
 */
export async function lockOwned(
  tx: Connection,
  token: string,
  jobs: readonly LeasedJob[],
): Promise<Set<string>> {
  const { rows } = await tx.query<{ id: string }>(LOCK, [idsOf(jobs), token]);
  return new Set(rows.map((row) => row.id));
}

/*
 * `owned` returns each row as it is after the lock was granted, also where that is newer than this
 * statement's snapshot; so whether the record changed meanwhile is decided there and nowhere else.
 * Found again by place, through an array: of unknown length to the planner, who then reads a small table whole and
 * a large one by place, whatever its statistics say.
 * A row that is newer than the snapshot is not found by its place: `missed` counts those, for another go.
 */
const COMPLETE = `
with owned as materialized (
  select ctid as tid, generation = claim_generation as is_current from evervec.jobs
  where id = any ($1::bigint[]) and state = 1 and claim_token = $2
  order by source_id, record_key for update
), done as (
  delete from evervec.jobs using unnest(array(select tid from owned where is_current)) as target (tid)
  where ctid = tid returning 1
), again as (
  update evervec.jobs set state = 0, ready_at = now(), attempts = 0, crashes = 0,
    first_failed_at = null, failed_at = null,
    claim_token = null, claim_generation = null, lease_until = null, worker_id = null
  from unnest(array(select tid from owned where not is_current)) as target (tid)
  where ctid = tid returning 1
), total as (
  select (select count(*) from done)::integer as done, (select count(*) from again)::integer as again,
    (select count(*) from owned)::integer as owned
)
select done, again, owned - done - again as missed from total`;

export interface Completed {
  /** Finished and gone from the queue. */
  done: number;
  /** Changed while they were worked on, hence ready again (I3). */
  again: number;
}

/** Acknowledges `jobs`. For work with an output: `lockOwned`, write for those only, then this, in one transaction. */
export async function complete(
  connection: Connection,
  token: string,
  jobs: readonly LeasedJob[],
): Promise<Completed> {
  const ids = idsOf(jobs);
  const completed: Completed = { done: 0, again: 0 };
  for (;;) {
    const { rows } = await connection.query<Completed & { missed: number }>(COMPLETE, [ids, token]);
    const { done = 0, again = 0, missed = 0 } = rows[0] ?? {};
    completed.done += done;
    completed.again += again;
    if (missed === 0) return completed;
  }
}

const RENEW = `
update evervec.jobs set lease_until = now() + $3 * interval '1 millisecond'
where id = any ($1::bigint[]) and state = 1 and claim_token = $2`;

/** Prolongs the lease to `leaseMs` from now. @returns how many of `jobs` are still owned */
export async function renew(
  connection: Connection,
  token: string,
  jobs: readonly LeasedJob[],
  leaseMs: number,
): Promise<number> {
  const ids = idsOf(jobs);
  const { rowCount } = await connection.query(RENEW, [ids, token, leaseMs]);
  return rowCount;
}

const RELEASE = `
update evervec.jobs set state = 0, claim_token = null, claim_generation = null, lease_until = null,
  worker_id = null
where id = any ($1::bigint[]) and state = 1 and claim_token = $2`;

/** Gives `jobs` back untried (shutdown, nothing wrong with them): no attempt is counted. */
export async function release(
  connection: Connection,
  token: string,
  jobs: readonly LeasedJob[],
): Promise<void> {
  await connection.query(RELEASE, [idsOf(jobs), token]);
}

export interface RetryPolicy {
  /** Tries before a job is parked. */
  maxAttempts: number;
  /** First back-off, ms; doubled each time. */
  baseMs: number;
  /** Longest back-off, ms. */
  capMs: number;
}

/* Full jitter over an exponential ceiling: AWS Architecture Blog, "Exponential Backoff And Jitter", 2015. */
const FAIL = `
update evervec.jobs set
  state = case when attempts + 1 >= $3 then 3 else 2 end,
  attempts = attempts + 1,
  ready_at = now() + random() * least($5::float8, $4::float8 * 2 ^ attempts) * interval '1 millisecond',
  first_failed_at = coalesce(first_failed_at, now()), failed_at = now(),
  last_error = $6, text_hash = decode($7, 'hex'),
  claim_token = null, claim_generation = null, lease_until = null, worker_id = null
where id = $1 and state = 1 and claim_token = $2
returning source_id, record_key, attempts, state`;

/**
 * Records a failed try: waiting until its back-off is over, or parked at the limit (I6). Runs in a
 * transaction of its own, never in the one that failed, or the attempt would be rolled back with it.
 * @param error its class and code, no content (I11), and the hash of the text that failed, hex, where there is one
 * @returns the job, if it was still owned
 */
export async function fail(
  connection: Connection,
  token: string,
  job: LeasedJob,
  error: { label: string; textHash?: string | undefined },
  policy: RetryPolicy,
): Promise<Failed[]> {
  const { maxAttempts, baseMs, capMs } = policy;
  const { rows } = await connection.query<FailedRow>(FAIL, [
    job.id,
    token,
    maxAttempts,
    baseMs,
    capMs,
    error.label,
    error.textHash ?? null,
  ]);
  return rows.map(toFailed);
}
