/**
 * The way into the queue for records in bulk (backfill, reconcile). They skip the change log, so that a live change never
 * stands behind a million of them there, and wait in a lane of their own.
 */
import type { Connection } from '../database/index.ts';

export interface BulkRecords {
  /** Keys, at most a few ten thousand; the arrays that follow are as long. */
  keys: readonly string[];
  /** Lower goes first; default 0. */
  priorities?: readonly (number | null)[];
  /** Newer goes first; default now. What lies ahead counts as now. */
  recencies?: readonly (string | null)[];
}

const ENQUEUE = `
insert into evervec.jobs as job
  (source_id, record_key, lane_id, priority, state, generation, enqueued_at, recency, origin)
select source.id, record_key, coalesce(bulk.id, source.lane_id), coalesce(wanted.priority, 0), 0,
  nextval('evervec.generation_seq'), now(), least(coalesce(wanted.recency, now()), now()), $5
from evervec.sources source left join evervec.lanes bulk on bulk.bulk_of = source.lane_id
cross join (
  select distinct on (record_key) * from unnest($2::text[], $3::smallint[], $4::timestamptz[])
    as given (record_key, priority, recency) order by record_key
) wanted
where source.id = $1 order by record_key
on conflict (source_id, record_key) do update set
  generation = excluded.generation,
  priority = least(job.priority, excluded.priority),
  state = case when job.state = 3 then 0 else job.state end,
  ready_at = case when job.state = 3 then now() else job.ready_at end,
  attempts = case when job.state = 1 then job.attempts else 0 end,
  crashes = case when job.state = 1 then job.crashes else 0 end`;

export type BulkOrigin = 'backfill' | 'reconcile';

/** A record that is queued already stays one job, of its first origin and lane. */
export async function enqueueBulk(
  connection: Connection,
  sourceId: number,
  records: BulkRecords,
  origin: BulkOrigin,
): Promise<void> {
  const { keys, priorities = null, recencies = null } = records;
  if (keys.length > 0)
    await connection.query(ENQUEUE, [sourceId, keys, priorities, recencies, origin]);
}

const PENDING = `
select (
  select count(*) from evervec.jobs where source_id = any ($1) and state <> 3
) + (
  select coalesce(sum(greatest(cardinality(keys), 1)), 0) from evervec.changes
  where source_id in (select log_id from evervec.sources where id = any ($1))
) as pending`;

/** Records of these sources that still want work: logged, ready, leased or waiting; not the parked ones. */
export async function countPending(
  connection: Connection,
  sourceIds: readonly number[],
): Promise<number> {
  const { rows } = await connection.query<{ pending: string }>(PENDING, [sourceIds]);
  return Number(rows[0]?.pending ?? 0);
}

const IS_PENDING = `
select exists (
  select from evervec.jobs where source_id = $1 and state <> 3 and ($2::timestamptz is null or enqueued_at <= $2)
) or exists (
  select from evervec.changes where source_id = (select log_id from evervec.sources where id = $1)
  and ($2::timestamptz is null or logged_at <= $2)
) as is_pending`;

/**
 * Whether any record of the source still wants work; parked ones do not count.
 * @param since only those that have wanted it since then or longer, by the database's clock
 */
export async function isPending(
  connection: Connection,
  sourceId: number,
  since: Date | null = null,
): Promise<boolean> {
  const { rows } = await connection.query<{ is_pending: boolean }>(IS_PENDING, [sourceId, since]);
  return rows[0]?.is_pending ?? false;
}

const IS_BACKFILL_PENDING = `
select exists (
  select from evervec.lanes lane join evervec.sources source on source.lane_id in (lane.id, lane.bulk_of)
  cross join lateral (
    select from evervec.jobs job where job.lane_id = lane.id and job.source_id = $1 and job.origin = 'backfill'
    and job.state = 0 limit 1
  ) job where source.id = $1
) or exists (
  select from evervec.jobs where source_id = $1 and origin = 'backfill' and state in (1, 2)
) as is_pending`;

/** Whether records that a backfill of the source queued still wait or are worked on. */
export async function isBackfillPending(
  connection: Connection,
  sourceId: number,
): Promise<boolean> {
  const { rows } = await connection.query<{ is_pending: boolean }>(IS_BACKFILL_PENDING, [sourceId]);
  return rows[0]?.is_pending ?? false;
}
