/** From records with texts and float vectors to an index file: the same content, in any order, gives the same bytes. */
import { FormatError } from '../errors/index.ts';
import { canonicalJson } from './canonical-json.ts';
import {
  encodeAbout,
  type IndexAbout,
  type IndexChunk,
  type IndexRecord,
} from './index-content.ts';
import { LIMIT } from './index-layout.ts';
import { tagSet } from './number-strings.ts';
import { quantise } from './quantise.ts';
import { toUtf8 } from './utf8.ts';
import { type RawChunk, type RawRecord, writeIndex } from './write-index.ts';

const HIGHEST_NUMBER = 0xffff_ffff;

/**
 * @param dimensions 1 to 16,000
 * @returns the bytes of an `.idx` file; at most 1 GiB
 * @throws FormatError when content can't be held: dimensions that differ, numbers that are not finite, keys that repeat, offsets that do not
 *   fit the text
 */
export function encodeIndex(
  about: IndexAbout,
  dimensions: number,
  records: Iterable<IndexRecord>,
): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > LIMIT.dimensions)
    throw wrong('dimensions', `${dimensions} is outside 1 to ${LIMIT.dimensions}`);
  const raw = Array.from(records, (record, i) => rawRecord(record, dimensions, `record ${i}`));
  return writeIndex({ about: encodeAbout(about), dimensions, records: raw });
}

function rawRecord(record: IndexRecord, dimensions: number, part: string): RawRecord {
  if (record.key === '') throw wrong(part, 'has no key');
  return {
    key: record.key,
    title: record.title ?? null,
    url: record.url ?? null,
    publishedAt: record.publishedAt ?? null,
    tags: tagSet(record.tags ?? []),
    columns: columnsOf(record, part),
    chunks: record.chunks.map((chunk, i) => rawChunk(chunk, dimensions, `${part} chunk ${i}`)),
  };
}

function columnsOf({ columns }: IndexRecord, part: string): string | null {
  if (columns === undefined || columns === null) return null;
  const text = canonicalJson(columns, `${part} columns`);
  if (toUtf8(text, part).length > LIMIT.columnsBytes)
    throw wrong(part, `its columns have over ${LIMIT.columnsBytes} bytes of JSON`);
  return text;
}

function rawChunk(chunk: IndexChunk, dimensions: number, part: string): RawChunk {
  const { index, start, end, text, vector } = chunk;
  for (const [name, value] of Object.entries({ index, start, end, page: chunk.page ?? 1 }))
    if (!Number.isInteger(value) || value < (name === 'page' ? 1 : 0) || value > HIGHEST_NUMBER)
      throw wrong(part, `${name} ${value} is not one of 0 to ${HIGHEST_NUMBER}`);
  if (end - start !== text.length)
    throw wrong(part, `${start} to ${end} is not the length of its text, ${text.length}`);
  if (vector.length !== dimensions)
    throw wrong(part, `${vector.length} dimensions instead of ${dimensions}`);
  return {
    index,
    section: chunk.section ?? null,
    page: chunk.page ?? null,
    start,
    end,
    text: toUtf8(text, part),
    ...quantise(vector),
  };
}

function wrong(part: string, what: string): FormatError {
  return new FormatError(part, what, {
    isUsage: true,
    remedy: 'Correct what is given to the encoder.',
  });
}
