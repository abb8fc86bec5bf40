/**
 * Removes what no client asks for any more: not what the offered releases and the last eight need, not what was offered until lately, nothing
 * young, and never what it does not know the name of.
 */
import type { ReleaseManifest } from '../format/index.ts';
import { FIXED } from './fixed-files.ts';
import { KEPT_RELEASES, type Published, type PublishedRelease } from './published.ts';
import { nowOf, type Publisher, readOwn } from './publisher.ts';

/** How long a client that has read an old channel may still come for its files. */
export const GRACE_MS = 14 * 86_400_000;
const FOLDERS = ['b', 'd', 'm', 'releases', FIXED] as const;

export interface PruneOptions {
  /** Default 14 days. */
  readonly graceMs?: number | undefined;
  /** Only says what would go. */
  readonly isDryRun?: boolean | undefined;
}

export interface Pruned {
  readonly removed: readonly string[];
  readonly bytes: number;
}

/** @throws ReleaseError, ReleaseTargetError; what is gone by then stays gone, and the next run goes on */
export async function prune(
  publisher: Publisher,
  { graceMs = GRACE_MS, isDryRun = false }: PruneOptions = {},
): Promise<Pruned> {
  const { target } = publisher;
  const published = await readOwn(publisher);
  if (published.channel === undefined || published.problems.length > 0)
    return { removed: [], bytes: 0 };
  const before = nowOf(publisher) - graceMs;
  const kept = filesOf(keptReleases(published, before));
  const removed: string[] = [];
  let bytes = 0;
  for (const folder of FOLDERS)
    for (const file of await target.list(folder)) {
      const isNeeded = kept.has(file.path) || isOfKept(file.path, kept);
      if (isNeeded || file.writtenAt >= before) continue;
      if (!isDryRun) await target.remove(file.path);
      removed.push(file.path);
      bytes += file.bytes;
    }
  return { removed, bytes };
}

/** A release was offered until the one after it was made. */
function keptReleases(
  { releases, channel, recent }: Published,
  before: number,
): readonly PublishedRelease[] {
  const offered = new Set([
    channel?.document.current.sequence,
    channel?.document.candidate?.sequence,
  ]);
  const bases = new Set(recent.map(({ sha256 }) => sha256));
  return releases.filter(({ pointer, manifest }, i) => {
    const next = releases[i - 1];
    const wasOfferedLately = next === undefined || Date.parse(next.manifest.created) >= before;
    return (
      i < KEPT_RELEASES ||
      offered.has(pointer.sequence) ||
      bases.has(manifest.index.sha256) ||
      wasOfferedLately
    );
  });
}

function filesOf(releases: readonly PublishedRelease[]): Set<string> {
  const named = ({ index, deltas, model }: ReleaseManifest) =>
    [index, ...deltas, ...(model.download ? [model.download] : [])].flatMap(({ files }) =>
      files.map(({ path }) => path),
    );
  return new Set(
    releases.flatMap(({ pointer, manifest }) => [
      pointer.manifest.path,
      `${FIXED}/${pointer.sequence}`,
      ...named(manifest),
    ]),
  );
}

/** Of files of fixed names the folder counts. */
function isOfKept(path: string, kept: ReadonlySet<string>): boolean {
  return path.startsWith(`${FIXED}/`) && kept.has(path.split('/').slice(0, 2).join('/'));
}
