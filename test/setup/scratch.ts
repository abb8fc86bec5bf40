/** Where tests keep databases and files: in memory where there is room for it, a copy of a database takes a seventh of the time there. */
import { accessSync, constants, statfsSync } from 'node:fs';
import os from 'node:os';

const IN_MEMORY = '/dev/shm';
/** Two workers with a few databases of 40 MB each, and what tests of large ones add. */
const ROOM_BYTES = 4 * 1024 ** 3;

/** Programs must not be run from it: containers often forbid that. */
export const SCRATCH_FOLDER = hasRoom() ? IN_MEMORY : os.tmpdir();

function hasRoom(): boolean {
  try {
    accessSync(IN_MEMORY, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= ROOM_BYTES && os.freemem() >= ROOM_BYTES;
  } catch {
    // Not on this system.
    return false;
  }
}
