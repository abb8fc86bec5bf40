/** Finds the Postgres that is installed here and what it can load. Installs and starts nothing. */
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';

import { outputOf } from './command.ts';

export interface Postgres {
  /** The folder of initdb and pg_ctl. */
  binFolder: string;
  pgConfig: string;
  majorVersion: number;
}

const OLDEST = 15;

/** Debian keeps servers off the path, one folder per version: 15 first, the one the packages name. */
export function findPostgres(): Postgres | undefined {
  const debian = globSync('/usr/lib/postgresql/*/bin').sort();
  const onPath = outputOf('pg_config', ['--bindir']);
  const found = [...debian, ...(onPath === undefined ? [] : [onPath])].flatMap((binFolder) => {
    const pgConfig = path.join(binFolder, 'pg_config');
    const version = outputOf(pgConfig, ['--version']);
    const majorVersion = Number(/\d+/.exec(version ?? '')?.[0] ?? 0);
    const isServer = existsSync(path.join(binFolder, 'initdb'));
    return isServer && majorVersion >= OLDEST ? [{ binFolder, pgConfig, majorVersion }] : [];
  });
  return found[0];
}

export function hasVector(postgres: Postgres): boolean {
  const share = outputOf(postgres.pgConfig, ['--sharedir']);
  return share !== undefined && existsSync(path.join(share, 'extension', 'vector.control'));
}

/** Those of `names` that this Postgres can preload. */
export function preloadable(postgres: Postgres, names: readonly string[]): string[] {
  const folder = outputOf(postgres.pgConfig, ['--pkglibdir']);
  if (folder === undefined) return [];
  return names.filter(
    (name) =>
      existsSync(path.join(folder, `${name}.so`)) || existsSync(path.join(folder, `${name}.dylib`)),
  );
}
