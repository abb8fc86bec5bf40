/** Where the real services keep what they need. Every path is this checkout's own. */
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..', '..');
/** Git-ignored: state, logs, the build of pgvector and, where the postgres user gets here, the data. */
export const SERVICES = path.join(ROOT, '.services');
export const STATE_FILE = path.join(SERVICES, 'state.json');
