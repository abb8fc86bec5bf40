/** Ways into the queue besides the triggers: all append to the change log, so that fold is the only way on. */
import type { Connection } from '../database/index.ts';

/** Priorities: lower goes first. Changes of rows are 0. */
export const Priority = { live: 0, backfill: 100 } as const;

const ENQUEUE = `
insert into evervec.changes (source_id, keys, priority)
select $1, array_agg(record_key), $3
from (
  select record_key, (row_number() over () - 1) / 1000 as slice from unnest($2::text[]) as record_key
) sliced
group by slice`;

/** Queues records by key, in entries of at most 1,000. */
export async function enqueue(
  connection: Connection,
  sourceId: number,
  recordKeys: readonly string[],
  priority: number = Priority.live,
): Promise<void> {
  if (recordKeys.length === 0) return;
  await connection.query(ENQUEUE, [sourceId, recordKeys, priority]);
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
