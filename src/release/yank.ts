/**
 * Takes a release back: it is blocked, and where clients are offered it they get older content under a new sequence, since none goes to a lower one.
 * Needs both keys; no draft, no database.
 */
import { ReleaseError } from '../errors/index.ts';
import { type ChannelDocument, type ReleaseManifest, timeText } from '../format/index.ts';
import { commit, newOffer } from './commit.ts';
import { copyFixedFiles, showFixedFiles } from './fixed-files.ts';
import { loadIndex } from './load-index.ts';
import { manifestPath } from './manifests.ts';
import type { Published, PublishedRelease } from './published.ts';
import { lastRootOf, nowOf, type Publisher, readOwn } from './publisher.ts';
import { intentOf } from './renew.ts';

/** As many as a channel can have; the oldest are forgotten first, since no client goes back to them. */
const MAX_BLOCKED = 1_000;

export interface YankOptions {
  /** Whose content is offered in its place; default the newest that is below it and not blocked. */
  readonly to?: number | undefined;
}

export interface YankOutcome {
  readonly channel: ChannelDocument;
  /** The older release, and the number that its content has now; absent when the yanked one was not offered. */
  readonly replacement?: { readonly from: number; readonly sequence: number };
}

/** @throws ReleaseError when there is no such release, or none to go back to: nothing is changed then */
export async function yank(
  publisher: Publisher,
  sequence: number,
  { to }: YankOptions = {},
): Promise<YankOutcome> {
  const { target } = publisher;
  const published = await readOwn(publisher);
  const before = intentOf(publisher, published);
  const yanked = find(published, sequence, target.name);
  const blocked = [
    ...new Set([...before.blocked, yanked.pointer.manifest.sha256, yanked.manifest.index.sha256]),
  ].slice(-MAX_BLOCKED);
  const isOffered = [before.current, before.candidate].some(
    (one) => one?.pointer.sequence === sequence,
  );
  if (!isOffered && to === undefined)
    return { channel: await commit(publisher, published, { ...before, blocked }) };
  const older = await replacement(publisher, published, yanked, blocked, to);
  const next = published.highestSequence + 1;
  const manifest: ReleaseManifest = {
    ...older.manifest,
    sequence: next,
    created: timeText(nowOf(publisher)),
    // Who has the yanked one should not wait.
    change: 'major',
    notes: `In place of release ${sequence}: the content of release ${older.manifest.sequence}.`,
  };
  const keys = await publisher.keys('release', lastRootOf(published));
  const current = await newOffer({ manifest }, manifestPath(next), keys);
  await copyFixedFiles(target, older.manifest.sequence, next);
  const channel = await commit(publisher, published, { channel: before.channel, current, blocked });
  await showFixedFiles(target, next);
  return { channel, replacement: { from: older.manifest.sequence, sequence: next } };
}

function find({ releases }: Published, sequence: number, target: string): PublishedRelease {
  const found = releases.find(({ pointer }) => pointer.sequence === sequence);
  if (found !== undefined) return found;
  throw new ReleaseError('nothing', `There is no release ${sequence} on ${target}.`, {
    remedy: 'Look at "evervec release list".',
    isUsage: true,
  });
}

/** Only what the keys of today signed: what a stolen key left there must not be signed by a good one. */
async function replacement(
  { target }: Publisher,
  published: Published,
  yanked: PublishedRelease,
  blocked: readonly string[],
  to: number | undefined,
): Promise<PublishedRelease> {
  const { version } = lastRootOf(published);
  const usable = published.releases.filter(
    ({ pointer, manifest, rootVersion }) =>
      pointer.sequence < yanked.pointer.sequence &&
      rootVersion === version &&
      !blocked.includes(manifest.index.sha256) &&
      !blocked.includes(pointer.manifest.sha256),
  );
  const older =
    to === undefined ? usable[0] : usable.find(({ pointer }) => pointer.sequence === to);
  if (older === undefined)
    throw new ReleaseError(
      'nothing',
      to === undefined
        ? `There is no release below ${yanked.pointer.sequence} on ${target.name} to go back to.`
        : `Release ${to} on ${target.name} can't be gone back to: it is missing, blocked, not below ${yanked.pointer.sequence}, or signed by a key that was replaced.`,
      { remedy: 'Mend the content, then build and publish it as a new release.', isUsage: true },
    );
  await loadIndex(target, older.manifest.index);
  return older;
}
