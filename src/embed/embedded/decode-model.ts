/**
 * Reads a file of word vectors (docs/embedded-model.md, "The file") into tables that are looked up by a word's hash. Pure: bytes
 * in, tables out; where the bytes come from is `load-model.ts`'s. Rows stay packed, so a loaded model is as small as its file.
 */
import { ModelFileError } from '../../errors/index.ts';
import { finishHash, HASH_SEED, hashUnit } from './hashing.ts';
import { EMBEDDED_DIMENSIONS } from './text-sum.ts';

export const MAGIC = 'EVERVECW';
export const FORMAT_VERSION = 1;
/** Where the fields of the header are, and where what follows it begins. */
export const HEADER = {
  fingerprint: 8,
  checksum: 40,
  formatVersion: 44,
  dimensions: 46,
  words: 48,
  stemBytes: 52,
  end: 64,
} as const;
/** SHA-256 covers the file from here on. */
export const FINGERPRINTED_FROM = HEADER.formatVersion;
const NEWLINE = 0x0a;
/** A stem and its line's end; so a damaged header can't ask for more than the file could hold. */
const FEWEST_BYTES_OF_WORD = 2;

export interface WordVectors {
  readonly words: number;
  /** SHA-256 of the file from `FINGERPRINTED_FROM` on, in hexadecimal, as the file says it. */
  readonly fingerprint: string;
  /** Open addressing by a stem's hash; `rowOf` holds a row + 1, 0 where a slot is free. */
  readonly hashes: Int32Array;
  readonly rowOf: Int32Array;
  /** What a row's numbers are multiplied by. (words) */
  readonly scales: Float32Array;
  /** Two numbers of −8 to 7 a byte, the first in the low half. (words × 192) */
  readonly rows: Uint8Array;
}

/** @throws ModelFileError when the bytes are not a whole, undamaged file of this format */
export function decodeModel(bytes: Uint8Array): WordVectors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { words, stemBytes } = readHeader(bytes, view);
  const stemsEnd = HEADER.end + stemBytes;
  const rowsFrom = stemsEnd + 4 * words;
  const expected = rowsFrom + (words * EMBEDDED_DIMENSIONS) / 2;
  if (bytes.length !== expected)
    throw fault(`has ${bytes.length} bytes instead of ${expected}: it is not whole`);
  if (checksumOf(view) !== view.getUint32(HEADER.checksum, true))
    throw fault('is damaged: its checksum is another');
  const scales = new Float32Array(words);
  for (let row = 0; row < words; row++) scales[row] = view.getFloat32(stemsEnd + 4 * row, true);
  const tables = placeStems(bytes.subarray(HEADER.end, stemsEnd), words);
  const fingerprint = hexOf(bytes.subarray(HEADER.fingerprint, HEADER.checksum));
  return { words, fingerprint, ...tables, scales, rows: bytes.subarray(rowsFrom) };
}

/** FNV-1a over the little-endian 32-bit words after the checksum: finds damage in milliseconds, not tampering. */
export function checksumOf(view: DataView): number {
  let hash = HASH_SEED;
  const from = FINGERPRINTED_FROM;
  for (let at = from; at + 4 <= view.byteLength; at += 4)
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x01000193);
  return finishHash(hash) >>> 0;
}

/** @returns the row of the word with this hash, or -1 */
export function findRow({ hashes, rowOf }: WordVectors, hash: number): number {
  const mask = hashes.length - 1;
  let slot = hash & mask;
  for (let row = rowOf[slot]; row; row = rowOf[slot]) {
    if (hashes[slot] === hash) return row - 1;
    slot = (slot + 1) & mask;
  }
  return -1;
}

function readHeader(bytes: Uint8Array, view: DataView): { words: number; stemBytes: number } {
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (bytes.length < HEADER.end || magic !== MAGIC) throw fault('is none, or is cut off');
  const version = view.getUint16(HEADER.formatVersion, true);
  const dimensions = view.getUint16(HEADER.dimensions, true);
  if (version !== FORMAT_VERSION || dimensions !== EMBEDDED_DIMENSIONS)
    throw fault(`has format ${version} with ${dimensions} dimensions instead of 1 with 384`);
  const words = view.getUint32(HEADER.words, true);
  const stemBytes = view.getUint32(HEADER.stemBytes, true);
  if (stemBytes % 4 !== 0 || words * FEWEST_BYTES_OF_WORD > stemBytes)
    throw fault('is damaged: its header makes no sense');
  return { words, stemBytes };
}

function placeStems(stems: Uint8Array, words: number): Pick<WordVectors, 'hashes' | 'rowOf'> {
  const slots = 1 << (32 - Math.clz32(2 * words));
  const hashes = new Int32Array(slots);
  const rowOf = new Int32Array(slots);
  let at = 0;
  for (let row = 0; row < words; row++) {
    let unfinished = HASH_SEED;
    for (let unit = stems[at++]; unit !== NEWLINE; unit = stems[at++]) {
      if (unit === undefined) throw fault(`is damaged: it names ${row} of ${words} words`);
      unfinished = hashUnit(unfinished, unit);
    }
    const hash = finishHash(unfinished);
    let slot = hash & (slots - 1);
    while (rowOf[slot]) slot = (slot + 1) & (slots - 1);
    hashes[slot] = hash;
    rowOf[slot] = row + 1;
  }
  return { hashes, rowOf };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fault(what: string): ModelFileError {
  return new ModelFileError(`The embedded model's file ${what}.`, {
    remedy: 'Install the package again.',
  });
}
