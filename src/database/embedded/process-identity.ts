/**
 * Tells whether a process that left its name in a file is still there. A pid alone does not say: it is
 * reused, it means nothing on another machine, in another container or after a reboot.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

export interface ProcessIdentity {
  pid: number;
  /** Opaque; differs between two processes that had the same pid. Null where it can't be found out. */
  startTime: string | null;
  host: string;
  /** Differs after a reboot; null where it can't be found out. */
  boot: string | null;
  /** The namespace that the pid counts in (containers); null where there is none. */
  namespace: string | null;
}

/** `elsewhere`: on another machine or in another container, where pids can't be looked up. */
export type Presence = 'alive' | 'dead' | 'elsewhere';

export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    host: os.hostname(),
    boot: textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: textOf(() => readlinkSync('/proc/self/ns/pid')),
  };
}

export function presenceOf(other: ProcessIdentity): Presence {
  const own = ownIdentity();
  if (other.host !== own.host) return 'elsewhere';
  if (other.boot !== own.boot) return 'dead';
  if (other.namespace !== own.namespace) return 'elsewhere';
  if (other.startTime !== null)
    return startTimeOf(other.pid) === other.startTime ? 'alive' : 'dead';
  return exists(other.pid) ? 'alive' : 'dead';
}

/** Null for a process that is not there, or has ended and only waits for its parent to notice. */
function startTimeOf(pid: number): string | null {
  if (process.platform === 'linux') {
    return textOf(() => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in parentheses and may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [state] = fields;
      return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
    });
  }
  return textOf(() => {
    const options = {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, LC_ALL: 'C' },
    } as const;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || null;
  });
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to someone else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function textOf(read: () => string | null): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
