/**
 * A folder that a web server shows. A file is written beside, synced, and linked to its name, so that it appears whole and replaces nothing; the
 * pointer is renamed over the old one under a lock. What is unfinished lies in `.tmp`.
 */
import { randomUUID } from 'node:crypto';
import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { EvervecError, ReleaseConflictError, ReleaseTargetError } from '../../errors/index.ts';
import type { ReleaseTarget, TargetFile } from '../target.ts';
import { withLock } from './lock.ts';
import { checkPath, isEqual } from './path.ts';
import { codeOf, hasNoLinks, isMissing, isThere, remedyFor } from './system-error.ts';

const UNFINISHED = '.tmp';
const LOCK = '.lock';
const LEFT_OVER_AFTER_MS = 3_600_000;

/** @param folder made when the first file is put */
export function folderTarget(folder: string): ReleaseTarget {
  const root = path.resolve(folder);
  const name = `folder ${folder}`;
  const at = (file: string) => path.join(root, ...checkPath(file, name).split('/'));
  return {
    name,
    get: (file) => told(name, `${file} can't be read`, () => read(at(file))),
    put: (file, bytes) =>
      told(name, `${file} can't be written`, async () => {
        if (!(await place(root, at(file), bytes)))
          throw new ReleaseTargetError(`${name}: ${file} is there already, with other content.`, {
            remedy: 'If it is damaged, delete it and run this again.',
          });
      }),
    switchPointer: (file, bytes, expected) =>
      told(name, `${file} can't be replaced`, () =>
        exchange(root, at(file), bytes, expected, name),
      ),
    list: (below) => told(name, `${below} can't be listed`, () => list(root, below, name)),
    remove: (file) => told(name, `${file} can't be removed`, () => rm(at(file), { force: true })),
  };
}

/** Makes an error of ours of one of the file system. */
async function told<T>(name: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EvervecError) throw error;
    throw new ReleaseTargetError(`${name}: ${what} (${codeOf(error)}).`, {
      remedy: remedyFor(error),
      cause: error,
    });
  }
}

async function read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** @returns false when other bytes are there */
async function place(root: string, file: string, bytes: Uint8Array): Promise<boolean> {
  const found = await read(file);
  if (found !== undefined) return isEqual(found, bytes);
  const unfinished = await writeUnfinished(root, bytes);
  try {
    await makeFolder(path.dirname(file));
    await link(unfinished, file).catch(async (error: unknown) => {
      if (!hasNoLinks(error)) throw error;
      await rename(unfinished, file);
    });
    await syncFolder(path.dirname(file));
    return true;
  } catch (error) {
    if (!isThere(error)) throw error;
    const other = await read(file);
    return other !== undefined && isEqual(other, bytes);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function exchange(
  root: string,
  file: string,
  bytes: Uint8Array,
  expected: Uint8Array | undefined,
  name: string,
): Promise<void> {
  const shown = path.basename(file);
  const unfinished = await writeUnfinished(root, bytes);
  try {
    await makeFolder(path.dirname(file));
    const isDone = await withLock(path.join(root, LOCK), async () => {
      const found = await read(file);
      const isSame =
        found === undefined || expected === undefined
          ? found === expected
          : isEqual(found, expected);
      if (!isSame)
        throw new ReleaseConflictError(name, `${shown} was changed by somebody else meanwhile.`);
      await rename(unfinished, file);
      await syncFolder(path.dirname(file));
      return true;
    });
    if (!isDone)
      throw new ReleaseConflictError(name, 'somebody else has held its lock for ten seconds.');
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writeUnfinished(root: string, bytes: Uint8Array): Promise<string> {
  const folder = path.join(root, UNFINISHED);
  await makeFolder(folder);
  await removeLeftOver(folder);
  const file = path.join(folder, randomUUID());
  try {
    await writeFile(file, bytes, { flush: true });
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  return file;
}

/** Of publishers that were killed. */
async function removeLeftOver(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const file = path.join(folder, entry);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > LEFT_OVER_AFTER_MS)
      await rm(file, { force: true });
  }
}

/** A folder that is new is in its parent only when that is synced. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = path.dirname(at))
    await syncFolder(path.dirname(at));
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function list(root: string, below: string, name: string): Promise<TargetFile[]> {
  const folder = below === '' ? root : path.join(root, ...checkPath(below, name).split('/'));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    },
  );
  const files: TargetFile[] = [];
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    const relative = path.relative(root, file).split(path.sep).join('/');
    if (!entry.isFile() || relative.split('/').some((part) => part.startsWith('.'))) continue;
    const { size, mtimeMs } = await stat(file);
    files.push({ path: relative, bytes: size, writtenAt: mtimeMs });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
