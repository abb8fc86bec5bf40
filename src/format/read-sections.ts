/**
 * Finds the sections of an index file and gives views of them. Every offset and length is checked here, before anything is read through it; what the
 * numbers in a section mean is checked by the decoder.
 */
import { FormatError } from '../errors/index.ts';
import {
  aligned,
  ALIGNMENT,
  type Counts,
  FIELD,
  FIXED_BYTES,
  FORMAT_VERSION,
  INDEX_MAGIC,
  LIMIT,
  SECTION_ENTRY_BYTES,
  sectionBytes,
  SECTIONS,
  type SectionTag,
} from './index-layout.ts';

export interface Sections {
  readonly counts: Counts;
  bytes(tag: SectionTag): Uint8Array;
  numbers(tag: SectionTag): Uint32Array;
}

/** @throws FormatError */
export function readSections(given: Uint8Array): Sections {
  const file = onWord(given);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const { headerBytes, entries } = readFixed(file, view);
  const counts = readCounts(view);
  const found = readTable(file, view, headerBytes, entries);
  for (const tag of SECTIONS) {
    const bytes = found.get(tag);
    if (bytes === undefined) throw new FormatError(`index ${tag}`, 'the section is missing');
    const expected = sectionBytes(tag, counts);
    if (expected !== undefined && bytes.length !== expected)
      throw new FormatError(
        `index ${tag}`,
        `has ${bytes.length} bytes; by the counts it has ${expected}`,
      );
    if (bytes.length % 4 !== 0 && tag === 'TAGS')
      throw new FormatError(`index ${tag}`, `has ${bytes.length} bytes, no multiple of 4`);
  }
  const bytes = (tag: SectionTag) => found.get(tag) ?? new Uint8Array();
  const views = new Map<SectionTag, Uint32Array>();
  const numbers = (tag: SectionTag) => {
    const view = views.get(tag) ?? numbersIn(bytes(tag));
    views.set(tag, view);
    return view;
  };
  return { counts, bytes, numbers };
}

function numbersIn(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** Typed arrays need their address to be a multiple of 4: only bytes that lie otherwise are copied. */
export function onWord(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
}

function readFixed(file: Uint8Array, view: DataView): { headerBytes: number; entries: number } {
  const part = 'index header';
  if (file.length < FIXED_BYTES)
    throw new FormatError(part, `${file.length} bytes; it has at least ${FIXED_BYTES}`);
  if (file.length > LIMIT.fileBytes)
    throw new FormatError(part, `${file.length} bytes; the limit is ${LIMIT.fileBytes}`);
  for (let i = 0; i < INDEX_MAGIC.length; i++)
    if (file[i] !== INDEX_MAGIC.charCodeAt(i))
      throw new FormatError(part, `byte ${i} is ${file[i]}: this is no index`);
  const minimum = view.getUint16(FIELD.minimumReader, true);
  const version = view.getUint16(FIELD.version, true);
  if (minimum > FORMAT_VERSION)
    throw new FormatError(part, `needs a reader of version ${minimum}; this is ${FORMAT_VERSION}`, {
      remedy: 'Update Evervec.',
    });
  if (version < 1 || minimum < 1 || minimum > version)
    throw new FormatError(part, `version ${version} for readers from ${minimum}`);
  const fileBytes = view.getUint32(FIELD.fileBytes, true);
  if (fileBytes !== file.length)
    throw new FormatError(part, `${file.length} bytes are there; it says ${fileBytes}`);
  const entries = view.getUint32(FIELD.sections, true);
  const headerBytes = view.getUint32(FIELD.headerBytes, true);
  if (entries > LIMIT.sections)
    throw new FormatError(part, `${entries} sections; the limit is ${LIMIT.sections}`);
  if (headerBytes !== aligned(FIXED_BYTES + entries * SECTION_ENTRY_BYTES))
    throw new FormatError(part, `length ${headerBytes} for ${entries} sections`);
  if (headerBytes > file.length)
    throw new FormatError(part, `length ${headerBytes}; the file has ${file.length} bytes`);
  // A later version may use what this one leaves zero.
  if (version === FORMAT_VERSION) {
    expectZero(file, FIELD.reserved, FIXED_BYTES, part);
    expectZero(file, FIXED_BYTES + entries * SECTION_ENTRY_BYTES, headerBytes, part);
  }
  return { headerBytes, entries };
}

function readCounts(view: DataView): Counts {
  const read = (name: keyof Counts) => view.getUint32(FIELD[name], true);
  const dimensions = read('dimensions');
  if (dimensions < 1 || dimensions > LIMIT.dimensions)
    throw new FormatError(
      'index header',
      `${dimensions} dimensions; 1 to ${LIMIT.dimensions} are possible`,
    );
  return {
    records: read('records'),
    chunks: read('chunks'),
    dimensions,
    strings: read('strings'),
    tagLists: read('tagLists'),
  };
}

/** Sections lie in the order of the table, each at the next aligned place, with zeros between; the last ends the file. */
function readTable(
  file: Uint8Array,
  view: DataView,
  headerBytes: number,
  entries: number,
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let end = headerBytes;
  for (let position = 0; position < entries; position++) {
    const entry = FIXED_BYTES + position * SECTION_ENTRY_BYTES;
    const tag = String.fromCharCode(...file.subarray(entry, entry + 4));
    const part = `index section ${position}`;
    const from = view.getUint32(entry + 4, true);
    const length = view.getUint32(entry + 8, true);
    if (from !== aligned(end))
      throw new FormatError(part, `begins at ${from} instead of ${aligned(end)}`);
    if (length > file.length - from)
      throw new FormatError(part, `${length} bytes at ${from}; the file has ${file.length}`);
    if (found.has(tag)) throw new FormatError(part, 'is there twice');
    expectZero(file, end, from, part);
    expectZero(file, entry + 12, entry + SECTION_ENTRY_BYTES, part);
    found.set(tag, file.subarray(from, from + length));
    end = from + length;
  }
  if (end !== file.length)
    throw new FormatError(
      'index header',
      `sections end at ${end}; the file has ${file.length} bytes`,
    );
  return found;
}

function expectZero(file: Uint8Array, from: number, to: number, part: string): void {
  // Gaps are shorter than one alignment; anything else was refused before.
  for (let at = from; at < Math.min(to, from + ALIGNMENT); at++)
    if (file[at] !== 0) throw new FormatError(part, `byte ${at} is ${file[at]} instead of 0`);
}
