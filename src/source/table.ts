/**
 * Reads what the database says about a table: columns, types, key, partitions. Everything later that
 * assembles SQL for a source starts from this description, never from what a user typed.
 */
import type { Connection } from '../database/index.ts';
import { SourceError } from '../errors/index.ts';

export interface Column {
  name: string;
  /** The type without its length, as a cast takes it: `bigint`, `public."My Type"`. */
  type: string;
  /** The base type's name in pg_type, for decisions: `int8`, `timestamptz`. */
  baseType: string;
  isArray: boolean;
  /** Generated when read (Postgres 18), which trigger transition tables do not carry. */
  isVirtual: boolean;
}

export interface Table {
  schema: string;
  name: string;
  columns: Column[];
  /** Columns that identify a row, in index order. */
  key: Column[];
  /** The table and all its partitions, `[schema, name]`: each needs triggers of its own. */
  relations: [string, string][];
  /** The planner's guess of how many rows there are. */
  estimatedRows: number;
}

const FIND = `
select class.oid::text as oid, class.relkind, namespace.nspname as schema, class.relname as name,
  (select coalesce(sum(greatest(part.reltuples, 0)), 0) from pg_class part where part.oid = class.oid
    or part.oid in (select relid from pg_partition_tree(class.oid)))::float8 as estimated_rows
from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace
where class.relname = $1 and class.relkind in ('r', 'p', 'v', 'm', 'f')
and case when $2::text is null then pg_table_is_visible(class.oid) else namespace.nspname = $2 end`;

const COLUMNS = `
select attribute.attname as name, format_type(attribute.atttypid, -1) as type,
  coalesce(base.typname, type.typname) as base_type, type.typcategory = 'A' as is_array,
  attribute.attgenerated = 'v' as is_virtual,
  array_position(primary_key.indkey::int2[], attribute.attnum) as key_position
from pg_attribute attribute
join pg_type type on type.oid = attribute.atttypid
left join pg_type base on base.oid = type.typbasetype
left join pg_index primary_key on primary_key.indrelid = attribute.attrelid and primary_key.indisprimary
where attribute.attrelid = $1::oid and attribute.attnum > 0 and not attribute.attisdropped
order by attribute.attnum`;

const UNIQUE = `
select exists (
  select from pg_index where indrelid = $1::oid and indisunique and indpred is null and indexprs is null
  and indisvalid and (
    select array_agg(attname::text order by attname) from pg_attribute
    where attrelid = indrelid and attnum = any (indkey::int2[]) and attnum > 0 and attnotnull
  ) = $2::text[] and indnkeyatts = $3
) as is_unique`;

const RELATIONS = `
select namespace.nspname as schema, class.relname as name
from pg_partition_tree($1::oid) tree
join pg_class class on class.oid = tree.relid join pg_namespace namespace on namespace.oid = class.relnamespace
union select namespace.nspname, class.relname
from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace where class.oid = $1::oid
order by 1, 2`;

const SIMILAR = `
select namespace.nspname || '.' || class.relname as name
from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace
where class.relkind in ('r', 'p') and namespace.nspname not in ('pg_catalog', 'information_schema')
and lower(class.relname) = lower($1) limit 3`;

interface FoundTable {
  oid: string;
  relkind: string;
  schema: string;
  name: string;
  estimated_rows: number;
}

/**
 * @param reference `table`, `schema.table`, or a table's exact name with `schema` given apart
 * @throws SourceError when there is no such table, it is a view, or nothing identifies its rows
 */
export async function describeTable(
  connection: Connection,
  source: string,
  reference: { table: string; schema?: string | undefined; key?: readonly string[] | undefined },
): Promise<Table> {
  const found = await find(connection, source, reference);
  const { rows } = await connection.query<{
    name: string;
    type: string;
    base_type: string;
    is_array: boolean;
    is_virtual: boolean;
    key_position: number | null;
  }>(COLUMNS, [found.oid]);
  const columns = rows.map((row) => ({
    name: row.name,
    type: row.type,
    baseType: row.base_type,
    isArray: row.is_array,
    isVirtual: row.is_virtual,
    keyPosition: row.key_position,
  }));
  const relations = await connection.query<{ schema: string; name: string }>(RELATIONS, [
    found.oid,
  ]);
  const table = {
    schema: found.schema,
    name: found.name,
    columns: columns.map(({ keyPosition: _, ...column }) => column),
    relations: relations.rows.map((row): [string, string] => [row.schema, row.name]),
    estimatedRows: found.estimated_rows,
  };
  if (reference.key !== undefined)
    return { ...table, key: await chosenKey(connection, source, found, table, reference.key) };
  const key = columns
    .filter((column) => column.keyPosition !== null)
    .sort((a, b) => (a.keyPosition ?? 0) - (b.keyPosition ?? 0))
    .map(({ keyPosition: _, ...column }) => column);
  if (key.length === 0)
    throw new SourceError(
      `Source "${source}": table ${found.schema}.${found.name} has no primary key, so nothing tells its rows apart.`,
      {
        remedy: `Add a primary key, or name unique columns that are never null: key: ['…'].`,
        isUsage: true,
      },
    );
  return { ...table, key };
}

async function find(
  connection: Connection,
  source: string,
  reference: { table: string; schema?: string | undefined },
): Promise<FoundTable> {
  const lookup = async (name: string, schema: string | null) =>
    (await connection.query<FoundTable>(FIND, [name, schema])).rows[0];
  // A dot may be part of a name: the name as it stands wins, then `schema.table`.
  let found = await lookup(reference.table, reference.schema ?? null);
  const dot = reference.table.indexOf('.');
  if (found === undefined && reference.schema === undefined && dot > 0)
    found = await lookup(reference.table.slice(dot + 1), reference.table.slice(0, dot));
  if (found === undefined) {
    const { rows } = await connection.query<{ name: string }>(SIMILAR, [
      reference.table.slice(dot + 1),
    ]);
    const hint = rows.map((row) => row.name).join(', ');
    throw new SourceError(
      `Source "${source}": there is no table "${reference.table}" that this role can see.`,
      {
        remedy:
          hint === ''
            ? 'Check the name, and write schema.table if it is not in the search path.'
            : `Did you mean ${hint}? Upper and lower case count.`,
        isUsage: true,
      },
    );
  }
  if (found.relkind !== 'r' && found.relkind !== 'p') {
    const kind = { v: 'a view', m: 'a materialized view', f: 'a foreign table' }[found.relkind];
    throw new SourceError(
      `Source "${source}": ${found.schema}.${found.name} is ${kind}, on which triggers can't watch every change.`,
      { remedy: 'Name the table under it, and make the text with a template.', isUsage: true },
    );
  }
  return found;
}

async function chosenKey(
  connection: Connection,
  source: string,
  found: FoundTable,
  table: Omit<Table, 'key'>,
  names: readonly string[],
): Promise<Column[]> {
  const key = names.map((name) => columnOf(source, table, name));
  const { rows } = await connection.query<{ is_unique: boolean }>(UNIQUE, [
    found.oid,
    names.toSorted(),
    names.length,
  ]);
  if (!rows[0]?.is_unique)
    throw new SourceError(
      `Source "${source}": key (${names.join(', ')}) is not unique and not null in ${table.schema}.${table.name}.`,
      {
        remedy: 'Put a unique index on these columns and set them NOT NULL, or choose others.',
        isUsage: true,
      },
    );
  return key;
}

/** @throws SourceError naming the columns there are */
export function columnOf(
  source: string,
  table: Pick<Table, 'schema' | 'name' | 'columns'>,
  name: string,
): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  throw new SourceError(
    `Source "${source}": table ${table.schema}.${table.name} has no column "${name}".`,
    {
      remedy: `Its columns are ${table.columns.map((candidate) => candidate.name).join(', ')}.`,
      isUsage: true,
    },
  );
}
