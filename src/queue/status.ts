/** The state of the queue as `queue status --json`, HTTP and the dashboard show it. Counts end at `COUNT_LIMIT`. */
import type { Connection } from '../database/index.ts';
import { SILENT_AFTER_S } from './workers.ts';

/** Per lane and state; of the change log, entries. The same number stands in `evervec.queue_status`. */
export const COUNT_LIMIT = 10_000;

export interface LaneCounts {
  ready: number;
  leased: number;
  waiting: number;
  parked: number;
  /** By an operator. */
  paused: boolean;
  /** Until the next day in UTC: the daily budget is reached. */
  budget_paused: boolean;
  /** Lower goes first. */
  priority: number;
  /** Batches at once over all workers; null is no limit. */
  concurrency: number | null;
  /** Part of all claims that it gets at least; null where none is kept for it. */
  share: number | null;
  /** Seconds that its oldest ready job has waited; null when none is ready. */
  oldest_ready_s: number | null;
}

export interface WorkerStatus {
  id: string;
  host: string;
  pid: number;
  version: string;
  started_at: string;
  /** Seconds since its last heartbeat, by the database's clock. */
  heartbeat_age_s: number;
  /** Whether it has missed several: it is gone, or stands still. */
  is_silent: boolean;
  /** The source of the oldest batch it works on, and since how many seconds; null when idle. */
  working_on: string | null;
  working_s: number | null;
  /** Jobs it holds now. */
  leased: number;
  processed: number;
  last_error: string | null;
}

export interface QueueStatus {
  /** Whether `queue stop` was said: no worker takes anything. */
  stopped: boolean;
  stopped_at: string | null;
  stopped_by: string | null;
  workers: WorkerStatus[];
  /** `unfolded`: changes that are logged but not yet jobs. */
  counts: { unfolded: number; ready: number; leased: number; waiting: number; parked: number };
  /** Where a lane's count ends. */
  count_limit: number;
  /** The counts that are "that many or more", since a lane reached the limit. */
  at_least: (keyof QueueStatus['counts'])[];
  oldest_ready_s: number | null;
  lanes: Record<string, LaneCounts>;
}

const WORKERS = `
select worker.id, host, pid, version, started_at, processed::float8 as processed, worker.last_error,
  working_on, extract(epoch from now() - working_since)::float8 as working_s,
  extract(epoch from now() - heartbeat_at)::float8 as heartbeat_age_s,
  heartbeat_at < now() - $1 * interval '1 second' as is_silent,
  (select count(*) from evervec.jobs where state = 1 and worker_id = worker.id)::integer as leased
from evervec.workers worker
where heartbeat_at > now() - 10 * $1 * interval '1 second'
order by started_at, worker.id`;

const LANES = `
select lane as name, paused, budget_paused, priority, concurrency, share, ready, leased, waiting, parked,
  extract(epoch from now() - oldest_ready_at)::float8 as oldest_ready_s
from evervec.queue_status order by lane`;

const UNFOLDED = `
select coalesce(sum(greatest(cardinality(keys), 1)), 0)::float8 as unfolded, count(*)::integer as entries
from (select keys from evervec.changes limit $1) entry`;

const CONTROL = `select stopped, since, by from evervec.control`;

export async function queueStatus(connection: Connection): Promise<QueueStatus> {
  const control = await connection.query<{ stopped: boolean; since: Date; by: string | null }>(
    CONTROL,
  );
  const { stopped = false, since, by = null } = control.rows[0] ?? {};
  const workers = await listWorkers(connection);
  const lanes = await connection.query<LaneCounts & { name: string }>(LANES);
  const { unfolded, isMore } = await countUnfolded(connection);
  const counts = { unfolded, ready: 0, leased: 0, waiting: 0, parked: 0 };
  const atLeast = new Set<keyof QueueStatus['counts']>(isMore ? ['unfolded'] : []);
  for (const lane of lanes.rows)
    for (const state of ['ready', 'leased', 'waiting', 'parked'] as const) {
      counts[state] += lane[state];
      if (lane[state] >= COUNT_LIMIT) atLeast.add(state);
    }
  const ages = lanes.rows.flatMap((lane) => lane.oldest_ready_s ?? []);
  return {
    stopped,
    stopped_at: stopped ? (since?.toISOString() ?? null) : null,
    stopped_by: stopped ? by : null,
    workers,
    counts,
    count_limit: COUNT_LIMIT,
    at_least: [...atLeast],
    oldest_ready_s: ages.length > 0 ? Math.max(...ages) : null,
    lanes: Object.fromEntries(lanes.rows.map(({ name, ...lane }) => [name, lane])),
  };
}

async function listWorkers(connection: Connection): Promise<WorkerStatus[]> {
  const { rows } = await connection.query<Omit<WorkerStatus, 'started_at'> & { started_at: Date }>(
    WORKERS,
    [SILENT_AFTER_S],
  );
  return rows.map((row) => ({ ...row, started_at: row.started_at.toISOString() }));
}

/** A log entry may hold a thousand keys, so fewer entries are read than jobs are counted. */
const MAX_ENTRIES = COUNT_LIMIT / 10;

async function countUnfolded(
  connection: Connection,
): Promise<{ unfolded: number; isMore: boolean }> {
  const { rows } = await connection.query<{ unfolded: number; entries: number }>(UNFOLDED, [
    MAX_ENTRIES,
  ]);
  const { unfolded = 0, entries = 0 } = rows[0] ?? {};
  return { unfolded, isMore: entries >= MAX_ENTRIES };
}
