/** The state of the queue as `queue status --json`, HTTP and the dashboard show it. */
import type { Connection } from '../database/index.ts';

export interface LaneCounts {
  ready: number;
  leased: number;
  waiting: number;
  parked: number;
  paused: boolean;
}

export interface WorkerStatus {
  id: string;
  host: string;
  pid: number;
  version: string;
  started_at: string;
  /** Seconds since its last heartbeat, by the database's clock. */
  heartbeat_age_s: number;
  /** Jobs it holds now. */
  leased: number;
  processed: number;
  last_error: string | null;
}

export interface QueueStatus {
  workers: WorkerStatus[];
  /** `unfolded`: changes that are logged but not yet jobs (entries of the change log, not records). */
  counts: { unfolded: number; ready: number; leased: number; waiting: number; parked: number };
  /** Seconds that the oldest ready job has waited; null when none is ready. */
  oldest_ready_s: number | null;
  lanes: Record<string, LaneCounts>;
}

const WORKERS = `
select worker.id, host, pid, version, started_at, processed::float8 as processed, worker.last_error,
  extract(epoch from now() - heartbeat_at)::float8 as heartbeat_age_s,
  (select count(*) from evervec.jobs where state = 1 and worker_id = worker.id)::integer as leased
from evervec.workers worker
where heartbeat_at > now() - $1 * interval '1 second'
order by started_at, worker.id`;

const LANES = `
select lane.name, lane.paused,
  count(*) filter (where job.state = 0)::integer as ready,
  count(*) filter (where job.state = 1)::integer as leased,
  count(*) filter (where job.state = 2)::integer as waiting,
  count(*) filter (where job.state = 3)::integer as parked,
  extract(epoch from now() - min(job.enqueued_at) filter (where job.state = 0))::float8 as oldest_ready_s
from evervec.lanes lane left join evervec.jobs job on job.lane_id = lane.id
group by lane.id order by lane.name`;

const UNFOLDED = `
select coalesce(sum(greatest(cardinality(keys), 1)), 0)::float8 as unfolded from evervec.changes`;

/** A worker that was silent for longer is not listed: it is gone, and the reaper has its jobs. */
const SILENT_AFTER_S = 120;

export async function queueStatus(connection: Connection): Promise<QueueStatus> {
  const workers = await connection.query<Omit<WorkerStatus, 'started_at'> & { started_at: Date }>(
    WORKERS,
    [SILENT_AFTER_S],
  );
  const lanes = await connection.query<
    LaneCounts & { name: string; oldest_ready_s: number | null }
  >(LANES);
  const unfolded = await connection.query<{ unfolded: number }>(UNFOLDED);
  const counts = {
    unfolded: unfolded.rows[0]?.unfolded ?? 0,
    ready: 0,
    leased: 0,
    waiting: 0,
    parked: 0,
  };
  let oldest: number | null = null;
  for (const lane of lanes.rows) {
    for (const state of ['ready', 'leased', 'waiting', 'parked'] as const)
      counts[state] += lane[state];
    if (lane.oldest_ready_s !== null) oldest = Math.max(oldest ?? 0, lane.oldest_ready_s);
  }
  return {
    workers: workers.rows.map((row) => ({ ...row, started_at: row.started_at.toISOString() })),
    counts,
    oldest_ready_s: oldest,
    lanes: Object.fromEntries(
      lanes.rows.map(({ name, ready, leased, waiting, parked, paused }) => [
        name,
        { ready, leased, waiting, parked, paused },
      ]),
    ),
  };
}
