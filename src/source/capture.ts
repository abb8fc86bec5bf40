/**
 * The first stage of capture: triggers that append the keys of changed rows to the change log, in the
 * writer's transaction (I1). Statement triggers with transition tables, one per event as Postgres demands;
 * they only append, so they wait for nobody and lock nothing: 1.3 times the bare insert of
 * 100,000 rows, where a trigger that upserts into a queue costs 3 to 5 times.
 *
 * The functions are `security definer`, since whoever may write the table need not know of Evervec, with a
 * pinned search_path. `session_replication_role` is respected: what a replica applies is not captured twice.
 */
import { type Connection, quoteIdentifier, quoteQualified } from '../database/index.ts';
import { PermissionError } from '../errors/index.ts';
import { differsSql, keySql, sameKeySql } from './column-sql.ts';
import type { SourceDefinition } from './definition.ts';
import { checkAsPinned, prioritySql } from './expression.ts';
import type { Column } from './table.ts';

/** Keys in one entry of the change log: larger ones save little (docs/benchmarks.md), and must fit a page fold. */
const KEYS_PER_ENTRY = 1_000;

const EVENTS = ['insert', 'update', 'delete', 'truncate'] as const;
type Event = (typeof EVENTS)[number];

function functionName(source: string, event: Event): string {
  return `evervec.${quoteIdentifier(`capture_${source}_${event}`)}`;
}

function triggerName(source: string, event: Event): string {
  return quoteIdentifier(`evervec_${source}_${event}`);
}

/**
 * Appends what `keys` selects and notes in `entries` how many entries that made. (The frame says what row_number
 * needs; until Postgres 16 the default one makes it look for peers.)
 */
function appendSql(sourceId: number, keys: string): string {
  return `insert into evervec.changes (source_id, keys)
  select ${sourceId}, array_agg(record_key) from (
    select record_key, (row_number() over (rows unbounded preceding) - 1) / ${KEYS_PER_ENTRY} as slice from (${keys}) changed
  ) sliced group by slice;
  get diagnostics entries = row_count;`;
}

/** Types whose arrays are cut anywhere at no cost, and whose text in a key is their own. */
const FIXED_WIDTH = new Set(['int2', 'int4', 'int8', 'uuid']);
/** An array of all keys has to fit into memory, and into Postgres' 1 GB; what is beyond is numbered row by row. */
const ENTRIES_AT_ONCE = 10_000;

/**
 * Appends the keys of all rows of a transition table. Where the key is one of the common types, all are gathered in one
 * array and that is cut: cheaper by a quarter than numbering each row (docs/benchmarks.md).
 */
function appendRowsSql(sourceId: number, key: readonly Column[], rows: string): string {
  const [column] = key;
  const numbered = (offset: string) =>
    appendSql(sourceId, `select ${keySql('n', key)} as record_key from ${rows} n ${offset}`);
  if (column === undefined || key.length > 1 || !FIXED_WIDTH.has(column.baseType))
    return numbered('');
  const most = ENTRIES_AT_ONCE * KEYS_PER_ENTRY;
  return `insert into evervec.changes (source_id, keys)
  select ${sourceId}, gathered.keys[first:first + ${KEYS_PER_ENTRY - 1}]::text[]
  from (
    select array_agg(n.key) as keys from (
      select n.${quoteIdentifier(column.name)} as key from ${rows} n limit ${most}
    ) n
  ) gathered cross join generate_series(1, cardinality(gathered.keys), ${KEYS_PER_ENTRY}) first;
  get diagnostics entries = row_count;
  if entries = ${ENTRIES_AT_ONCE} then
    ${numbered(`offset ${most}`)}
    entries := ${ENTRIES_AT_ONCE};
  end if;`;
}

/** Like `appendSql`, in entries of one priority each. `keys` selects that too. */
function appendRankedSql(sourceId: number, keys: string): string {
  return `insert into evervec.changes (source_id, priority, keys)
  select ${sourceId}, priority, array_agg(record_key) from (
    select record_key, priority,
      (row_number() over (partition by priority rows unbounded preceding) - 1) / ${KEYS_PER_ENTRY} as slice
    from (${keys}) changed
  ) sliced group by priority, slice;
  get diagnostics entries = row_count;`;
}

/** Where rows have priorities. An expression that fails for a row fails no writer: then the rows are all alike. */
function rankedBodySql(
  sourceId: number,
  source: SourceDefinition,
  priority: string,
  event: 'insert' | 'update',
): string {
  const { key } = source.table;
  const [first] = key.map(({ name }) => quoteIdentifier(name));
  const keys =
    event === 'insert'
      ? `select ${keySql('n', key)} as record_key, ${prioritySql(priority, 'n')} as priority from new_rows n`
      : changedSql(
          source,
          `, case when n.${first} is null then 0 else ${prioritySql(priority, 'n')} end as priority`,
        );
  return `begin
    ${appendRankedSql(sourceId, keys)}
  exception when others then
    ${bodySql(sourceId, source, event)}
  end;`;
}

/** The keys of an update's rows: a changed key is a delete of the old and an insert of the new one. */
function changedSql(source: SourceDefinition, more = ''): string {
  const { key } = source.table;
  const [first] = key.map(({ name }) => quoteIdentifier(name));
  return `select case when n.${first} is null then ${keySql('o', key)} else ${keySql('n', key)} end as record_key${more}
    from old_rows o full join new_rows n on ${sameKeySql('o', 'n', key)}
    where o.${first} is null or n.${first} is null or ${differsSql('o', 'n', source.mapped)}`;
}

function bodySql(sourceId: number, source: SourceDefinition, event: Event): string {
  const { key } = source.table;
  switch (event) {
    case 'insert':
      return appendRowsSql(sourceId, key, 'new_rows');
    case 'delete':
      return appendRowsSql(sourceId, key, 'old_rows');
    case 'truncate':
      return `insert into evervec.changes (source_id, keys) values (${sourceId}, null);
  entries := 1;`;
    case 'update':
      return appendSql(sourceId, changedSql(source));
  }
}

function functionSql(sourceId: number, source: SourceDefinition, event: Event): string {
  const { priority } = source;
  const body =
    priority !== null && (event === 'insert' || event === 'update')
      ? rankedBodySql(sourceId, source, priority, event)
      : bodySql(sourceId, source, event);
  return `create or replace function ${functionName(source.name, event)}() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $capture$
declare entries bigint;
begin
  ${body}
  if entries > 0 then perform pg_notify('evervec', ''); end if;
  return null;
end $capture$`;
}

const TRANSITION_TABLES: Record<Event, string> = {
  insert: 'referencing new table as new_rows',
  update: 'referencing old table as old_rows new table as new_rows',
  delete: 'referencing old table as old_rows',
  truncate: '',
};

const RIGHTS = `
select namespace.nspname || '.' || class.relname as name
from unnest($1::text[], $2::text[]) as wanted (schema, name)
join pg_namespace namespace on namespace.nspname = wanted.schema
join pg_class class on class.relnamespace = namespace.oid and class.relname = wanted.name
where not has_table_privilege(class.oid, 'trigger') order by 1`;

/** @throws PermissionError when this role may not create triggers on all of the source's tables */
export async function requireCaptureRights(
  connection: Connection,
  source: SourceDefinition,
): Promise<void> {
  const { relations } = source.table;
  const { rows } = await connection.query<{ name: string }>(RIGHTS, [
    relations.map(([schema]) => schema),
    relations.map(([, name]) => name),
  ]);
  const [first] = rows;
  if (first === undefined) return;
  throw new PermissionError(
    `Source "${source.name}": this role may not create triggers on ${rows.map(({ name }) => name).join(', ')}.`,
    {
      remedy: `Run set-up as the table's owner, or have the owner "grant trigger on ${first.name}" to this role.`,
      sqlState: '42501',
    },
  );
}

/**
 * Puts the triggers on the table and on each of its partitions: a statement fires those of the table it names. On what
 * can have none, such as a view, nothing is put.
 */
export async function installCapture(
  tx: Connection,
  sourceId: number,
  source: SourceDefinition,
): Promise<void> {
  if (!source.table.hasTriggers) return;
  const { priority } = source;
  if (priority !== null)
    await checkAsPinned(tx, source.name, source.table, 'priority', priority, 'float8');
  for (const event of EVENTS) {
    await tx.query(functionSql(sourceId, source, event));
    await tx.query(`revoke all on function ${functionName(source.name, event)}() from public`);
    for (const [schema, table] of source.table.relations)
      await tx.query(`create or replace trigger ${triggerName(source.name, event)}
after ${event} on ${quoteQualified(schema, table)} ${TRANSITION_TABLES[event]}
for each statement execute function ${functionName(source.name, event)}()`);
  }
}

const TRIGGERS = `
select namespace.nspname as schema, class.relname as table_name, trigger.tgname as trigger
from pg_trigger trigger
join pg_class class on class.oid = trigger.tgrelid join pg_namespace namespace on namespace.oid = class.relnamespace
join pg_proc function on function.oid = trigger.tgfoid
join pg_namespace owner on owner.oid = function.pronamespace
where owner.nspname = $1 and function.proname = any ($2) and not trigger.tgisinternal`;

/** Takes the triggers off wherever they are, also where the table was renamed or partitions came and went. */
export async function removeCapture(
  tx: Connection,
  schema: string,
  sourceName: string,
): Promise<void> {
  const functions = EVENTS.map((event) => `capture_${sourceName}_${event}`);
  const { rows } = await tx.query<{ schema: string; table_name: string; trigger: string }>(
    TRIGGERS,
    [schema, functions],
  );
  for (const row of rows)
    await tx.query(
      `drop trigger if exists ${quoteIdentifier(row.trigger)} on ${quoteQualified(row.schema, row.table_name)}`,
    );
  for (const event of EVENTS)
    await tx.query(`drop function if exists ${functionName(sourceName, event)}()`);
}

export interface CaptureState {
  /** `schema.table event` without a trigger that is enabled. */
  missing: string[];
  /** Of tables that are none of the source's, such as a partition that was detached. */
  surplus: string[];
  /** Whether the table itself has any: then it is the one that was set up, whatever it was called. */
  isKnown: boolean;
}

/** How the source's triggers stand to what set-up would make. */
export async function captureState(
  connection: Connection,
  schema: string,
  source: SourceDefinition,
): Promise<CaptureState> {
  const { rows } = await connection.query<{ name: string; is_on: boolean; table: string }>(
    `select namespace.nspname || '.' || class.relname as table, function.proname as name,
      trigger.tgenabled in ('O', 'A') as is_on
    from pg_trigger trigger join pg_class class on class.oid = trigger.tgrelid
    join pg_namespace namespace on namespace.oid = class.relnamespace
    join pg_proc function on function.oid = trigger.tgfoid
    join pg_namespace owner on owner.oid = function.pronamespace
    where owner.nspname = $1 and function.proname = any ($2)`,
    [schema, EVENTS.map((event) => `capture_${source.name}_${event}`)],
  );
  const present = new Set(rows.filter((row) => row.is_on).map((row) => `${row.table} ${row.name}`));
  const relations = source.table.relations.map(([schema, table]) => `${schema}.${table}`);
  return {
    missing: relations.flatMap((relation) =>
      EVENTS.filter((event) => !present.has(`${relation} capture_${source.name}_${event}`)).map(
        (event) => `${relation} ${event}`,
      ),
    ),
    surplus: rows.filter((row) => !relations.includes(row.table)).map((row) => row.table),
    isKnown: rows.some((row) => row.table === `${source.table.schema}.${source.table.name}`),
  };
}
