/** What an index has that another has not: whole records by their key, and in those the texts and vectors that the base has nowhere. */
import { FormatError } from '../errors/index.ts';
import { decodeIndex, type ReleaseIndex } from './decode-index.ts';
import { writeDelta } from './delta-layout.ts';
import { isSame, sha256 } from './hash.ts';
import { type RawChunk, type RawRecord, writeIndex } from './write-index.ts';

/** What repeats more often than this is not looked for among all of its kind. */
const MAX_CANDIDATES = 16;
const NOTHING = new Uint8Array();

/**
 * @param base bytes of the index that clients have; result: of the one that they shall have, of the same dimensions
 * @returns a delta: `applyDelta(base, delta)` gives `result`, byte for byte
 * @throws FormatError when either is no index, or the dimensions differ
 */
export async function encodeDelta(
  base: Uint8Array,
  result: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const from = decodeIndex(base);
  const to = decodeIndex(result);
  if (from.dimensions !== to.dimensions)
    throw new FormatError(
      'delta',
      `from ${from.dimensions} to ${to.dimensions} dimensions: only the whole index will do`,
      { isUsage: true },
    );
  const { removed, changed } = compareRecords(from.rawRecords(), to.rawRecords());
  const { records, textFrom, rowFrom } = withoutKnown(changed, from);
  const patch = writeIndex({ about: to.aboutBytes, dimensions: to.dimensions, records });
  return writeDelta({
    baseBytes: base.length,
    resultBytes: result.length,
    baseHash: await sha256(base),
    resultHash: await sha256(result),
    removed,
    textFrom,
    rowFrom,
    patch,
  });
}

function compareRecords(
  before: readonly RawRecord[],
  after: readonly RawRecord[],
): { removed: Uint32Array; changed: RawRecord[] } {
  const old = new Map(before.map((record) => [record.key, record]));
  const kept = new Set(after.map(({ key }) => key));
  const gone = before.flatMap(({ key }, number) => (kept.has(key) ? [] : [number]));
  const changed = after.filter((record) => {
    const known = old.get(record.key);
    return known === undefined || !isSameRecord(known, record);
  });
  return { removed: Uint32Array.from(gone), changed };
}

function isSameRecord(a: RawRecord, b: RawRecord): boolean {
  return (
    a.title === b.title &&
    a.url === b.url &&
    a.publishedAt === b.publishedAt &&
    a.columns === b.columns &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, i) => tag === b.tags[i]) &&
    a.chunks.length === b.chunks.length &&
    a.chunks.every((chunk, i) => isSameChunk(chunk, b.chunks[i]))
  );
}

function isSameChunk(a: RawChunk, b: RawChunk | undefined): boolean {
  return (
    b !== undefined &&
    a.index === b.index &&
    a.section === b.section &&
    a.page === b.page &&
    a.start === b.start &&
    a.end === b.end &&
    a.scale === b.scale &&
    isSame(a.text, b.text) &&
    isSame(unsigned(a.row), unsigned(b.row))
  );
}

/** Leaves out of each chunk the text and the vector that the base has, and says where there. */
function withoutKnown(changed: readonly RawRecord[], base: ReleaseIndex) {
  const textIn = finder(base, (chunk) => base.textBytes(chunk));
  const rowIn = finder(base, (chunk) => unsigned(base.row(chunk)));
  const textFrom: number[] = [];
  const rowFrom: number[] = [];
  const without = (chunk: RawChunk): RawChunk => {
    const text = chunk.text.length === 0 ? -1 : textIn(chunk.text);
    const row = rowIn(unsigned(chunk.row));
    const hasRow = row >= 0 && base.scales[row] === chunk.scale;
    textFrom.push(text + 1);
    rowFrom.push(hasRow ? row + 1 : 0);
    return {
      ...chunk,
      text: text < 0 ? chunk.text : NOTHING,
      ...(hasRow && { row: new Int8Array(chunk.row.length), scale: 0 }),
    };
  };
  const records = changed.map((record) => ({ ...record, chunks: record.chunks.map(without) }));
  return { records, textFrom: Uint32Array.from(textFrom), rowFrom: Uint32Array.from(rowFrom) };
}

/** Finds the first chunk of the base with the same bytes. */
function finder(
  base: ReleaseIndex,
  bytesOf: (chunk: number) => Uint8Array,
): (bytes: Uint8Array) => number {
  const byHash = new Map<number, number[]>();
  for (let chunk = 0; chunk < base.chunkCount; chunk++) {
    const hash = hashOf(bytesOf(chunk));
    const known = byHash.get(hash);
    if (known === undefined) byHash.set(hash, [chunk]);
    else if (known.length < MAX_CANDIDATES) known.push(chunk);
  }
  return (bytes) => byHash.get(hashOf(bytes))?.find((chunk) => isSame(bytesOf(chunk), bytes)) ?? -1;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash;
}

function unsigned(row: Int8Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.length);
}
