/**
 * The lock on the folder of an embedded database: two processes that open the same data destroy it.
 *
 * Each process that wants the folder writes a lock file under a name of its own, then looks for others. It
 * has the lock if it sees none of a living process; else it takes its own away again. Of two that write at
 * the same time, the later to look sees the other, so never both get it; it may happen that neither does,
 * and both try again. Nobody ever removes a lock under a name that a living process could hold, which is
 * what taking over a stale `lock.json` can't avoid.
 */
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { atExit } from './exit.ts';
import { ownIdentity, presenceOf, type ProcessIdentity } from './process-identity.ts';
import { removeSocket } from './socket-path.ts';

/** What a lock file says. */
export interface LockHolder extends ProcessIdentity {
  /** Where the holder serves the database. */
  socket: string;
}

const LOCK_FILE = /^lock-[0-9a-f-]{36}\.json$/;
/** Between signs of life, ms: for processes that can't look this one's pid up. */
const HEARTBEAT_MS = 10_000;
/** A holder elsewhere without a sign of life for this long is gone, ms. */
const SILENCE_MS = 60_000;

export class FolderLock {
  readonly #file: string;
  readonly #cancelExit: () => void;
  #isReleased = false;
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(file: string) {
    this.#file = file;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    // A crash leaves the file to the next one.
    this.#cancelExit = atExit(() => this.release());
  }

  /**
   * Tries once. Two attempts at the same moment may both fail: try again after a random pause.
   * @param socket where this process will serve the database
   * @returns the lock, or who holds it
   */
  static tryAcquire(folder: string, socket: string): FolderLock | LockHolder {
    const name = `lock-${crypto.randomUUID()}.json`;
    const file = path.join(folder, name);
    const draft = `${file}.draft`;
    const content: LockHolder = { ...ownIdentity(), socket };
    // Whoever sees a lock file must be able to read it.
    writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, file);
    const now = statSync(file).mtimeMs;
    for (const other of readdirSync(folder)) {
      if (other === name || !LOCK_FILE.test(other)) continue;
      const holder = holderOf(path.join(folder, other), now);
      if (holder === null) continue;
      rmSync(file, { force: true });
      return holder;
    }
    return new FolderLock(file);
  }

  /** Harmless a second time. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#cancelExit();
    clearInterval(this.#heartbeat);
    rmSync(this.#file, { force: true });
  }

  #beat(): void {
    try {
      utimesSync(this.#file, new Date(), new Date());
    } catch {
      // The folder was removed under us; the database will say so.
    }
  }
}

/**
 * @param now by the clock of the file system
 * @returns null when the lock is stale; it is removed then
 */
function holderOf(file: string, now: number): LockHolder | null {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as LockHolder;
    const presence = presenceOf(holder);
    if (presence === 'alive') return holder;
    if (presence === 'elsewhere' && now - statSync(file).mtimeMs < SILENCE_MS) return holder;
    // Its socket is in the folder and about to be replaced, or in a folder of its own.
    if (path.dirname(holder.socket) !== path.dirname(file)) removeSocket(holder.socket);
  } catch (error) {
    // Gone while we looked. What is there and can't be read was cut short by a crash of the machine.
    if (error instanceof Error && 'code' in error && error.code !== 'ENOENT') throw error;
  }
  rmSync(file, { force: true });
  return null;
}
