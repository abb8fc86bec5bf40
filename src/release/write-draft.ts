/**
 * The folder of a draft: written whole beside the one that is there, and put in its place at the end. What is interrupted leaves the older draft;
 * what reads one finds it whole or not at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EvervecError, ReleaseError } from '../errors/index.ts';
import { canonicalBytes } from '../format/canonical-json.ts';
import type { ReleaseDraft } from './draft.ts';

export const DRAFT_FILE = 'draft.json';
const BUILDING = '.building';
/** What a build that was killed left behind; one that still runs is younger. */
const LEFT_OVER_AFTER_MS = 3_600_000;

/** `draft.json`: the draft, and of each of its files what it must be. */
export interface DraftFile extends ReleaseDraft {
  /** Path → SHA-256 of the file as it lies there, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** @throws ReleaseError (draft) when the folder can't be written; what was there before is still there */
export async function writeDraft(
  folder: string,
  draft: ReleaseDraft,
  contents: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const fresh = `${folder}.${randomUUID()}${BUILDING}`;
  try {
    await clearLeftOvers(folder);
    for (const [file, bytes] of contents) await writeAt(fresh, file, bytes);
    const sha256 = Object.fromEntries(
      Array.from(contents, ([file, bytes]) => [file, digestOf(bytes)]),
    );
    await writeAt(fresh, DRAFT_FILE, canonicalBytes({ ...draft, sha256 } satisfies DraftFile));
    await replace(folder, fresh);
  } catch (error) {
    throw unwritable(folder, error);
  } finally {
    // What can't be removed now is a left-over of the next build; why it failed is what counts.
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
  }
}

/** Takes a draft away: what it says is no longer what the content is. A folder that is none stays. */
export async function removeDraft(folder: string): Promise<void> {
  for (const each of [folder, beforeOf(folder)])
    if (await isDraft(each)) await rm(each, { recursive: true, force: true });
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function writeAt(folder: string, file: string, bytes: Uint8Array): Promise<void> {
  const at = path.join(folder, ...file.split('/'));
  await mkdir(path.dirname(at), { recursive: true });
  await writeFile(at, bytes, { flag: 'wx' });
}

/** No system call exchanges two folders in Node, so between two renames the older one has another name. */
const beforeOf = (folder: string) => `${folder}.before`;

async function replace(folder: string, fresh: string): Promise<void> {
  await takeBack(folder);
  const before = beforeOf(folder);
  if (existsSync(folder)) {
    await requireDraft(folder);
    await rename(folder, before);
  }
  await rename(fresh, folder);
  await rm(before, { recursive: true, force: true });
}

/** Brings back the older draft, where its replacement was interrupted between the two renames. */
export async function takeBack(folder: string): Promise<void> {
  const before = beforeOf(folder);
  if (!(await isDraft(before))) return;
  if (existsSync(folder)) await rm(before, { recursive: true, force: true });
  else await rename(before, folder);
}

async function clearLeftOvers(folder: string): Promise<void> {
  const beside = path.dirname(folder);
  const names = await readdir(beside).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`${path.basename(folder)}.`) || !name.endsWith(BUILDING)) continue;
    const at = path.join(beside, name);
    const { mtimeMs } = await stat(at);
    if (mtimeMs < Date.now() - LEFT_OVER_AFTER_MS) await rm(at, { recursive: true, force: true });
  }
}

/** A folder that was named by mistake is not thrown away. */
async function requireDraft(folder: string): Promise<void> {
  if (await isDraft(folder)) return;
  throw new ReleaseError('exists', `${folder} is there already, and is no draft of a release.`, {
    remedy: 'Name another folder with --out, or remove this one.',
    isUsage: true,
  });
}

/** By what only a draft has: a file of that name may be anybody's. */
async function isDraft(folder: string): Promise<boolean> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(folder, DRAFT_FILE), 'utf8'));
    return typeof value === 'object' && value !== null && 'manifest' in value && 'sha256' in value;
  } catch {
    return false;
  }
}

function unwritable(folder: string, error: unknown): EvervecError {
  if (error instanceof EvervecError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : code;
  return new ReleaseError('draft', `The draft ${folder} can't be written: ${why}.`, {
    remedy: 'Make room or name another folder with --out. The draft before is still there.',
    cause: error,
  });
}
