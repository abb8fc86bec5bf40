/**
 * The way into the queue for records in bulk (backfill, reconcile). They skip the change log, so that a live change never
 * stands behind a million of them there, and are less urgent.
 */
import type { Connection } from '../database/index.ts';

/** Lower goes first. Changes of rows are 0. */
export const BULK_PRIORITY = 100;

const ENQUEUE = `
insert into evervec.jobs as job
  (source_id, record_key, lane_id, priority, state, generation, enqueued_at, origin)
select source.id, record_key, source.lane_id, $3, 0, nextval('evervec.generation_seq'), now(), $4
from evervec.sources source cross join (
  select distinct record_key collate "C" as record_key from unnest($2::text[]) as record_key
) wanted
where source.id = $1 order by record_key
on conflict (source_id, record_key) do update set
  generation = excluded.generation,
  priority = least(job.priority, excluded.priority),
  state = case when job.state = 3 then 0 else job.state end,
  ready_at = case when job.state = 3 then now() else job.ready_at end,
  attempts = case when job.state = 1 then job.attempts else 0 end,
  crashes = case when job.state = 1 then job.crashes else 0 end`;

/** Queues records by key; a few ten thousand at a time. A record that is queued already stays one job, of its first origin. */
export async function enqueueBulk(
  connection: Connection,
  sourceId: number,
  recordKeys: readonly string[],
  origin: 'backfill' | 'reconcile',
): Promise<void> {
  if (recordKeys.length > 0)
    await connection.query(ENQUEUE, [sourceId, recordKeys, BULK_PRIORITY, origin]);
}

const PENDING = `
select (
  select count(*) from evervec.jobs where source_id = any ($1) and state <> 3
) + (
  select coalesce(sum(greatest(cardinality(keys), 1)), 0) from evervec.changes where source_id = any ($1)
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
select exists (select from evervec.jobs where source_id = $1 and state <> 3)
  or exists (select from evervec.changes where source_id = $1) as is_pending`;

/** Whether any record of the source still wants work; parked ones do not count. */
export async function isPending(connection: Connection, sourceId: number): Promise<boolean> {
  const { rows } = await connection.query<{ is_pending: boolean }>(IS_PENDING, [sourceId]);
  return rows[0]?.is_pending ?? false;
}
