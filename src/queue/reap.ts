/** What must happen to jobs without anyone holding them: leases that ran out, back-offs that are over. */
import type { Connection } from '../database/index.ts';

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
  claim_token = null, claim_generation = null, lease_until = null, worker_id = null
from unnest(array(select tid from picked)) as target (tid)
where job.ctid = target.tid`;

/**
 * Takes back jobs whose worker let the lease run out. A crash is counted apart from an error; at
 * `maxCrashes` the job is parked, since it may be what kills its workers.
 * @returns how many were taken back
 */
export async function reap(connection: Connection, maxCrashes: number): Promise<number> {
  return (await connection.query(REAP, [maxCrashes])).rowCount;
}

const WAKE = `
with picked as materialized (
  select ctid as tid from evervec.jobs where state = 2 and ready_at <= now()
  order by ready_at limit 1000 for update skip locked
)
update evervec.jobs set state = 0 from unnest(array(select tid from picked)) as target (tid) where ctid = tid`;

/** Makes waiting jobs ready whose back-off is over. @returns how many */
export async function wake(connection: Connection): Promise<number> {
  return (await connection.query(WAKE)).rowCount;
}
