/**
 * A source, resolved against the database: which table, what identifies a row, which columns make its text.
 * Built from the user's options at set-up; the worker and the commands hold it, nothing else knows the options.
 */
import { createHash } from 'node:crypto';
import type { Connection } from '../database/index.ts';
import { ConfigError, SourceError } from '../errors/index.ts';
import { checkExpression } from './expression.ts';
import type { Row, SourceOptions } from './options.ts';
import { type Column, columnOf, describeTable, type Table } from './table.ts';
import { parseTemplate } from './template.ts';

/** How rows become text. `fields` renders from texts of columns, `row` from the row as JSON. */
export type Render =
  | { from: 'fields'; render(values: Readonly<Record<string, string | null>>): string }
  | { from: 'row'; render(row: Row): string };

export interface SourceDefinition {
  name: string;
  table: Table;
  /** The columns that the text is made of, and the title. */
  mapped: Column[];
  /** Put before each chunk when it is embedded. */
  title: Column | null;
  /** Read with each row and told to who writes down what was embedded; no change of it embeds anything. */
  revision: Column | null;
  /** Of type integer[]: where each page begins in the text, UTF-16 units; null where rows have no pages. */
  pages: Column | null;
  /** The columns that a hit shows. */
  record: Column[];
  render: Render;
  language: string;
  lane: string;
  /** Says which tier of access a row is of; null where the source has none. */
  tier: Column | null;
  /** SQL, see `SourceOptions`; null where all rows are alike. */
  priority: string | null;
  recency: Column | null;
  archive: ArchiveRule | null;
  /** How often all its rows are compared with their vectors; null where that is done by hand only. */
  reconcileMinutes: number | null;
  chunk: { by?: 'structure'; maxChars?: number; overlapChars?: number };
  /** The index over its vectors; null as always. */
  index: NonNullable<SourceOptions['index']> | null;
  /**
   * Hash of all that decides a record's text and key. When it changes, what was embedded
   * is outdated, whether or not a row changed.
   */
  fingerprint: string;
}

export interface ArchiveRule {
  /** SQL, true of the rows that may be archived. */
  when: string;
  /** Of a column of dates or timestamps; null where age does not count. */
  after: { column: string; days: number } | null;
}

/** What no trigger watches is compared this often, minutes. */
const WITHOUT_TRIGGERS_MINUTES = 60;

/** Types that a hit doesn't show unless named: large, or of no use to a reader. */
const NOT_SHOWN = new Set(['vector', 'halfvec', 'sparsevec', 'tsvector', 'bytea']);

/** @throws SourceError, ConfigError */
export async function resolveSource(
  connection: Connection,
  name: string,
  options: SourceOptions,
): Promise<SourceDefinition> {
  const table = await describeTable(connection, name, options);
  const { fields, render, recipe } = resolveText(name, options);
  const title = options.title === undefined ? null : columnOf(name, table, options.title);
  const watched = title === null ? fields : [...new Set([...fields, title.name])];
  const mapped = watched.map((field) => columnOf(name, table, field));
  const record = options.record
    ? options.record.map((column) => columnOf(name, table, column))
    : table.columns.filter((column) => !NOT_SHOWN.has(column.baseType));
  const fingerprint = createHash('sha256')
    .update(
      JSON.stringify([
        1,
        recipe,
        mapped.map(({ name }) => name),
        table.key.map(({ name, type }) => [name, type]),
        // Where there is none the fingerprint is that of before there were any.
        ...(title === null ? [] : [title.name]),
      ]),
    )
    .digest('hex')
    .slice(0, 32);
  return {
    name,
    table,
    mapped,
    title,
    revision: null,
    pages: null,
    record,
    render,
    tier: options.tier === undefined ? null : columnOf(name, table, options.tier),
    priority: await resolvePriority(connection, name, table, options),
    recency: resolveTime(name, table, 'recency', options.recency),
    archive: await resolveArchive(connection, name, table, options),
    reconcileMinutes:
      options.reconcile?.everyMinutes ?? (table.hasTriggers ? null : WITHOUT_TRIGGERS_MINUTES),
    language: await resolveLanguage(connection, name, options.language ?? 'english'),
    lane: options.lane ?? name,
    index: options.index ?? null,
    chunk: {
      ...(options.chunk?.by === 'structure' && { by: options.chunk.by }),
      ...(options.chunk?.maxChars !== undefined && { maxChars: options.chunk.maxChars }),
      ...(options.chunk?.overlapChars !== undefined && {
        overlapChars: options.chunk.overlapChars,
      }),
    },
    fingerprint,
  };
}

async function resolvePriority(
  connection: Connection,
  name: string,
  table: Table,
  { priority }: SourceOptions,
): Promise<string | null> {
  if (priority === undefined) return null;
  await checkExpression(connection, name, table, 'priority', priority, 'float8');
  return priority;
}

const TIMES = new Set(['date', 'timestamp', 'timestamptz']);

function resolveTime(
  name: string,
  table: Table,
  field: string,
  wanted: string | undefined,
): Column | null {
  if (wanted === undefined) return null;
  const column = columnOf(name, table, wanted);
  if (TIMES.has(column.baseType) && !column.isArray) return column;
  throw new ConfigError(
    `Source "${name}": ${field} is the column "${wanted}", of type ${column.baseType}.`,
    { remedy: 'Name a column of type date, timestamp or timestamptz.', isUsage: true },
  );
}

async function resolveArchive(
  connection: Connection,
  name: string,
  table: Table,
  { archive }: SourceOptions,
): Promise<ArchiveRule | null> {
  if (archive === undefined) return null;
  const { when, after = null } = archive;
  resolveTime(name, table, 'archive.after', after?.column);
  await checkExpression(connection, name, table, 'archive.when', when, 'boolean');
  return { when, after };
}

/** A function from plain JavaScript may return anything; what is no text is its row's fault alone (I6). */
function requireText(source: string, text: unknown): string {
  if (typeof text === 'string') return text;
  if (text === null || text === undefined) return '';
  const isPromise = text instanceof Promise;
  // Nobody waits for it: a rejection must not end the process.
  if (isPromise) text.catch(() => {});
  throw new SourceError(
    `Source "${source}": its text function returned ${isPromise ? 'a promise' : `a ${typeof text}`}, not a string.`,
    { remedy: 'Return a string at once, or null for a row without text.' },
  );
}

const LANGUAGES = `
select config.oid::regconfig::text as name, config.cfgname, namespace.nspname, pg_ts_config_is_visible(config.oid) as is_visible
from pg_ts_config config join pg_namespace namespace on namespace.oid = config.cfgnamespace order by config.cfgname`;

interface LanguageRow {
  name: string;
  cfgname: string;
  nspname: string;
  is_visible: boolean;
}

/** @returns the text search configuration's name as Postgres writes it */
async function resolveLanguage(
  connection: Connection,
  source: string,
  language: string,
): Promise<string> {
  const { rows } = await connection.query<LanguageRow>(LANGUAGES);
  const found = rows.find(
    ({ cfgname, nspname, is_visible }) =>
      (is_visible && cfgname === language) || `${nspname}.${cfgname}` === language,
  );
  if (found !== undefined) return found.name;
  throw new ConfigError(
    `Source "${source}": this database has no text search configuration "${language}".`,
    {
      remedy: `Set language to one of ${rows.map(({ name }) => name).join(', ')}.`,
      isUsage: true,
    },
  );
}

function resolveText(
  name: string,
  options: SourceOptions,
): { fields: string[]; render: Render; recipe: unknown } {
  const { text, columns } = options;
  if (typeof text === 'function') {
    if (columns === undefined)
      throw new ConfigError(
        `Source "${name}": a text function needs "columns", the columns it reads.`,
        {
          remedy: `Add columns: ['…'], so that only their changes are embedded again.`,
          isUsage: true,
        },
      );
    // The function's source stands for its behaviour; what it closes over can't be seen.
    return {
      fields: columns,
      render: { from: 'row', render: (row) => requireText(name, text(row)) },
      recipe: text.toString(),
    };
  }
  if (columns !== undefined)
    throw new ConfigError(`Source "${name}": "columns" belongs to a text function.`, {
      remedy: 'Leave it out: a list or a template names its columns itself.',
      isUsage: true,
    });
  if (typeof text === 'string') {
    const template = parseTemplate(name, text);
    return {
      fields: template.fields,
      render: { from: 'fields', render: template.render },
      recipe: text,
    };
  }
  const render = (values: Readonly<Record<string, string | null>>) =>
    text
      .map((column) => values[column]?.trim() ?? '')
      .filter((value) => value !== '')
      .join('\n\n');
  return { fields: [...new Set(text)], render: { from: 'fields', render }, recipe: text };
}
