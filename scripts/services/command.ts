/**
 * Runs the programs that the services are made of: with their output in a log, or kept.
 * It decides nothing about what a failure means; the step that called does.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { SERVICES } from './paths.ts';

export const isRoot = process.getuid?.() === 0;

export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Runs a program with everything it says in `.services/<log>`. Throws, with the log's end, if it fails. */
export function runLogged(
  log: string,
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): void {
  mkdirSync(SERVICES, { recursive: true });
  const file = path.join(SERVICES, log);
  const descriptor = openSync(file, 'a');
  try {
    const result = spawnSync(program, args, {
      cwd: options.cwd ?? '/',
      env: { ...process.env, ...options.env },
      stdio: ['ignore', descriptor, descriptor],
    });
    if (result.status === 0) return;
    const reason = result.error?.message ?? `exit ${result.status ?? result.signal}`;
    const end = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n    ');
    throw new CommandError(
      `${program} ${args[0] ?? ''}: ${reason}; .services/${log} ends with\n    ${end}`,
    );
  } finally {
    closeSync(descriptor);
  }
}

/** What a program prints, trimmed; undefined if it fails or is not there. */
export function outputOf(program: string, args: readonly string[]): string | undefined {
  const result = spawnSync(program, args, {
    cwd: '/',
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Postgres refuses to run as root: then its programs run as the user that Debian's package made. */
export function asPostgresUser(program: string, args: readonly string[]): [string, string[]] {
  return isRoot ? ['runuser', ['-u', 'postgres', '--', program, ...args]] : [program, [...args]];
}
