/** What must happen to jobs without anyone holding them: leases that ran out, back-offs that are over. */
import type { Connection } from '../database/index.ts';
import { type Failed, type FailedRow, toFailed } from './jobs.ts';

/*
 * `picked` skips locked rows, since a locked job is one that is being completed right now, and locks the others, so that
 * none is renewed in between; one that was just renewed or completed fails its conditions when it is locked.
 */
const REAP = `
with picked as materialized (
  select ctid as tid from evervec.jobs
  where state = 1 and lease_until < now() limit 1000 for update skip locked
)
update evervec.jobs job set
  state = case when job.crashes + 1 >= $1 then 3 else 0 end,
  crashes = job.crashes + 1, ready_at = now(), last_error = 'LeaseExpired',
  first_failed_at = coalesce(job.first_failed_at, now()), failed_at = now(),
  claim_token = null, claim_generation = null, lease_until = null, worker_id = null
from unnest(array(select tid from picked)) as target (tid)
where job.ctid = target.tid
returning job.source_id, job.record_key, job.crashes as attempts, job.state`;

/**
 * Takes back jobs whose worker let the lease run out. A crash is counted apart from an error; at
 * `maxCrashes` the job is parked, since it may be what kills its workers.
 * @returns what was taken back, with its crashes as attempts
 */
export async function reap(connection: Connection, maxCrashes: number): Promise<Failed[]> {
  return (await connection.query<FailedRow>(REAP, [maxCrashes])).rows.map(toFailed);
}

const WAKE = `
with picked as materialized (
  select ctid as tid from evervec.jobs where state = 2 and ready_at <= now()
  order by ready_at limit 1000 for update skip locked
)
update evervec.jobs set state = 0 from unnest(array(select tid from picked)) as target (tid) where ctid = tid`;

/** Makes waiting jobs ready whose back-off is over. @returns how many */
export async function wake(connection: Connection): Promise<number> {
  return (await connection.query(WAKE, [])).rowCount;
}

const NEXT_DUE = `
select extract(epoch from least(
  (select min(ready_at) from evervec.jobs where state = 2),
  (select min(lease_until) from evervec.jobs where state = 1)
) - clock_timestamp())::float8 * 1000 as next_ms`;

/** Ms until a back-off or a lease is over, below 0 where one is; null where nobody waits for either. */
export async function nextDue(connection: Connection): Promise<number | null> {
  const { rows } = await connection.query<{ next_ms: number | null }>(NEXT_DUE, []);
  return rows[0]?.next_ms ?? null;
}
