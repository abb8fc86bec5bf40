/** The manifests below `releases/`: which there are, and which of them count. */
import {
  type ChannelDocument,
  type ReleaseManifest,
  type ReleasePointer,
  type RootDocument,
  sha256Hex,
  verifyManifest,
} from '../format/index.ts';
import type { ReadableTarget } from './target.ts';

export interface PublishedRelease {
  readonly pointer: ReleasePointer;
  readonly manifest: ReleaseManifest;
  /** Of the newest root whose release role signed it. Below the last one's: signed by a key that was replaced. */
  readonly rootVersion: number;
}

/** `releases/12.json`, and `releases/12.3.json` once it was signed again for `root.3.json`. */
const MANIFEST = /^releases\/([1-9]\d{0,15})(?:\.([1-9]\d{0,15}))?\.json$/;

/** @param rootVersion when an older manifest of that number is signed again */
export function manifestPath(sequence: number, rootVersion?: number): string {
  return `releases/${sequence}${rootVersion === undefined ? '' : `.${rootVersion}`}.json`;
}

/** What is there by name, newest first; signed again before as it was. */
export async function manifestFiles(
  target: ReadableTarget,
): Promise<{ sequence: number; paths: string[] }[]> {
  const found = new Map<number, { path: string; again: number }[]>();
  for (const { path } of await target.list('releases')) {
    const [, number, again = '0'] = MANIFEST.exec(path) ?? [];
    if (number === undefined) continue;
    const sequence = Number(number);
    found.set(sequence, [...(found.get(sequence) ?? []), { path, again: Number(again) }]);
  }
  return [...found]
    .sort(([a], [b]) => b - a)
    .map(([sequence, files]) => ({
      sequence,
      paths: files.sort((a, b) => b.again - a.again).map(({ path }) => path),
    }));
}

/** No client is newer: what is published is read whichever clients it is for. */
const ANY_CLIENT = { client: '999999999.0.0', reader: 0xffff };

/**
 * @param paths the first that counts is taken
 * @param roots the newer ones first in rank
 * @returns undefined when none does
 */
export async function readSigned(
  target: ReadableTarget,
  sequence: number,
  paths: readonly string[],
  channel: ChannelDocument,
  roots: readonly RootDocument[],
): Promise<PublishedRelease | undefined> {
  for (const path of paths) {
    const bytes = await target.get(path);
    if (bytes === undefined) continue;
    const pointer = {
      sequence,
      manifest: { path, bytes: bytes.length, sha256: await sha256Hex(bytes) },
    };
    const asOffered = { ...channel, blocked: [] };
    for (const root of roots.toReversed()) {
      const expectation = { root, channel: asOffered, pointer, ...ANY_CLIENT };
      const verdict = await verifyManifest(bytes, expectation);
      if (verdict.accepted)
        return { pointer, manifest: verdict.value.manifest, rootVersion: root.version };
    }
  }
  return undefined;
}
