/** Makes the index that a publisher has out of the one that a client has and a delta; exactly that one, or none. */
import { FormatError } from '../errors/index.ts';
import { decodeIndex, type ReleaseIndex } from './decode-index.ts';
import { type Delta, readDelta } from './delta-layout.ts';
import { isSame, sha256 } from './hash.ts';
import { LIMIT } from './index-layout.ts';
import { type RawChunk, type RawRecord, writeIndex } from './write-index.ts';

/**
 * @param maximumBytes of the result, checked before it is made; default 1 GiB. A client gives the signed length
 * @returns the bytes whose SHA-256 the delta names
 * @throws FormatError when the delta is damaged, is for another base, or gives something else than it says
 */
export async function applyDelta(
  base: Uint8Array,
  deltaBytes: Uint8Array,
  { maximumBytes = LIMIT.fileBytes }: { maximumBytes?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const delta = readDelta(deltaBytes);
  if (base.length !== delta.baseBytes || !isSame(await sha256(base), delta.baseHash))
    throw new FormatError('delta', 'is for another base than this index', {
      remedy: 'Take the whole index.',
    });
  if (delta.resultBytes > maximumBytes)
    throw new FormatError(
      'delta header',
      `gives ${delta.resultBytes} bytes; the limit is ${maximumBytes}`,
    );
  const from = decodeIndex(base);
  const patch = decodeIndex(delta.patch);
  checkLists(delta, from, patch);
  const records = [...keptRecords(from, delta, patch), ...patchedRecords(from, delta, patch)];
  checkSize(records, delta);
  const { aboutBytes: about, dimensions } = patch;
  const result = writeIndex({ about, dimensions, records });
  if (result.length !== delta.resultBytes || !isSame(await sha256(result), delta.resultHash))
    throw new FormatError('delta', 'gives another index than it says', {
      remedy: 'Take the whole index.',
    });
  return result;
}

function checkLists(delta: Delta, from: ReleaseIndex, patch: ReleaseIndex): void {
  if (from.dimensions !== patch.dimensions)
    throw new FormatError(
      'delta patch',
      `${patch.dimensions} dimensions; the base has ${from.dimensions}`,
    );
  if (delta.textFrom.length !== patch.chunkCount)
    throw new FormatError(
      'delta header',
      `${delta.textFrom.length} chunks; its patch has ${patch.chunkCount}`,
    );
  let before = -1;
  for (const [i, number] of delta.removed.entries()) {
    if (number <= before || number >= from.recordCount)
      throw new FormatError(
        'delta removed',
        `entry ${i} is ${number} after ${before}; the base has ${from.recordCount} records`,
      );
    before = number;
  }
  for (const name of ['textFrom', 'rowFrom'] as const)
    for (const [i, number] of delta[name].entries())
      if (number > from.chunkCount)
        throw new FormatError(
          `delta ${name}`,
          `entry ${i} is ${number}; the base has ${from.chunkCount} chunks`,
        );
}

/** What stands neither among the removed nor, by its key, in the patch. */
function keptRecords(from: ReleaseIndex, delta: Delta, patch: ReleaseIndex): RawRecord[] {
  const removed = new Set(delta.removed);
  const replaced = new Set(Array.from({ length: patch.recordCount }, (_, i) => patch.key(i)));
  return from.rawRecords().filter(({ key }, number) => !removed.has(number) && !replaced.has(key));
}

function patchedRecords(from: ReleaseIndex, delta: Delta, patch: ReleaseIndex): RawRecord[] {
  let at = 0;
  const filled = (chunk: RawChunk): RawChunk => {
    const text = delta.textFrom[at] ?? 0;
    const row = delta.rowFrom[at] ?? 0;
    if ((text > 0 && chunk.text.length > 0) || (row > 0 && !isZero(chunk)))
      throw new FormatError('delta patch', `chunk ${at} has what it takes from the base`);
    at++;
    return {
      ...chunk,
      ...(text > 0 && { text: from.textBytes(text - 1) }),
      ...(row > 0 && { row: from.row(row - 1), scale: from.scales[row - 1] ?? 0 }),
    };
  };
  return patch
    .rawRecords()
    .map((record) => ({ ...record, chunks: record.chunks.map((chunk) => filled(chunk)) }));
}

function isZero({ row, scale }: RawChunk): boolean {
  return scale === 0 && row.every((value) => value === 0);
}

/** A text of the base that every chunk takes could fill the memory: what is needed is counted before it is made. */
function checkSize(records: readonly RawRecord[], { resultBytes }: Delta): void {
  let bytes = 0;
  for (const { chunks } of records)
    for (const { text, row } of chunks) bytes += text.length + row.length;
  if (bytes > resultBytes)
    throw new FormatError('delta', `gives at least ${bytes} bytes; it says ${resultBytes}`);
}
