/** The sources that a database knows: what set-up wrote, and how it is taken out again. */
import type { Connection } from '../database/index.ts';
import { bulkLane, defaultPriority, standbyLane } from '../queue/index.ts';
import { keyJoinSql, keySql } from './column-sql.ts';
import type { SourceDefinition } from './definition.ts';
import type { Column } from './table.ts';

export interface StoredColumn {
  /** The schema of its comparisons. */
  operators: string;
  /** As a cast takes it. */
  type: string;
  /** What `$contains` and paths mean on it. */
  is: 'array' | 'jsonb' | 'plain';
}

/** What search needs of a source, in SQL; kept in the database so that its functions need no configuration. */
export interface StoredDefinition {
  fingerprint: string;
  /** Names and types of the key's columns: what a stored key means. */
  key: [name: string, type: string][];
  /** For filters. What was written before it had types is the schema of the operators alone. */
  columns: Record<string, StoredColumn | string>;
  record: string[];
  /** The column that says which tier of access a row is of; absent where there are none. */
  tier?: string;
  /** SQL that capture evaluates for each row; absent where all rows are alike. */
  priority?: string;
  /** SQL: the key, as text, of table row `t`. */
  keyText: string;
  archive?: { when: string; column?: string; days?: number };
  /** A condition that joins table row `t` to chunk `c`. */
  join: string;
}

export interface SourceRow {
  id: number;
  name: string;
  /** Under which the table's changes are logged: of a source and its standby the same. */
  log_id: number;
  /** Id of the source that is searched meanwhile; null for that one itself. */
  standby_of: number | null;
  /** When a standby goes by itself; null while it fills. */
  keep_until: Date | null;
  table_schema: string;
  table_name: string;
  definition: StoredDefinition;
  active_space_id: number | null;
  /** The definition's fingerprint when all records were last queued. */
  queued_fingerprint: string | null;
  /** How far its last backfill has come with queueing; null before the first. */
  backfill: BackfillPosition | null;
}

export interface BackfillPosition {
  /** Of the definition that it queues for. */
  fingerprint: string;
  /** The last key that was queued; null before the first. */
  after: string | null;
  /** Whether all rows are queued. */
  isQueued: boolean;
}

const SELECT = `
select id, name, log_id, standby_of, keep_until, table_schema, table_name, definition, active_space_id,
  queued_fingerprint, backfill from evervec.sources`;

/** Without standbys. */
export async function listSources(connection: Connection): Promise<SourceRow[]> {
  return (await connection.query<SourceRow>(`${SELECT} where standby_of is null order by name`))
    .rows;
}

export async function findSource(connection: Connection, name: string): Promise<SourceRow | null> {
  return (await connection.query<SourceRow>(`${SELECT} where name = $1`, [name])).rows[0] ?? null;
}

/** The second space's row of a source, if it has one. */
export async function findStandby(
  connection: Connection,
  sourceId: number,
): Promise<SourceRow | null> {
  const { rows } = await connection.query<SourceRow>(`${SELECT} where standby_of = $1`, [sourceId]);
  return rows[0] ?? null;
}

export function storedDefinition(source: SourceDefinition): StoredDefinition {
  return {
    fingerprint: source.fingerprint,
    key: source.table.key.map(({ name, type }) => [name, type]),
    columns: Object.fromEntries(
      source.table.columns.map((column) => [column.name, storedColumn(column)]),
    ),
    record: source.record.map((column) => column.name),
    ...(source.tier !== null && { tier: source.tier.name }),
    ...(source.priority !== null && { priority: source.priority }),
    keyText: keySql('t', source.table.key),
    ...(source.archive !== null && {
      archive: { when: source.archive.when, ...source.archive.after },
    }),
    join: keyJoinSql('t', source.table.key, 'c.record_key'),
  };
}

function storedColumn({ operatorSchema, type, isArray, baseType }: Column): StoredColumn {
  const is = isArray ? 'array' : baseType === 'jsonb' ? 'jsonb' : 'plain';
  return { operators: operatorSchema, type, is };
}

const UPSERT_LANE = `
with lane as (
  insert into evervec.lanes (name, priority) values ($1, $3) on conflict (name) do nothing returning id
)
insert into evervec.lanes (name, priority, bulk_of) select $2, 100, id from lane`;

const UPSERT_SOURCE = `
insert into evervec.sources as source (id, log_id, name, table_schema, table_name, lane_id, definition)
overriding system value
select next.id, next.id, $1, $2, $3, lane.id, $5 from evervec.lanes lane
cross join (select nextval(pg_get_serial_sequence('evervec.sources', 'id')) as id) next where lane.name = $4
on conflict (name) do update set table_schema = excluded.table_schema, table_name = excluded.table_name,
  lane_id = excluded.lane_id, definition = excluded.definition, set_up_at = now()
where (source.table_schema, source.table_name, source.lane_id, source.definition)
  is distinct from (excluded.table_schema, excluded.table_name, excluded.lane_id, excluded.definition)`;

/* Its standby is about the same rows. */
const ALIGN_STANDBY = `
update evervec.sources standby
set table_schema = source.table_schema, table_name = source.table_name, definition = source.definition
from evervec.sources source where source.name = $1 and standby.standby_of = source.id`;

/** @returns the source's row, whether it was there, as it now is */
export async function saveSource(tx: Connection, source: SourceDefinition): Promise<SourceRow> {
  await tx.query(UPSERT_LANE, [source.lane, bulkLane(source.lane), defaultPriority(source.lane)]);
  await tx.query(UPSERT_SOURCE, [
    source.name,
    source.table.schema,
    source.table.name,
    source.lane,
    storedDefinition(source),
  ]);
  await tx.query(ALIGN_STANDBY, [source.name]);
  const saved = await findSource(tx, source.name);
  if (saved === null) throw new Error(`source ${source.name} was not saved`);
  return saved;
}

const INSERT_STANDBY = `
insert into evervec.sources (name, log_id, standby_of, table_schema, table_name, lane_id, definition)
select $2, log_id, id, table_schema, table_name, (select id from evervec.lanes where name = $2), definition
from evervec.sources where id = $1`;

/** Gives a source a second row, with lanes of its own, for a second space. @returns it */
export async function saveStandby(tx: Connection, source: SourceRow): Promise<SourceRow> {
  const name = standbyLane(source.name);
  await tx.query(UPSERT_LANE, [name, bulkLane(name), defaultPriority(name)]);
  await tx.query(INSERT_STANDBY, [source.id, name]);
  const saved = await findStandby(tx, source.id);
  if (saved === null) throw new Error(`the standby of ${source.name} was not saved`);
  return saved;
}

/** Removes what waits for the source, and of its log: keys that mean nothing any more. */
export async function forgetChanges(tx: Connection, { id, log_id }: SourceRow): Promise<void> {
  await tx.query('delete from evervec.jobs where source_id = $1', [id]);
  await tx.query('delete from evervec.changes where source_id = $1', [log_id]);
  await tx.query('delete from evervec.archived where source_id = $1', [log_id]);
}

/** Removes the source's row and all that waits for it; triggers, standby and sidecars are removed before this. */
export async function forgetSource(tx: Connection, source: SourceRow): Promise<void> {
  await forgetChanges(tx, source);
  await removeRow(tx, source.id);
}

/** Removes a standby's row and its jobs; the log and the archive are the source's. Its sidecar is removed before this. */
export async function forgetStandby(tx: Connection, standby: SourceRow): Promise<void> {
  await tx.query('delete from evervec.jobs where source_id = $1', [standby.id]);
  await removeRow(tx, standby.id);
}

async function removeRow(tx: Connection, id: number): Promise<void> {
  await tx.query('update evervec.sources set active_space_id = null where id = $1', [id]);
  await tx.query('delete from evervec.sources where id = $1', [id]);
  await tx.query(`delete from evervec.lanes lane
    where not exists (select from evervec.sources source where source.lane_id in (lane.id, lane.bulk_of))`);
}
