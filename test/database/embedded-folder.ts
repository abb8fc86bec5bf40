/** Folders and processes for tests of the embedded database alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { inject, onTestFinished } from 'vitest';
import { openEmbedded } from '../../src/database/index.ts';
import { createFolder, removeFolder } from '../setup/embedded-lane.ts';
import { Signal } from '../setup/signal.ts';

/** A folder with an empty database that nobody has open; removed after the test. */
export async function emptyDatabase(): Promise<string> {
  const folder = await createFolder(inject('testRun').folder, 'empty', async (template) => {
    const database = await openEmbedded({ folder: template });
    await database.close();
  });
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** A path that nothing is at yet; removed after the test. */
export function newFolder(): string {
  const folder = path.join(inject('testRun').folder, `new-${crypto.randomUUID()}`);
  onTestFinished(() => removeFolder(folder));
  return folder;
}

export interface Program {
  process: ChildProcess;
  /** Resolves with the first line that begins like this, in full. */
  line(beginning: string): Promise<string>;
  /** All lines so far. */
  lines: string[];
  exited: Promise<number | null>;
}

/** Runs `program.ts` with `command` on `folder`; killed after the test if it still runs. */
export function run(command: string, folder: string): Program {
  const program = path.join(import.meta.dirname, 'program.ts');
  const child = spawn(process.execPath, [program, command, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const lineOf = (beginning: string) => {
    const signal = new Signal<string>(`the line "${beginning}" of ${command}`);
    const look = () => {
      const found = lines.find((line) => line.startsWith(beginning));
      if (found === undefined) return;
      waiting.delete(look);
      signal.fire(found);
    };
    waiting.add(look);
    look();
    return signal.fired(30_000);
  };
  return { process: child, line: lineOf, lines, exited };
}
