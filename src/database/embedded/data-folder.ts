/**
 * The data of an embedded database on disk: whether it is whole and of this version. Creation takes
 * seconds and may be interrupted; a marker file says that it was, so that it is done again.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../errors/index.ts';

/** The major version of Postgres in the pinned PGlite; data of another one can't be opened. */
const MAJOR_VERSION = '18';

const dataOf = (folder: string) => path.join(folder, 'data');
const markerOf = (folder: string) => path.join(folder, 'creating');

/**
 * Makes the folder ready to be opened. Only for the holder of its lock.
 * @returns the folder that the data is in
 * @throws ConfigError when what is there is no database, or one of another version
 */
export function prepareData(folder: string): string {
  const data = dataOf(folder);
  if (existsSync(markerOf(folder))) rmSync(data, { recursive: true, force: true });
  const isNew = !existsSync(data) || readdirSync(data).length === 0;
  if (isNew) {
    writeFileSync(markerOf(folder), '');
    mkdirSync(data, { recursive: true, mode: 0o700 });
    return data;
  }
  const versionFile = path.join(data, 'PG_VERSION');
  const version = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : null;
  if (version === MAJOR_VERSION) return data;
  const found = version === null ? 'no database' : `a database of Postgres ${version}`;
  throw new ConfigError(`The folder ${data} holds ${found}; Postgres ${MAJOR_VERSION} is needed.`, {
    remedy: 'Choose another folder, or back the data up with the version that made it.',
  });
}

/** Must be called when the database has been created, and before anything else is written to it. */
export function markCreated(data: string): void {
  rmSync(markerOf(path.dirname(data)), { force: true });
}
