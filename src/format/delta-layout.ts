/**
 * Where things are in a delta file (docs/release-format.md): which records of the base go, and an index of those that come, whose chunks may take
 * text or vector from the base. Reads and writes the header and the lists; what they mean is the encoder's and the applier's.
 */
import { FormatError } from '../errors/index.ts';
import { aligned, LIMIT } from './index-layout.ts';

export const DELTA_MAGIC = 'EVERVECD';
export const DELTA_VERSION = 1;
const HEADER_BYTES = 128;
const HASH_BYTES = 32;
const FIELD = {
  version: 8,
  minimumReader: 10,
  headerBytes: 12,
  fileBytes: 16,
  baseBytes: 20,
  resultBytes: 24,
  removed: 28,
  chunks: 32,
  reserved: 36,
  baseHash: 64,
  resultHash: 96,
} as const;

export interface Delta {
  readonly baseBytes: number;
  readonly resultBytes: number;
  /** SHA-256 of the whole plain files. (32) */
  readonly baseHash: Uint8Array;
  readonly resultHash: Uint8Array;
  /** Numbers of the base's records that are gone, ascending. */
  readonly removed: Uint32Array;
  /** For each chunk of the patch: 0, or the number + 1 of the base's chunk that has its text. */
  readonly textFrom: Uint32Array;
  /** The same for its vector. */
  readonly rowFrom: Uint32Array;
  /** An index of the records that are new or changed. */
  readonly patch: Uint8Array;
}

export function writeDelta(delta: Delta): Uint8Array<ArrayBuffer> {
  const { removed, textFrom, rowFrom, patch } = delta;
  const places = placesOf(removed.length, textFrom.length);
  const file = new Uint8Array(places.patch + patch.length);
  const view = new DataView(file.buffer);
  for (let i = 0; i < DELTA_MAGIC.length; i++) file[i] = DELTA_MAGIC.charCodeAt(i);
  view.setUint16(FIELD.version, DELTA_VERSION, true);
  view.setUint16(FIELD.minimumReader, DELTA_VERSION, true);
  view.setUint32(FIELD.headerBytes, HEADER_BYTES, true);
  view.setUint32(FIELD.fileBytes, file.length, true);
  view.setUint32(FIELD.baseBytes, delta.baseBytes, true);
  view.setUint32(FIELD.resultBytes, delta.resultBytes, true);
  view.setUint32(FIELD.removed, removed.length, true);
  view.setUint32(FIELD.chunks, textFrom.length, true);
  file.set(delta.baseHash, FIELD.baseHash);
  file.set(delta.resultHash, FIELD.resultHash);
  for (const [at, numbers] of [
    [places.removed, removed],
    [places.textFrom, textFrom],
    [places.rowFrom, rowFrom],
  ] as const)
    for (const [i, number] of numbers.entries()) view.setUint32(at + 4 * i, number, true);
  file.set(patch, places.patch);
  return file;
}

/** @throws FormatError */
export function readDelta(given: Uint8Array): Delta {
  const file = given.byteOffset % 4 === 0 ? given : given.slice();
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  checkHeader(file, view);
  const places = placesOf(view.getUint32(FIELD.removed, true), view.getUint32(FIELD.chunks, true));
  if (places.patch > file.length)
    throw new FormatError(
      'delta header',
      `its lists end at ${places.patch}; the file has ${file.length} bytes`,
    );
  const numbers = (at: number, count: number) =>
    new Uint32Array(file.buffer, file.byteOffset + at, count);
  const removed = numbers(places.removed, view.getUint32(FIELD.removed, true));
  const chunks = view.getUint32(FIELD.chunks, true);
  for (const [from, to] of gapsOf(removed.length, chunks))
    for (let at = from; at < to; at++)
      if (file[at] !== 0)
        throw new FormatError('delta lists', `byte ${at} is ${file[at]} instead of 0`);
  return {
    baseBytes: view.getUint32(FIELD.baseBytes, true),
    resultBytes: view.getUint32(FIELD.resultBytes, true),
    baseHash: file.subarray(FIELD.baseHash, FIELD.baseHash + HASH_BYTES),
    resultHash: file.subarray(FIELD.resultHash, FIELD.resultHash + HASH_BYTES),
    removed,
    textFrom: numbers(places.textFrom, chunks),
    rowFrom: numbers(places.rowFrom, chunks),
    patch: file.subarray(places.patch),
  };
}

function checkHeader(file: Uint8Array, view: DataView): void {
  const part = 'delta header';
  if (file.length < HEADER_BYTES)
    throw new FormatError(part, `${file.length} bytes; it has at least ${HEADER_BYTES}`);
  for (let i = 0; i < DELTA_MAGIC.length; i++)
    if (file[i] !== DELTA_MAGIC.charCodeAt(i))
      throw new FormatError(part, `byte ${i} is ${file[i]}: this is no delta`);
  const minimum = view.getUint16(FIELD.minimumReader, true);
  const version = view.getUint16(FIELD.version, true);
  if (minimum > DELTA_VERSION)
    throw new FormatError(part, `needs a reader of version ${minimum}; this is ${DELTA_VERSION}`, {
      remedy: 'Update Evervec; until then take the whole index.',
    });
  if (version < 1 || minimum < 1 || minimum > version)
    throw new FormatError(part, `version ${version} for readers from ${minimum}`);
  const expected = { headerBytes: HEADER_BYTES, fileBytes: file.length };
  for (const name of ['headerBytes', 'fileBytes'] as const)
    if (view.getUint32(FIELD[name], true) !== expected[name])
      throw new FormatError(
        part,
        `${name} is ${view.getUint32(FIELD[name], true)} instead of ${expected[name]}`,
      );
  for (const name of ['baseBytes', 'resultBytes'] as const)
    if (view.getUint32(FIELD[name], true) > LIMIT.fileBytes)
      throw new FormatError(
        part,
        `${name} is ${view.getUint32(FIELD[name], true)}; the limit is ${LIMIT.fileBytes}`,
      );
  for (let at = FIELD.reserved; at < FIELD.baseHash; at++)
    if (file[at] !== 0) throw new FormatError(part, `byte ${at} is ${file[at]} instead of 0`);
}

function placesOf(removed: number, chunks: number) {
  const textFrom = aligned(HEADER_BYTES + 4 * removed);
  const rowFrom = aligned(textFrom + 4 * chunks);
  return { removed: HEADER_BYTES, textFrom, rowFrom, patch: aligned(rowFrom + 4 * chunks) };
}

/** The bytes between one list's end and the next one's begin. */
function gapsOf(removed: number, chunks: number): [from: number, to: number][] {
  const places = placesOf(removed, chunks);
  return [
    [places.removed + 4 * removed, places.textFrom],
    [places.textFrom + 4 * chunks, places.rowFrom],
    [places.rowFrom + 4 * chunks, places.patch],
  ];
}
