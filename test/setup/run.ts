/**
 * Vitest's global set-up: one test run, with a number and a folder that its workers share, and the
 * clean-up of whatever it or a run that was killed left behind. Tests never import it.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import type { TestProject } from 'vitest/node';

import { holdPostgresRun } from './postgres-lane.ts';
import { SCRATCH_FOLDER } from './scratch.ts';

export interface TestRun {
  /** Part of each database's name; its advisory lock says that the run lives. */
  number: number;
  /** Holds the embedded databases. */
  folder: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    testRun: TestRun;
  }
}

const PREFIX = 'evervec-test-run-';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  removeDeadFolders();
  const number = Math.floor(Math.random() * 1e9);
  const folder = mkdtempSync(path.join(SCRATCH_FOLDER, `${PREFIX}${process.pid}-`));
  const url = process.env['EVERVEC_TEST_POSTGRES'];
  const release = url === undefined ? undefined : await holdPostgresRun(url, number);
  project.provide('testRun', { number, folder });
  return async () => {
    await release?.();
    rmSync(folder, { recursive: true, force: true });
  };
}

function removeDeadFolders(): void {
  for (const name of readdirSync(SCRATCH_FOLDER)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(path.join(SCRATCH_FOLDER, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process answers with EPERM: it lives, and its folder is not ours to remove.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
