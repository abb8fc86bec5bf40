/**
 * Jobs that nobody works on though they are leased: the lease is over, or their worker is silent. Workers take back
 * leases that are over by themselves; this is for looking, and for when none runs or a lease is long.
 */
import type { Connection, Database } from '../database/index.ts';
import { notifyWorkers } from './control.ts';
import { inPages, PAGE } from './pages.ts';
import { SILENT_AFTER_S } from './workers.ts';

export interface StuckJob {
  id: string;
  source: string;
  lane: string;
  key: string;
  worker: string | null;
  reason: 'lease over' | 'worker silent';
  /** Seconds since the lease ended; below 0 while it lasts. */
  lease_over_s: number;
  crashes: number;
}

const LEASED = `
from evervec.jobs job left join evervec.workers worker on worker.id = job.worker_id
where job.state = 1 and (job.lease_until < now() or worker.id is null
  or worker.heartbeat_at < now() - ${SILENT_AFTER_S} * interval '1 second')`;

const LIST = `
select job.id, source.name as source, lane.name as lane, job.record_key as key, job.worker_id as worker,
  case when job.lease_until < now() then 'lease over' else 'worker silent' end as reason,
  extract(epoch from now() - job.lease_until)::float8 as lease_over_s, job.crashes
from (select job.* ${LEASED} order by job.lease_until limit $1) job
join evervec.sources source on source.id = job.source_id
join evervec.lanes lane on lane.id = job.lane_id
order by job.lease_until, job.id`;

export async function listStuck(connection: Connection, limit: number): Promise<StuckJob[]> {
  return (await connection.query<StuckJob>(LIST, [limit])).rows;
}

/* Whoever holds a row's lock is completing or taking back that job: it is not stuck. */
const RESET = `
with picked as materialized (
  select job.ctid as tid ${LEASED} limit ${PAGE} for update of job skip locked
)
update evervec.jobs set state = 0, crashes = crashes + 1, ready_at = now(), last_error = 'Reset',
  first_failed_at = coalesce(first_failed_at, now()), failed_at = now(),
  claim_token = null, claim_generation = null, lease_until = null, worker_id = null
from unnest(array(select tid from picked)) as target (tid) where ctid = target.tid`;

/**
 * Makes them ready again. Their worker, should it live after all, writes nothing: its token is gone (I4).
 * @returns how many
 */
export async function resetStuck(database: Database, actor: string): Promise<number> {
  const action = { actor, action: 'reset-stuck', target: 'queue', detail: {} };
  const run = async (tx: Connection) => {
    const { rowCount } = await tx.query(RESET);
    if (rowCount > 0) await notifyWorkers(tx);
    return rowCount;
  };
  const counts = await inPages(database, action, [{ count: 'jobs', run }]);
  return counts['jobs'] ?? 0;
}
