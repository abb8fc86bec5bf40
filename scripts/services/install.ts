/**
 * Brings what the services need onto the machine, step by step: each says what it does, is skipped
 * when its result is there, and may fail without keeping the next from its turn.
 */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

import { isRoot, runLogged } from './command.ts';
import { buildVector, installPackages, isSupportedDebian, missingPackages } from './debian.ts';
import { ROOT } from './paths.ts';
import { findPostgres, hasVector } from './postgres.ts';

/** Folders with a lockfile of their own: what only benchmarks or some tests need. */
const NPM_FOLDERS = ['bench/peers', 'test/runtimes', 'test/s3', 'test/transformers'];

/** Installs all that is missing and can be installed here. Returns the steps that failed. */
export function installAll(): string[] {
  return [
    ...installPackagesStep(),
    ...installVectorStep(),
    ...NPM_FOLDERS.flatMap((folder) => installNpmStep(folder)),
  ];
}

function installPackagesStep(): string[] {
  if (!isSupportedDebian()) {
    say('packages: not Debian 12; Postgres 15+, pgvector 0.7+ and Chromium are yours to install');
    return [];
  }
  const missing = missingPackages();
  if (missing.length === 0) return there('packages');
  if (!isRoot) {
    say(`packages: not root; as root, run: apt-get install ${missing.join(' ')}`);
    return [];
  }
  return attempt('packages', `installing ${missing.join(' ')}; log: .services/apt.log`, () =>
    installPackages(missing),
  );
}

function installVectorStep(): string[] {
  const postgres = findPostgres();
  if (!postgres) {
    say('pgvector: no Postgres 15 or newer to install it for');
    return [];
  }
  if (hasVector(postgres)) return there('pgvector');
  if (!isRoot || !isSupportedDebian()) {
    say(
      `pgvector: not installed for Postgres ${postgres.majorVersion}; as root, run this again on Debian 12`,
    );
    return [];
  }
  return attempt('pgvector', "building Debian's source package; log: .services/apt.log", () =>
    buildVector(postgres.pgConfig),
  );
}

function installNpmStep(folder: string): string[] {
  const cwd = path.join(ROOT, folder);
  // npm writes this file last: it says that an install came to its end, and when.
  const installed = path.join(cwd, 'node_modules', '.package-lock.json');
  const lockfile = path.join(cwd, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs)
    return there(folder);
  return attempt(folder, 'npm ci; log: .services/npm.log', () =>
    runLogged('npm.log', 'npm', ['ci'], { cwd }),
  );
}

function attempt(name: string, what: string, work: () => void): string[] {
  say(`${name}: ${what}`);
  const begin = performance.now();
  try {
    work();
    say(`${name}: done in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    return [];
  } catch (error) {
    say(`${name}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
    return [name];
  }
}

function there(name: string): string[] {
  say(`${name}: installed`);
  return [];
}

function say(line: string): void {
  console.log(line);
}
