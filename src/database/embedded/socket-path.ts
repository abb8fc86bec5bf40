/** Where the socket of an embedded database is: Postgres' usual name, so that any client finds it. */
import { rmdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SOCKET_NAME = '.s.PGSQL.5432';
const PRIVATE_PREFIX = 'evervec-';
/** Of a socket's path; the kernels' limits are 104 and 108. */
const MAX_SOCKET_BYTES = 100;

/**
 * Where `folder` is served: in it, so that `psql -h folder` finds it, or in a private temporary folder
 * (not made yet) when that path is too long for a socket.
 */
export function socketPathFor(folder: string): string {
  const inside = path.join(folder, SOCKET_NAME);
  if (Buffer.byteLength(inside) <= MAX_SOCKET_BYTES) return inside;
  return privateSocketPath();
}

/** In a temporary folder of its own, which the caller makes (0700). */
export function privateSocketPath(): string {
  return path.join(os.tmpdir(), PRIVATE_PREFIX + crypto.randomUUID(), SOCKET_NAME);
}

/** Removes a socket, and its folder if that was made for it. */
export function removeSocket(socket: string): void {
  // A path that was read from a file: nothing but a socket of ours is removed.
  if (path.basename(socket) !== SOCKET_NAME) return;
  rmSync(socket, { force: true });
  const folder = path.dirname(socket);
  if (!path.basename(folder).startsWith(PRIVATE_PREFIX) || path.dirname(folder) !== os.tmpdir())
    return;
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or not empty and then not ours.
  }
}
