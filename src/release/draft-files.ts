/** Takes the files of a draft to a target: what a manifest names is checked once more on the way, since a disk is patient and a folder is open. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ReleaseError } from '../errors/index.ts';
import { sha256Hex } from '../format/index.ts';
import type { DraftManifest, ReleaseDraft } from './draft.ts';
import { plainOf, type ReleaseContent } from './load-index.ts';
import type { ReleaseTarget } from './target.ts';

/** A draft, and the folder that its files are in. */
export interface DraftFolder {
  readonly draft: ReleaseDraft;
  readonly folder: string;
}

export type OnPublishProgress = (file: string, done: number, total: number) => void;

/**
 * @returns the manifest, with the sizes that the files have on the target: another zlib may have made one that is there already
 * @throws ReleaseError when a file is not what was built; ReleaseTargetError
 */
export async function putFiles(
  { draft, folder }: DraftFolder,
  target: ReleaseTarget,
  onProgress?: OnPublishProgress,
): Promise<DraftManifest> {
  const { manifest, files } = draft;
  const named = new Set<string>();
  const put = async <T extends ReleaseContent>(content: T): Promise<T> => {
    const placed = [];
    for (const file of content.files) {
      onProgress?.(file.path, named.size, files.length);
      named.add(file.path);
      const bytes = await readDraftFile(folder, file.path);
      const plain = await plainOf(bytes, file.encoding, content.bytes);
      // What unpackers ignore behind the end of a gzip, browsers refuse.
      const isWhole = bytes.length === file.bytes;
      if (!isWhole || plain === undefined || (await sha256Hex(plain)) !== content.sha256)
        throw changed(folder, file.path);
      placed.push({ ...file, bytes: await place(target, file, bytes, content) });
    }
    return { ...content, files: placed };
  };
  const index = await put(manifest.index);
  const deltas = [];
  for (const delta of manifest.deltas) deltas.push(await put(delta));
  const { download } = manifest.model;
  const model = { ...manifest.model, ...(download && { download: await put(download) }) };
  for (const file of files)
    if (!named.has(file)) await target.put(file, await readDraftFile(folder, file));
  return { ...manifest, index, deltas, model };
}

/** @returns how long the file on the target is */
async function place(
  target: ReleaseTarget,
  { path, encoding }: ReleaseContent['files'][number],
  bytes: Uint8Array,
  { bytes: plainBytes, sha256 }: ReleaseContent,
): Promise<number> {
  const found = encoding === 'gzip' ? await target.get(path) : undefined;
  const plain = found && (await plainOf(found, encoding, plainBytes));
  if (found && plain && (await sha256Hex(plain)) === sha256) return found.length;
  await target.put(path, bytes);
  return bytes.length;
}

export async function readDraftFile(
  folder: string,
  file: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path.join(folder, ...file.split('/'))));
  } catch (error) {
    throw changed(folder, file, error);
  }
}

function changed(folder: string, file: string, cause?: unknown): ReleaseError {
  return new ReleaseError('draft', `${file} in ${folder} is not what was built.`, {
    remedy: 'Run "evervec release build --force", then publish again. Nothing was published.',
    cause,
  });
}
