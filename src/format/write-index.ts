/**
 * Lays records whose texts and vectors are bytes already into an index file. Used by the encoder, which makes those bytes, and by deltas, which take them
 * from another index. The order is fixed here: one content, one file.
 */
import { FormatError } from '../errors/index.ts';
import {
  aligned,
  type Counts,
  FIELD,
  FIXED_BYTES,
  FORMAT_VERSION,
  INDEX_MAGIC,
  LIMIT,
  MINIMUM_READER,
  SECTION_ENTRY_BYTES,
  SECTIONS,
  type SectionTag,
} from './index-layout.ts';
import {
  type NumberedStrings,
  numberStrings,
  numberTags,
  type NumberedTags,
} from './number-strings.ts';
import { paddedDimensions } from './quantise.ts';
import { compareUtf8 } from './utf8.ts';

export interface RawIndex {
  /** Canonical JSON. */
  readonly about: Uint8Array;
  readonly dimensions: number;
  /** Keys distinct; in any order. */
  readonly records: readonly RawRecord[];
}

export interface RawRecord {
  readonly key: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly publishedAt: string | null;
  /** Sorted, each once. */
  readonly tags: readonly string[];
  /** Canonical JSON. */
  readonly columns: string | null;
  /** Indexes distinct; in any order. */
  readonly chunks: readonly RawChunk[];
}

export interface RawChunk {
  readonly index: number;
  readonly section: string | null;
  readonly page: number | null;
  readonly start: number;
  readonly end: number;
  /** UTF-8. */
  readonly text: Uint8Array;
  /** (padded dimensions) */
  readonly row: Int8Array;
  readonly scale: number;
}

interface Content {
  readonly raw: RawIndex;
  readonly records: readonly RawRecord[];
  readonly chunks: readonly RawChunk[];
  readonly strings: NumberedStrings;
  readonly tags: NumberedTags;
}

/** @throws FormatError when keys or chunk indexes repeat, or the file would be over 1 GiB */
export function writeIndex(raw: RawIndex): Uint8Array<ArrayBuffer> {
  const content = ordered(raw);
  const sections = SECTIONS.map((tag) => ({ tag, bytes: contentOf(tag, content) }));
  const headerBytes = aligned(FIXED_BYTES + SECTIONS.length * SECTION_ENTRY_BYTES);
  const fileBytes = sections.reduce((at, { bytes }) => aligned(at) + bytes.length, headerBytes);
  if (fileBytes > LIMIT.fileBytes)
    throw new FormatError(
      'index',
      `would have ${fileBytes} bytes; the limit is ${LIMIT.fileBytes}`,
      {
        isUsage: true,
        remedy: 'Publish fewer records, or several releases.',
      },
    );
  const file = new Uint8Array(fileBytes);
  const view = new DataView(file.buffer);
  writeFixed(view, file, content, headerBytes);
  let at = headerBytes;
  for (const [position, { tag, bytes }] of sections.entries()) {
    at = aligned(at);
    file.set(bytes, at);
    const entry = FIXED_BYTES + position * SECTION_ENTRY_BYTES;
    for (let i = 0; i < 4; i++) file[entry + i] = tag.charCodeAt(i);
    view.setUint32(entry + 4, at, true);
    view.setUint32(entry + 8, bytes.length, true);
    at += bytes.length;
  }
  return file;
}

function ordered(raw: RawIndex): Content {
  const records = [...raw.records].sort((a, b) => compareUtf8(a.key, b.key));
  for (const [i, { key }] of records.entries())
    if (key === records[i + 1]?.key)
      throw new FormatError('records', `two have the key of record ${i}`, { isUsage: true });
  const sorted = records.map((record) => ({ ...record, chunks: orderedChunks(record) }));
  const chunks = sorted.flatMap((record) => record.chunks);
  const strings = numberStrings(stringsOf(sorted, chunks));
  const tags = numberTags(
    sorted.map((record) => record.tags),
    strings,
  );
  return { raw, records: sorted, chunks, strings, tags };
}

function orderedChunks({ chunks }: RawRecord): RawChunk[] {
  const sorted = [...chunks].sort((a, b) => a.index - b.index);
  for (const [i, { index }] of sorted.entries())
    if (index === sorted[i + 1]?.index)
      throw new FormatError('chunks', `index ${index} is there twice in a record`, {
        isUsage: true,
      });
  return sorted;
}

function* stringsOf(records: readonly RawRecord[], chunks: readonly RawChunk[]): Generator<string> {
  for (const { key, title, url, publishedAt, columns } of records) {
    yield key;
    for (const text of [title, url, publishedAt, columns]) if (text !== null) yield text;
  }
  for (const tags of new Set(records.map((record) => record.tags))) yield* tags;
  for (const { section } of chunks) if (section !== null) yield section;
}

function writeFixed(view: DataView, file: Uint8Array, content: Content, headerBytes: number): void {
  for (let i = 0; i < INDEX_MAGIC.length; i++) file[i] = INDEX_MAGIC.charCodeAt(i);
  view.setUint16(FIELD.version, FORMAT_VERSION, true);
  view.setUint16(FIELD.minimumReader, MINIMUM_READER, true);
  view.setUint32(FIELD.headerBytes, headerBytes, true);
  view.setUint32(FIELD.fileBytes, file.length, true);
  view.setUint32(FIELD.sections, SECTIONS.length, true);
  const counts: Counts = {
    records: content.records.length,
    chunks: content.chunks.length,
    dimensions: content.raw.dimensions,
    strings: content.strings.bytes.length,
    tagLists: content.tags.lists.length,
  };
  for (const name of ['records', 'chunks', 'dimensions', 'strings', 'tagLists'] as const)
    view.setUint32(FIELD[name], counts[name], true);
}

function contentOf(tag: SectionTag, { raw, records, chunks, strings, tags }: Content): Uint8Array {
  const orNone = (text: string | null) => (text === null ? 0 : strings.numberOf(text) + 1);
  switch (tag) {
    case 'ABOU':
      return raw.about;
    case 'STRO':
      return offsets(strings.bytes);
    case 'STRB':
      return joined(strings.bytes);
    case 'TAGO':
      return offsets(tags.lists);
    case 'TAGS':
      return numbers(tags.lists.flat(), (number) => number);
    case 'RCHK':
      return offsets(records.map((record) => record.chunks));
    case 'RKEY':
      return numbers(records, ({ key }) => strings.numberOf(key));
    case 'RTIT':
      return numbers(records, ({ title }) => orNone(title));
    case 'RURL':
      return numbers(records, ({ url }) => orNone(url));
    case 'RPUB':
      return numbers(records, ({ publishedAt }) => orNone(publishedAt));
    case 'RTAG':
      return numbers(records, (record) => tags.numberOf(record.tags));
    case 'RCOL':
      return numbers(records, ({ columns }) => orNone(columns));
    case 'CIDX':
      return numbers(chunks, ({ index }) => index);
    case 'CSEC':
      return numbers(chunks, ({ section }) => orNone(section));
    case 'CPAG':
      return numbers(chunks, ({ page }) => page ?? 0);
    case 'CSTA':
      return numbers(chunks, ({ start }) => start);
    case 'CEND':
      return numbers(chunks, ({ end }) => end);
    case 'TXTO':
      return offsets(chunks.map(({ text }) => text));
    case 'TXTB':
      return joined(chunks.map(({ text }) => text));
    case 'SCAL':
      return scales(chunks);
    case 'VECT':
      return rows(chunks, paddedDimensions(raw.dimensions));
  }
}

function numbers<T>(items: readonly T[], numberOf: (item: T) => number): Uint8Array {
  const bytes = new Uint8Array(4 * items.length);
  const view = new DataView(bytes.buffer);
  for (const [i, item] of items.entries()) view.setUint32(4 * i, numberOf(item), true);
  return bytes;
}

/** Where each part begins, and at last where all end. */
function offsets(parts: readonly { readonly length: number }[]): Uint8Array {
  let at = 0;
  const begins = parts.map(({ length }) => (at += length) - length);
  return numbers([...begins, at], (offset) => offset);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function scales(chunks: readonly RawChunk[]): Uint8Array {
  const bytes = new Uint8Array(4 * chunks.length);
  const view = new DataView(bytes.buffer);
  for (const [i, { scale }] of chunks.entries()) view.setFloat32(4 * i, scale, true);
  return bytes;
}

function rows(chunks: readonly RawChunk[], width: number): Uint8Array {
  const bytes = new Uint8Array(chunks.length * width);
  const signed = new Int8Array(bytes.buffer);
  for (const [i, { row }] of chunks.entries()) signed.set(row, i * width);
  return bytes;
}
