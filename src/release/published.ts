/**
 * What a target holds now, checked as a client checks it: roots, channel, current and candidate, and the releases before them. Only reads. What
 * has expired is read all the same, since renewing it begins with reading it.
 */
import { ReleaseError } from '../errors/index.ts';
import {
  type ChannelDocument,
  type ChannelFloor,
  type ReleaseManifest,
  type ReleasePointer,
  type RootDocument,
  type TrustAnchor,
  verifyChannel,
} from '../format/index.ts';
import { loadIndex } from './load-index.ts';
import { manifestFiles, readSigned, type PublishedRelease } from './manifests.ts';
import { explain } from './explain.ts';
import { readRoots } from './roots.ts';
import type { ReadableTarget } from './target.ts';

export type { PublishedRelease } from './manifests.ts';

/** The one file that changes in place. */
export const POINTER = 'channel.json';
/** So many releases back a client updates by a delta, and the publisher can go. */
export const KEPT_RELEASES = 8;

/** An index that clients may have: what a delta starts from. */
export interface PublishedIndex {
  /** The newest release that has it. */
  readonly sequence: number;
  /** Of the plain file. */
  readonly sha256: string;
  readonly bytes: number;
  readonly model: ReleaseManifest['model'];
  /**
   * The plain file, its hash checked.
   * @throws ReleaseError when it is damaged or gone
   * @throws ReleaseTargetError
   */
  load(): Promise<Uint8Array<ArrayBuffer>>;
}

export interface PublishedChannel {
  readonly document: ChannelDocument;
  /** As they lie there: what the pointer is compared with when it is switched. */
  readonly bytes: Uint8Array;
  /** What a client that accepted it remembers. */
  readonly floor: ChannelFloor;
  /** By the version of the root: below the last one's after its key was replaced and before it was signed again. */
  readonly rootVersion: number;
}

export interface Published {
  /** From the anchor on, oldest first; empty where nothing was ever published and no keys were given. */
  readonly roots: readonly RootDocument[];
  readonly channel?: PublishedChannel;
  /** Absent beside a channel when its manifest is missing or damaged, which `problems` says. */
  readonly current?: PublishedRelease;
  readonly candidate?: PublishedRelease;
  /** By sequence, newest first, those that are not offered any more too; whose signatures count for the last root or an earlier one. */
  readonly releases: readonly PublishedRelease[];
  /** The distinct indexes of the last releases up to the offered ones, newest first, 8 at most. */
  readonly recent: readonly PublishedIndex[];
  /** Highest number that a file on the target has, signed or not, or the channel names; 0 for none. The next release has a higher one. */
  readonly highestSequence: number;
  /** What the channel names and clients would refuse, as sentences. The next release mends it. */
  readonly problems: readonly string[];
}

export interface ReadOptions {
  /** Default: `root.1.json` of the target is believed, which shows what is there and proves nothing about who made it. */
  readonly anchor?: TrustAnchor | undefined;
  /** By version: files of roots that need not be on the target yet. */
  readonly roots?: ReadonlyMap<number, Uint8Array> | undefined;
}

/**
 * @throws ReleaseError when what lies there would not pass a client's checks
 * @throws ReleaseTargetError
 */
export async function readPublished(
  target: ReadableTarget,
  { anchor, roots: own = new Map() }: ReadOptions = {},
): Promise<Published> {
  const roots = await readRoots(target, anchor, own);
  const channel = await readChannel(target, roots);
  const files = await manifestFiles(target);
  const highest = files[0]?.sequence ?? 0;
  if (channel === undefined)
    return { roots, releases: [], recent: [], highestSequence: highest, problems: [] };
  const { document } = channel;
  const newest = document.candidate ?? document.current;
  const current = await readOffered(target, document, document.current, roots);
  const candidate =
    document.candidate && (await readOffered(target, document, document.candidate, roots));
  const releases: PublishedRelease[] = [];
  for (const { sequence, paths } of files) {
    const offered = [candidate, current].find((one) => one?.pointer.sequence === sequence);
    const release = offered ?? (await readSigned(target, sequence, paths, document, roots));
    if (release !== undefined) releases.push(release);
  }
  return {
    roots,
    channel,
    ...(current && { current }),
    ...(candidate && { candidate }),
    releases,
    recent: recentIndexes(target, releases, newest.sequence),
    highestSequence: Math.max(highest, newest.sequence),
    problems: [
      ...(current ? [] : [unreadable(target, document.current)]),
      ...(document.candidate && !candidate ? [unreadable(target, document.candidate)] : []),
    ],
  };
}

async function readChannel(
  target: ReadableTarget,
  roots: readonly RootDocument[],
): Promise<PublishedChannel | undefined> {
  const bytes = await target.get(POINTER);
  if (bytes === undefined) return undefined;
  const last = roots.at(-1);
  if (last === undefined)
    throw new ReleaseError('published', `${target.name} has a ${POINTER} and no root.1.json.`, {
      remedy: 'Put root.1.json of your keys beside it, or publish to an empty folder.',
    });
  const { channel, issued } = peek(bytes);
  const now = Date.parse(issued) || 0;
  let refused = '';
  for (const root of roots.toReversed()) {
    const lasting = { ...root, expires: FAR };
    const verdict = await verifyChannel(bytes, { root: lasting, channel, now });
    if (verdict.accepted) return { ...verdict.value, bytes, rootVersion: root.version };
    refused ||= explain(verdict.refusal);
  }
  throw new ReleaseError('published', `${POINTER} on ${target.name} is refused: ${refused}.`, {
    remedy: 'Check that these are the keys of this target. Clients keep the release they have.',
  });
}

const FAR = '9999-12-31T23:59:59Z';

/** Before it is believed: which channel it says it is, and when it was signed. */
function peek(bytes: Uint8Array): { channel: string; issued: string } {
  try {
    const { signed } = JSON.parse(Buffer.from(bytes).toString());
    return { channel: String(signed.channel), issued: String(signed.issued) };
  } catch {
    return { channel: '', issued: '' };
  }
}

async function readOffered(
  target: ReadableTarget,
  channel: ChannelDocument,
  pointer: ReleasePointer,
  roots: readonly RootDocument[],
): Promise<PublishedRelease | undefined> {
  const { path, sha256 } = pointer.manifest;
  const release = await readSigned(target, pointer.sequence, [path], channel, roots);
  return release?.pointer.manifest.sha256 === sha256 ? release : undefined;
}

function unreadable(target: ReadableTarget, { manifest }: ReleasePointer): string {
  return `${POINTER} on ${target.name} names ${manifest.path}, which is missing, damaged or signed by none of its keys.`;
}

function recentIndexes(
  target: ReadableTarget,
  releases: readonly PublishedRelease[],
  upTo: number,
): PublishedIndex[] {
  const recent = new Map<string, PublishedIndex>();
  for (const { pointer, manifest } of releases) {
    if (pointer.sequence > upTo || recent.has(manifest.index.sha256)) continue;
    const { sha256, bytes } = manifest.index;
    recent.set(sha256, {
      sequence: pointer.sequence,
      sha256,
      bytes,
      model: manifest.model,
      load: () => loadIndex(target, manifest.index),
    });
  }
  return [...recent.values()].slice(0, KEPT_RELEASES);
}
