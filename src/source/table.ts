/**
 * Reads what the database says about a table: columns, types, key, partitions. Everything later that
 * assembles SQL for a source starts from this description, never from what a user typed.
 */
import { type Connection, quoteQualified } from '../database/index.ts';
import { PermissionError, SourceError } from '../errors/index.ts';

export interface Column {
  name: string;
  /**
   * The type as a cast takes it under any search_path, without its length: `"pg_catalog"."int8"`. A domain's
   * base type: a key's text need not pass the domain's checks once more.
   */
  type: string;
  /** The base type's name in pg_type, for decisions: `int8`, `timestamptz`. */
  baseType: string;
  isArray: boolean;
  /** As a collate clause takes it; null for types without. */
  collation: string | null;
  /** The schema of the type's comparisons, which for an extension's type (citext) is not pg_catalog. */
  operatorSchema: string;
  /** Generated when read (Postgres 18), which trigger transition tables do not carry. */
  isVirtual: boolean;
}

export interface Table {
  schema: string;
  name: string;
  columns: Column[];
  /** Columns that identify a row, in index order. */
  key: Column[];
  /** The table and all its partitions or children, `[schema, name]`: each needs triggers of its own. */
  relations: [string, string][];
  /** Whether triggers can watch it: a view or a foreign table is only ever compared. */
  hasTriggers: boolean;
  /** The planner's guess of how many rows there are. */
  estimatedRows: number;
}

const FIND = `
select class.oid::text as oid, class.relkind, namespace.nspname as schema, class.relname as name,
  has_schema_privilege(namespace.oid, 'usage') and has_any_column_privilege(class.oid, 'select') as may_read,
  (select coalesce(sum(greatest(part.reltuples, 0)), 0) from pg_class part
    where part.oid = class.oid or part.oid in (select relid from pg_partition_tree(class.oid))
    )::float8 as estimated_rows
from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace
where class.relname = $1 and class.relkind in ('r', 'p', 'v', 'm', 'f')
and case when $2::text is null then pg_table_is_visible(class.oid) else namespace.nspname = $2 end`;

/*
 * base:     what is at the end of a chain of domains.
 * operator: the equality that orders the type's values, as its default B-tree operator class has it.
 */
const COLUMNS = `
select attribute.attname as name, type_schema.nspname as type_schema, base.typname as base_type,
  base.typtype as type_kind, base.typcategory = 'A' as is_array, element.typname as element_type,
  attribute.attgenerated = 'v' as is_virtual, collation_schema.nspname as collation_schema,
  pg_collation.collname as collation, coalesce(operator.nspname, 'pg_catalog') as operator_schema,
  array_position(primary_key.indkey::int2[], attribute.attnum) as key_position
from pg_attribute attribute
join lateral (
  with recursive chain as (
    select type.* from pg_type type where type.oid = attribute.atttypid
    union all select type.* from chain join pg_type type on type.oid = chain.typbasetype where chain.typtype = 'd'
  ) select * from chain where typtype <> 'd'
) base on true
join pg_namespace type_schema on type_schema.oid = base.typnamespace
left join pg_type element on element.oid = base.typelem and base.typcategory = 'A'
left join pg_collation on pg_collation.oid = attribute.attcollation
left join pg_namespace collation_schema on collation_schema.oid = pg_collation.collnamespace
left join lateral (
  select namespace.nspname
  from pg_opclass class join pg_am on pg_am.oid = class.opcmethod and pg_am.amname = 'btree'
  join pg_amop amop on amop.amopfamily = class.opcfamily and amop.amopstrategy = 3
    and amop.amoplefttype = base.oid and amop.amoprighttype = base.oid
  join pg_operator on pg_operator.oid = amop.amopopr join pg_namespace namespace on namespace.oid = pg_operator.oprnamespace
  where class.opcdefault and class.opcintype = base.oid
) operator on true
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

/* Partitions and children of inheritance alike: a read of the table reads them all. */
const RELATIONS = `
with recursive tree as (
  select $1::oid as relid
  union select inhrelid from pg_inherits join tree on inhparent = relid
)
select namespace.nspname as schema, class.relname as name
from tree join pg_class class on class.oid = tree.relid and class.relkind in ('r', 'p')
join pg_namespace namespace on namespace.oid = class.relnamespace
order by 1, 2`;

const SIMILAR = `
select namespace.nspname || '.' || class.relname as name
from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace
where class.relkind in ('r', 'p') and namespace.nspname not in ('pg_catalog', 'information_schema')
and (lower(class.relname) = lower($1) or lower(class.relname) in (lower($1) || 's', rtrim(lower($1), 's')))
order by lower(class.relname) <> lower($1), 1 limit 3`;

interface ColumnRow {
  name: string;
  type_schema: string;
  base_type: string;
  type_kind: string;
  is_array: boolean;
  element_type: string | null;
  is_virtual: boolean;
  collation_schema: string | null;
  collation: string | null;
  operator_schema: string;
  key_position: number | null;
}

interface FoundTable {
  oid: string;
  relkind: string;
  schema: string;
  name: string;
  estimated_rows: number;
  may_read: boolean;
}

/**
 * @param reference `table`, `schema.table`, or a table's exact name with `schema` given apart
 * @throws SourceError when there is no such table or view, or nothing identifies its rows
 */
export async function describeTable(
  connection: Connection,
  source: string,
  reference: { table: string; schema?: string | undefined; key?: readonly string[] | undefined },
): Promise<Table> {
  const found = await find(connection, source, reference);
  const { rows } = await connection.query<ColumnRow>(COLUMNS, [found.oid]);
  const columns = rows.map((row) => ({ ...toColumn(row), row }));
  const relations = await connection.query<{ schema: string; name: string }>(RELATIONS, [
    found.oid,
  ]);
  const table = {
    schema: found.schema,
    name: found.name,
    columns: columns.map(({ row: _, ...column }) => column),
    relations: relations.rows.map((row): [string, string] => [row.schema, row.name]),
    hasTriggers: isTable(found),
    estimatedRows: found.estimated_rows,
  };
  const key =
    reference.key === undefined
      ? columns
          .filter(({ row }) => row.key_position !== null)
          .sort((a, b) => (a.row.key_position ?? 0) - (b.row.key_position ?? 0))
          .map(({ row: _, ...column }) => column)
      : await chosenKey(connection, source, found, table, reference.key);
  if (key.length === 0)
    throw new SourceError(
      `Source "${source}": ${kindOf(found)} ${found.schema}.${found.name} has no primary key, so nothing tells its rows apart.`,
      {
        remedy: `${isTable(found) ? 'Add a primary key, or name' : 'Name'} unique columns that are never null: key: ['…'].`,
        isUsage: true,
      },
    );
  for (const { row } of columns)
    if (key.some(({ name }) => name === row.name)) requireStableText(source, found, row);
  return { ...table, key };
}

function isTable({ relkind }: FoundTable): boolean {
  return relkind === 'r' || relkind === 'p';
}

function kindOf({ relkind }: FoundTable): string {
  return { v: 'view', m: 'materialized view', f: 'foreign table' }[relkind] ?? 'table';
}

function toColumn(row: ColumnRow): Column {
  const { collation, collation_schema } = row;
  return {
    name: row.name,
    type: quoteQualified(row.type_schema, row.base_type),
    baseType: row.base_type,
    isArray: row.is_array,
    isVirtual: row.is_virtual,
    collation:
      collation === null || collation_schema === null
        ? null
        : quoteQualified(collation_schema, collation),
    operatorSchema: row.operator_schema,
  };
}

/** Types whose text depends on the session's settings, so that a writer and a worker may write it differently. */
const UNSTABLE = new Set(['float4', 'float8', 'money', 'interval']);
/** Those that `keySql` writes independently of them, which it can't inside an array. */
const WRITTEN_OUT = new Set(['timestamptz', 'timestamp', 'date', 'bytea']);
/** Composite, range and multirange types may hold any of these. */
const HOLDS_OTHERS = new Set(['c', 'r', 'm']);

function requireStableText(
  source: string,
  { schema, name }: FoundTable,
  { name: column, base_type, element_type, type_kind }: ColumnRow,
): void {
  const isUnstable =
    UNSTABLE.has(element_type ?? base_type) ||
    HOLDS_OTHERS.has(type_kind) ||
    (element_type !== null && WRITTEN_OUT.has(element_type)) ||
    /^reg[a-z]+$/.test(base_type);
  if (isUnstable)
    throw new SourceError(
      `Source "${source}": key column "${column}" of ${schema}.${name} is of type ${base_type}, whose text depends on a session's settings.`,
      { remedy: `Name other unique columns that are never null: key: ['…'].`, isUsage: true },
    );
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
  if (!found.may_read)
    throw new PermissionError(
      `Source "${source}": this role may not read ${found.schema}.${found.name}.`,
      {
        remedy: `Have its owner grant usage on schema ${found.schema} and select on the table to this role.`,
        sqlState: '42501',
      },
    );
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
  // Nothing says of a view's or a foreign table's columns that they are unique: who names them knows it.
  if (!table.hasTriggers) return key;
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
