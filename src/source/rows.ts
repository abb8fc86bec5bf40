/** Reads rows of a source by key, as text to render. Bounded in bytes, whatever the rows hold. */
import type { Connection } from '../database/index.ts';
import { quoteIdentifier, quoteQualified } from '../database/index.ts';
import { QueryError } from '../errors/index.ts';
import { keyAfterSql, keyMatchSql, keySql, sizeSql, textSql } from './column-sql.ts';
import type { SourceDefinition } from './definition.ts';
import { prioritySql } from './expression.ts';
import type { Row } from './options.ts';

export interface RenderedRow {
  key: string;
  /** What `render` made of it. */
  text: string;
  /** Null where the source has none. */
  title: string | null;
  /** What the source's column `revision` held as it was read, as text; null where it names none. */
  revision: string | null;
  /** Where its pages begin in the text; null where it has none. */
  pages: readonly number[] | null;
}

export interface RowFault {
  key: string;
  error: unknown;
}

export interface RowsRead {
  rendered: RenderedRow[];
  /** Rows that are no more. */
  gone: string[];
  /** Rows whose text could not be made: each is its own fault, not the batch's (I6). */
  faults: RowFault[];
  /** Keys not read since the others filled `maxBytes`; ask again for these. */
  deferred: string[];
}

interface ReadRow {
  key: string;
  is_found: boolean;
  is_read: boolean;
  /** Texts in the order of the mapped columns, or the row as JSON. */
  fields: (string | null)[] | Row | null;
  title: string | null;
  revision: string | null;
  pages: number[] | null;
}

/*
 * found:  the rows, by the key's index. What they measure is known without fetching it.
 * The outer select takes values only of the rows that fit, so a large cell beyond the limit is not read.
 */
function readSql(source: SourceDefinition): string {
  const { key, schema, name } = source.table;
  // Named by position: a user's column may be called "key".
  const columns = source.mapped.map((column, index) => ({
    name: quoteIdentifier(column.name),
    placed: { ...column, name: `c${index}` },
  }));
  const size = source.mapped.map((column) => sizeSql('t', column)).join(' + ');
  const raw = columns.map(({ name, placed }) => `t.${name} as ${placed.name}`);
  const { revision, pages } = source;
  if (revision !== null) raw.push(`t.${quoteIdentifier(revision.name)} as revision`);
  if (pages !== null) raw.push(`t.${quoteIdentifier(pages.name)} as pages`);
  const placedTitle = columns[source.mapped.findIndex(({ name }) => name === source.title?.name)];
  const title = placedTitle === undefined ? 'null' : textSql('sized', placedTitle.placed);
  const values =
    source.render.from === 'row'
      ? // `r.*` and not `r`: that might be a column's name.
        `(select to_json(r.*) from (select ${columns
          .map(({ name, placed }) => `sized.${placed.name} as ${name}`)
          .join(', ')}) r)`
      : `to_json(array[${columns.map(({ placed }) => textSql('sized', placed)).join(', ')}])`;
  return `
select key, is_found, is_read, case when is_read then ${values} end as fields,
  case when is_read then ${title} end as title,
  ${revision === null ? 'null' : textSql('sized', { ...revision, name: 'revision' })} as revision,
  ${pages === null ? 'null::integer[]' : 'sized.pages'} as pages
from (
  select wanted.key, found.*, found.size is not null and
    sum(found.size) over (order by wanted.position) - found.size < $2 as is_read
  from unnest($1::text[]) with ordinality as wanted (key, position)
  left join lateral (
    select true as is_found, ${size} as size, ${raw.join(', ')}
    from ${quoteQualified(schema, name)} t
    where ${keyMatchSql('t', key, 'wanted.key')}
    -- Nothing keeps a table and its children from having the same key: the text of one of them is taken.
    limit 1
  ) found on true
) sized`;
}

/** A statement per source is assembled once. */
const statements = new WeakMap<SourceDefinition, string>();

/**
 * @param keys at most a few thousand
 * @param maxBytes of stored column values read at once; at least one row is read
 */
export async function readRows(
  connection: Connection,
  source: SourceDefinition,
  keys: readonly string[],
  maxBytes: number,
): Promise<RowsRead> {
  let statement = statements.get(source);
  if (statement === undefined) statements.set(source, (statement = readSql(source)));
  let rows: ReadRow[];
  try {
    ({ rows } = await connection.query<ReadRow>(statement, [keys, maxBytes]));
  } catch (error) {
    if (!isDataException(error)) throw error;
    return await readApart(connection, source, keys, maxBytes, error);
  }
  const read: RowsRead = { rendered: [], gone: [], faults: [], deferred: [] };
  for (const row of rows) {
    if (!row.is_found) read.gone.push(row.key);
    else if (!row.is_read) read.deferred.push(row.key);
    else {
      try {
        const { key, title, revision, pages } = row;
        const text = renderRow(source, row.fields ?? []);
        read.rendered.push({ key, text, title, revision, pages });
      } catch (error) {
        read.faults.push({ key: row.key, error });
      }
    }
  }
  return read;
}

/** Class 22: a value is at fault, so some row or key among many. */
function isDataException(error: unknown): boolean {
  return error instanceof QueryError && error.sqlState?.startsWith('22') === true;
}

/** Finds the keys that fail by halving: a key that is no value of its column, a generated column that divides by zero. */
async function readApart(
  connection: Connection,
  source: SourceDefinition,
  keys: readonly string[],
  maxBytes: number,
  error: unknown,
): Promise<RowsRead> {
  const [key = ''] = keys;
  if (keys.length <= 1) return { rendered: [], gone: [], faults: [{ key, error }], deferred: [] };
  const middle = keys.length >> 1;
  const first = await readRows(connection, source, keys.slice(0, middle), maxBytes);
  // The second half is left for another call where the first filled what may be read.
  if (first.deferred.length > 0)
    return { ...first, deferred: [...first.deferred, ...keys.slice(middle)] };
  const second = await readRows(connection, source, keys.slice(middle), maxBytes);
  return {
    rendered: [...first.rendered, ...second.rendered],
    gone: [...first.gone, ...second.gone],
    faults: [...first.faults, ...second.faults],
    deferred: second.deferred,
  };
}

function renderRow(source: SourceDefinition, fields: (string | null)[] | Row): string {
  if (source.render.from === 'row') return source.render.render(fields as Row);
  const texts = fields as (string | null)[];
  return source.render.render(
    Object.fromEntries(source.mapped.map((column, index) => [column.name, texts[index] ?? null])),
  );
}

/** Keys of some rows, and in which order they are worth embedding, where the source says so. */
export interface KeyPage {
  keys: string[];
  /** (n) lower first; absent where all rows are alike. */
  priorities?: (number | null)[];
  /** (n) when they became current, as text of a timestamptz; absent where the source names no column. */
  recencies?: (string | null)[];
}

/**
 * Keys of all rows, in pages: keyset pagination over the key's own index.
 * @param pageSize keys per page
 * @param after begins with the first key behind this one
 */
export async function* keyPages(
  connection: Connection,
  source: SourceDefinition,
  pageSize: number,
  after: string | null = null,
): AsyncGenerator<KeyPage> {
  let last = after;
  for (;;) {
    const page: PagedKey[] = await keyPage(connection, source, pageSize, last);
    if (page.length > 0)
      yield {
        keys: page.map((row) => row.key),
        ...(source.priority !== null && { priorities: page.map((row) => row.priority) }),
        ...(source.recency !== null && { recencies: page.map((row) => row.recency) }),
      };
    last = page.at(-1)?.key ?? null;
    if (page.length < pageSize) return;
  }
}

/** A view's row without a key is no record; a table's key is never null. */
function presentKeySql({ table }: SourceDefinition): string[] {
  return table.hasTriggers
    ? []
    : table.key.map((column) => `t.${quoteIdentifier(column.name)} is not null`);
}

interface PagedKey {
  key: string;
  priority: number | null;
  recency: string | null;
}

async function keyPage(
  connection: Connection,
  source: SourceDefinition,
  size: number,
  last: string | null,
): Promise<PagedKey[]> {
  const { key, schema, name } = source.table;
  const conditions = [
    ...(last === null ? [] : [`(${keyAfterSql('t', key, '$2')})`]),
    ...presentKeySql(source),
  ];
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const recency =
    source.recency === null
      ? 'null'
      : `t.${quoteIdentifier(source.recency.name)}::timestamptz::text`;
  const pageSql = (
    priority: string,
  ) => `select ${keySql('t', key)} as key, ${priority} as priority, ${recency} as recency
    from ${quoteQualified(schema, name)} t ${where}
    order by ${key.map((column) => `t.${quoteIdentifier(column.name)}`).join(', ')} limit $1`;
  const values = last === null ? [size] : [size, last];
  try {
    const priority = source.priority === null ? 'null' : prioritySql(source.priority, 't');
    return (await connection.query<PagedKey>(pageSql(priority), values)).rows;
  } catch (error) {
    // An expression that fails for a row, as a division by zero does: then the rows of the page are all alike.
    if (source.priority === null || !isDataException(error)) throw error;
    return (await connection.query<PagedKey>(pageSql('null'), values)).rows;
  }
}

/** @returns keys of about `count` rows (all, where there are fewer), each row as likely as any other */
export async function sampleKeys(
  connection: Connection,
  source: SourceDefinition,
  rows: number,
  count: number,
): Promise<string[]> {
  const { key, schema, name } = source.table;
  const { rows: found } = await connection.query<{ key: string }>(
    `select ${keySql('t', key)} as key from ${quoteQualified(schema, name)} t
    where ${['random() < $1', ...presentKeySql(source)].join(' and ')}`,
    [rows <= count ? 1 : count / rows],
  );
  return found.map((row) => row.key);
}

/** @returns how many rows there are now, exactly */
export async function countRows(connection: Connection, source: SourceDefinition): Promise<number> {
  const { rows } = await connection.query<{ count: string }>(
    `select count(*) from ${quoteQualified(source.table.schema, source.table.name)}`,
  );
  return Number(rows[0]?.count ?? 0);
}
