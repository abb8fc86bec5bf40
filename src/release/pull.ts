/**
 * Brings back what a web site publishes, so that a folder which is deployed as a whole (GitHub Pages) has the files that its clients may still ask for.
 * A site can't be listed: what is there follows from the channel, and from the numbers below it.
 */
import { ReleaseTargetError } from '../errors/index.ts';
import { bringFixedFiles, showFixedFiles } from './fixed-files.ts';
import { manifestPath } from './manifests.ts';
import {
  KEPT_RELEASES,
  POINTER,
  type PublishedRelease,
  readPublished,
  type ReadOptions,
} from './published.ts';
import { rootPath } from './roots.ts';
import type { ReadableTarget, ReleaseTarget, TargetFile } from './target.ts';

export interface PullOutcome {
  /** False where the site has no channel yet: there is nothing to bring. */
  readonly isPublished: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly sequences: readonly number[];
}

/** So many missing numbers in a row are the end: numbers are lost only to publishers that were killed. */
const MAX_GAP = 20;

/**
 * The pointer comes last, so that a pull which was cut is seen as none.
 * @throws ReleaseError when what the site has does not pass a client's checks; ReleaseTargetError
 */
export async function pull(
  site: Site,
  target: ReleaseTarget,
  options: ReadOptions = {},
): Promise<PullOutcome> {
  const source = await readableSite(site);
  const published = await readPublished(source, options);
  let files = 0;
  let bytes = 0;
  const bring = async (path: string, isNeeded: boolean) => {
    const found = await site.get(path);
    if (found === undefined) {
      if (isNeeded) throw missing(site, path);
      return;
    }
    await target.put(path, found);
    files++;
    bytes += found.length;
  };
  for (const { version } of published.roots) await bring(rootPath(version), false);
  const { channel } = published;
  if (channel === undefined) return { isPublished: false, files, bytes, sequences: [] };
  const offered = new Set([published.current, published.candidate]);
  for (const release of published.releases) {
    for (const path of pathsOf(release)) await bring(path, offered.has(release));
  }
  for (const { pointer } of published.releases)
    bytes += await bringFixedFiles(site, target, pointer.sequence);
  const before = await target.get(POINTER);
  await target.switchPointer(POINTER, channel.bytes, before);
  await showFixedFiles(target, channel.document.current.sequence);
  const sequences = published.releases.map(({ pointer }) => pointer.sequence);
  return { isPublished: true, files: files + 1, bytes: bytes + channel.bytes.length, sequences };
}

/** A web site that is read by its paths. */
export interface Site {
  readonly name: string;
  /** @returns undefined for 404; @throws ReleaseTargetError */
  get(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

function missing({ name }: Site, path: string): ReleaseTargetError {
  return new ReleaseTargetError(`${name} offers a release without ${path}.`, {
    remedy:
      'If the site was being deployed just now, run this again. Else build with --force and publish.',
    isRetryable: true,
  });
}

function pathsOf({ pointer, manifest }: PublishedRelease): string[] {
  const { index, deltas, model } = manifest;
  const contents = [index, ...deltas, ...(model.download ? [model.download] : [])];
  return [...contents.flatMap(({ files }) => files.map(({ path }) => path)), pointer.manifest.path];
}

/** Finds the manifests of the last releases by their numbers. */
async function readableSite(site: Site): Promise<ReadableTarget> {
  const files: TargetFile[] = [];
  return {
    name: site.name,
    get: (path) => site.get(path),
    list: async (folder) => {
      if (folder !== 'releases' || files.length > 0) return files;
      files.push(...(await findManifests(site)));
      return files;
    },
  };
}

async function findManifests(site: Site): Promise<TargetFile[]> {
  const pointer = await site.get(POINTER);
  if (pointer === undefined) return [];
  const offered = peekPointers(pointer);
  const files = new Map<string, TargetFile>();
  const look = async (path: string) => {
    const bytes = files.has(path) ? undefined : await site.get(path);
    if (bytes !== undefined) files.set(path, { path, bytes: bytes.length, writtenAt: 0 });
    return bytes !== undefined;
  };
  for (const { path } of offered) await look(path);
  const highest = Math.max(0, ...offered.map(({ sequence }) => sequence));
  let gap = 0;
  for (let sequence = highest; sequence > 0 && gap < MAX_GAP; sequence--) {
    if (files.size > KEPT_RELEASES + 1) break;
    gap = (await look(manifestPath(sequence))) ? 0 : gap + 1;
  }
  return [...files.values()];
}

/** Before it is believed: which manifests it names. They are checked when they are read. */
function peekPointers(bytes: Uint8Array): { sequence: number; path: string }[] {
  try {
    const { current, candidate } = JSON.parse(Buffer.from(bytes).toString()).signed;
    return [current, candidate]
      .filter((one) => Number.isSafeInteger(one?.sequence))
      .map(({ sequence, manifest }) => ({ sequence, path: String(manifest.path) }));
  } catch {
    return [];
  }
}
