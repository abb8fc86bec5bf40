/** The ways from older indexes to a new one, and how much of them changed. */
import { decodeIndex, encodeDelta, type ReleaseManifest, sha256Hex } from '../format/index.ts';
import { readDelta } from '../format/delta-layout.ts';
import { gzip } from './gzip.ts';

/** An index that clients have. */
export interface ReleaseBase {
  /** Of the plain file. */
  readonly sha256: string;
  /** The plain file, its hash checked. */
  load(): Promise<Uint8Array>;
}

export interface BuiltDelta {
  readonly entry: ReleaseManifest['deltas'][number];
  readonly path: string;
  readonly zipped: Uint8Array;
}

/** Why a client that has this index takes the whole new one. */
export type LeftOut = 'same' | 'model' | 'size' | 'unreadable';

export interface Way {
  readonly from: string;
  readonly delta?: BuiltDelta;
  readonly leftOut?: LeftOut;
  /** Share of the records that are new, other or gone, 0 to 1; 1 where the model is another. */
  readonly changed: number;
}

/** A delta that is larger than this part of the index saves next to nothing, and takes time to apply. */
const MAX_SHARE = 0.3;

export interface NewIndex {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  /** Of the gzipped file. */
  readonly zippedBytes: number;
}

/** One way after the other: each holds its base, and eight would be too many at once. */
export async function buildWays(
  index: NewIndex,
  bases: readonly ReleaseBase[],
  onDone: (done: number, total: number) => void,
): Promise<Way[]> {
  const ways: Way[] = [];
  for (const base of bases) {
    ways.push(await wayFrom(base, index));
    onDone(ways.length, bases.length);
  }
  return ways;
}

async function wayFrom(base: ReleaseBase, index: NewIndex): Promise<Way> {
  const from = base.sha256;
  if (from === index.sha256) return { from, leftOut: 'same', changed: 0 };
  const bytes = await base.load().catch(() => null);
  // A base that can't be had costs its clients a download, and is no reason to publish nothing.
  if (bytes === null || (await sha256Hex(bytes)) !== from)
    return { from, leftOut: 'unreadable', changed: 1 };
  const before = decodeIndex(bytes);
  const after = decodeIndex(index.bytes);
  const isOther =
    before.about.model.fingerprint !== after.about.model.fingerprint ||
    before.dimensions !== after.dimensions;
  if (isOther) return { from, leftOut: 'model', changed: 1 };
  const plain = await encodeDelta(bytes, index.bytes);
  const changed = changedShare(plain, before.recordCount, after.recordCount);
  const zipped = await gzip(plain);
  if (zipped.length > MAX_SHARE * index.zippedBytes) return { from, leftOut: 'size', changed };
  const path = `d/${from}-${index.sha256}.delta.gz`;
  const entry = {
    from,
    sha256: await sha256Hex(plain),
    bytes: plain.length,
    files: [{ path, encoding: 'gzip' as const, bytes: zipped.length }],
  };
  return { from, changed, delta: { entry, path, zipped } };
}

function changedShare(plain: Uint8Array, before: number, after: number): number {
  const { removed, patch } = readDelta(plain);
  return (removed.length + decodeIndex(patch).recordCount) / Math.max(1, before, after);
}
