/** By which ways a client can get an index, the cheapest first. Pure. */
import type { ReleaseFile, ReleaseManifest } from '../format/index.ts';

export type Way =
  /** What is installed, or was before, is it already. */
  | { readonly kind: 'keep' }
  | {
      readonly kind: 'delta';
      readonly from: string;
      readonly sha256: string;
      readonly bytes: number;
      readonly file: ReleaseFile;
    }
  | { readonly kind: 'whole'; readonly file: ReleaseFile };

export interface Circumstances {
  /** SHA-256 of the index that is searched, that deltas can begin from. */
  readonly searched: string | undefined;
  /** SHA-256 of what the store has. */
  readonly stored: ReadonlySet<string>;
  readonly canDecompress: boolean;
}

/** A delta above this share of the whole costs more in work than it saves. */
const MAXIMUM_DELTA = 0.3;

export function waysTo(
  { index, deltas }: ReleaseManifest,
  { searched, stored, canDecompress }: Circumstances,
): Way[] {
  const wholes = readable(index.files, canDecompress);
  const limit = MAXIMUM_DELTA * Math.min(...wholes.map(({ bytes }) => bytes), index.bytes);
  const found = deltas.filter(({ from }) => from === searched);
  const patches = found.flatMap(({ from, sha256, bytes, files }): Way[] =>
    readable(files, canDecompress)
      .filter((file) => file.bytes <= limit)
      .slice(0, 1)
      .map((file) => ({ kind: 'delta', from, sha256, bytes, file })),
  );
  const kept: Way[] = stored.has(index.sha256) ? [{ kind: 'keep' }] : [];
  return [...kept, ...patches, ...wholes.map((file): Way => ({ kind: 'whole', file }))];
}

/** Compressed first. */
export function readable(files: readonly ReleaseFile[], canDecompress: boolean): ReleaseFile[] {
  const order = { gzip: 0, identity: 1 } as const;
  return files
    .filter(({ encoding }) => canDecompress || encoding === 'identity')
    .toSorted((a, b) => order[a.encoding] - order[b.encoding]);
}

/** Bytes over the wire. */
export function costOf(way: Way | undefined): number {
  return way === undefined || way.kind === 'keep' ? 0 : way.file.bytes;
}
