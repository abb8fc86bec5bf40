/** Looks at a database and proposes sources: which tables have text worth searching, and in which columns. */
import { type Connection, quoteIdentifier, quoteQualified } from '../database/index.ts';

export interface Proposal {
  /** A source name made from the table's. */
  name: string;
  schema: string;
  table: string;
  /** Whether the table must be named with its schema. */
  isInSearchPath: boolean;
  text: string[];
  rows: number;
}

export interface Proposals {
  sources: Proposal[];
  /** Tables left out, and why. */
  skipped: { table: string; reason: string }[];
}

interface TableRow {
  schema: string;
  name: string;
  is_in_search_path: boolean;
  has_key: boolean;
  rows: number;
  text_columns: string[];
}

const TABLES = `
select namespace.nspname as schema, class.relname as name, pg_table_is_visible(class.oid) as is_in_search_path,
  exists (select from pg_index where indrelid = class.oid and indisprimary) as has_key,
  greatest(class.reltuples, 0)::float8 as rows,
  coalesce((
    select json_agg(attname order by attnum) from pg_attribute join pg_type type on type.oid = atttypid
    left join pg_type base on base.oid = type.typbasetype
    where attrelid = class.oid and attnum > 0 and not attisdropped
    and coalesce(base.typname, type.typname) in ('text', 'varchar', 'bpchar', 'citext')
    and not exists (select from pg_index where indrelid = class.oid and indisprimary and attnum = any (indkey::int2[]))
  ), '[]') as text_columns
from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace
where class.relkind in ('r', 'p') and not class.relispartition and class.relpersistence = 'p'
and namespace.nspname not in ('pg_catalog', 'information_schema', $1) and namespace.nspname not like 'pg\\_%'
and has_schema_privilege(namespace.oid, 'usage') and has_table_privilege(class.oid, 'select')
order by namespace.nspname, class.relname limit 500`;

/** Columns that hold text nobody searches by meaning, or that must not leave the row. */
const NOT_TEXT =
  /(^|_)(pass(word|wd)?|secret|token|hash|salt|e?mail|phone|fax|url|uri|path|file(name)?|slug|uuid|guid|ip|iban|zip|postal|locale|lang|language|status|state|type|code|currency|colou?r)(_|s?$)/i;

/** Mean length from which a column is worth embedding on its own, in characters. */
const MIN_MEAN_LENGTH = 12;

/** @param ownSchema Evervec's, which is not looked at */
export async function proposeSources(
  connection: Connection,
  ownSchema: string,
): Promise<Proposals> {
  const { rows } = await connection.query<TableRow>(TABLES, [ownSchema]);
  const proposals: Proposals = { sources: [], skipped: [] };
  const taken = new Set<string>();
  for (const row of rows) {
    const table = `${row.schema}.${row.name}`;
    if (!row.has_key) {
      proposals.skipped.push({ table, reason: 'it has no primary key' });
      continue;
    }
    const text = await textColumns(connection, row);
    if (text.length === 0) {
      proposals.skipped.push({ table, reason: 'no column with text worth searching' });
      continue;
    }
    proposals.sources.push({
      name: freshName(row.name, taken),
      schema: row.schema,
      table: row.name,
      isInSearchPath: row.is_in_search_path,
      text,
      rows: row.rows,
    });
  }
  return proposals;
}

/** The columns whose values look like prose, by a look at the first rows. */
async function textColumns(connection: Connection, row: TableRow): Promise<string[]> {
  const candidates = row.text_columns.filter((column) => !NOT_TEXT.test(snakeCase(column)));
  if (candidates.length === 0) return [];
  const lengths = candidates.map((column) => `avg(length(${quoteIdentifier(column)}))::float8`);
  const { rows } = await connection.query<{ means: (number | null)[] }>(
    `select json_build_array(${lengths.join(', ')}) as means
    from (select * from ${quoteQualified(row.schema, row.name)} limit 200) part`,
  );
  const means = rows[0]?.means ?? [];
  const isLong = (index: number) => (means[index] ?? 0) >= MIN_MEAN_LENGTH;
  const isTitle = (column: string) => /^(title|name|subject|headline|label)s?$/i.test(column);
  // An empty table says nothing: then every candidate is proposed.
  if (means.every((mean) => mean === null)) return candidates;
  return candidates.filter((column, index) => isLong(index) || isTitle(column));
}

/** `zipCode` and `Zip Code` have the same words as `zip_code`. */
function snakeCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[^A-Za-z0-9]+/g, '_');
}

function freshName(table: string, taken: Set<string>): string {
  const plain = table
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  const base = (/^[a-z]/.test(plain) ? plain : `t_${plain}`).slice(0, 36);
  let name = base;
  for (let count = 2; taken.has(name); count++) name = `${base}_${count}`;
  taken.add(name);
  return name;
}
