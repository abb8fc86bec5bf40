/**
 * Rows of a CSV file as items of an import. Its first line names the columns: `title` and `content`, which each row
 * needs, and `collection` (or `coach_id`), `document_type` (or `type`), `access_tier` (or `tier`), `tags`, `author`,
 * `publication_date` (or `published`), `origin`; every other column is metadata.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { ConfigError, DocumentError } from '../../errors/index.ts';
import type { ImportItem } from './item.ts';

/** Names that a column may have, and what it means. */
const MEANINGS: Readonly<Record<string, string>> = {
  collection: 'collection',
  coach_id: 'collection',
  title: 'title',
  content: 'content',
  text: 'content',
  document_type: 'type',
  type: 'type',
  access_tier: 'tier',
  tier: 'tier',
  tags: 'tags',
  author: 'author',
  publication_date: 'published',
  published: 'published',
  origin: 'origin',
};

/** Of one row: more is a file that is not what it seems, as one with a quote that is never closed. */
const MAX_ROW_CHARS = 16 * 1024 * 1024;
const HEAD_BYTES = 64 * 1024;

/** A file that is in memory already. */
export interface CsvBytes {
  /** For messages. */
  name: string;
  bytes: Uint8Array;
}

/**
 * Reads a CSV file row by row. Commas, semicolons and tabs are told apart by the first line; quotes and a byte order mark
 * are understood.
 * @returns an item per row, in order; of a row that can't be read, one whose `load` fails
 * @throws ConfigError where there is no such file, or its first line names no title or no content
 */
export async function* readCsv(file: string | CsvBytes): AsyncGenerator<ImportItem> {
  const isPath = typeof file === 'string';
  const delimiter = delimiterOf(isPath ? await headOf(file) : firstLine(file.bytes));
  const input = isPath ? createReadStream(file) : Readable.from([file.bytes]);
  const parser = input.pipe(
    parse({
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_ROW_CHARS,
    }),
  );
  let columns: string[] | null = null;
  // As a spreadsheet counts them; of lines the parser counts those within quotes twice where they end with CR LF.
  let row = 1;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      if (columns === null) columns = checkedColumns(isPath ? file : file.name, record);
      else yield rowItem(columns, record, row);
      row++;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Where a row ends nobody knows any more.
    yield failing(`row ${row}`, unreadable(error, row));
  }
}

async function headOf(file: string): Promise<string> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`The file ${file} can't be read: ${error.code}.`, {
      remedy: 'Name a CSV file.',
      cause: error,
      isUsage: true,
    });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return firstLine(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

function firstLine(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_BYTES));
  return head.toString('utf8').split(/\r?\n/, 1)[0] ?? '';
}

/** What stands most often between the names of the columns. */
function delimiterOf(line: string): string {
  const count = (one: string) => line.split(one).length;
  return ['\t', ';'].reduce((best, one) => (count(one) > count(best) ? one : best), ',');
}

function checkedColumns(file: string, names: readonly string[]): string[] {
  const columns = names.map((name) => {
    const clean = name.trim();
    return MEANINGS[clean.toLowerCase()] ?? `metadata.${clean}`;
  });
  for (const needed of ['title', 'content'])
    if (!columns.includes(needed))
      throw new ConfigError(`The first line of ${file} has no column "${needed}".`, {
        remedy: `It names ${names.length} columns, and needs at least title and content.`,
        isUsage: true,
      });
  return columns;
}

function rowItem(columns: readonly string[], values: readonly string[], row: number): ImportItem {
  const label = `row ${row}`;
  if (values.length !== columns.length)
    return failing(label, wrongWidth(values.length, columns.length));
  const told: Record<string, string> = {};
  const metadata: Record<string, string> = {};
  columns.forEach((column, index) => {
    const value = (values[index] ?? '').trim();
    if (value === '') return;
    if (column.startsWith('metadata.')) metadata[column.slice('metadata.'.length)] = value;
    else told[column] = value;
  });
  const { collection = null, content = '', title, tags, origin = null, ...fields } = told;
  const known = {
    ...fields,
    ...(title !== undefined && { title }),
    ...(tags !== undefined && { tags: splitTags(tags) }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
  return {
    label,
    collection,
    // The same title is the same document the next time.
    origin: origin ?? (title === undefined ? null : `title:${title}`),
    fields: known,
    fallbackTitle: null,
    load: async () => ({ text: content }),
  };
}

function splitTags(tags: string): string[] {
  return tags
    .split(/[,;|]/)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

function failing(label: string, error: DocumentError): ImportItem {
  const load = () => Promise.reject(error);
  return { label, collection: null, origin: null, fields: {}, fallbackTitle: null, load };
}

function wrongWidth(has: number, wants: number): DocumentError {
  return new DocumentError(`The row has ${has} columns, the first line ${wants}.`, {
    fault: 'field',
    remedy: 'Put values with commas or line ends between quotes.',
  });
}

function unreadable(error: CsvError, row: number): DocumentError {
  return new DocumentError(`From row ${row} on the file can't be read as CSV (${error.code}).`, {
    fault: 'field',
    remedy: 'Look at the quotes there; the rows before were taken.',
  });
}
