/**
 * A lock file: between processes of one machine, or of several that share a folder. Held for the moment in which a pointer is compared and
 * replaced. What a process leaves behind that was killed meanwhile is taken over.
 */
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isMissing, isThere } from './system-error.ts';

/** A switch takes milliseconds. A lock of another machine that is as old as this is left over. */
const STALE_AFTER_MS = 60_000;
const PAUSE_MS = 20;
const PATIENCE_MS = 10_000;

/**
 * @param file of the lock
 * @returns undefined when another process kept it for ten seconds
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
  const token = `${process.pid} ${hostname()} ${randomUUID()}`;
  const end = performance.now() + PATIENCE_MS;
  while (!(await take(file, token))) {
    if (performance.now() > end) return undefined;
    await breakStale(file);
    await delay(PAUSE_MS * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    if ((await holder(file)) === token) await rm(file, { force: true });
  }
}

async function take(file: string, token: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(token).finally(() => handle.close());
    return true;
  } catch (error) {
    if (isThere(error)) return false;
    throw error;
  }
}

async function holder(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** Moved aside first: of two who see the same stale lock, one gets it, and the other finds a new one or none. */
async function breakStale(file: string): Promise<void> {
  const seen = await holder(file);
  if (seen === undefined || !(await isStale(file, seen))) return;
  if ((await holder(file)) !== seen) return;
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  await rm(aside, { force: true });
}

async function isStale(file: string, token: string): Promise<boolean> {
  const [pid, host] = token.split(' ');
  if (host === hostname() && pid !== undefined) return !isAlive(Number(pid));
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > STALE_AFTER_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
