/** The demonstration as somebody starts it: its command, in a folder of the test's own. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
/** Some of the documentation: all of it takes as long to take in as the test. */
const PAGES = ['client.md', 'operations.md', 'release-format.md', 'releases.md', 'search.md'];
const MAIN = fileURLToPath(new URL('../../examples/pwa/server/main.ts', import.meta.url));

export interface Demonstration {
  readonly folder: string;
  readonly url: string;
  /** What the command said until it served. */
  readonly said: string;
  /** Makes one more release; what it said. */
  publishAgain(): Promise<string>;
  end(): Promise<void>;
}

export async function startDemonstration(): Promise<Demonstration> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evervec-pwa-'));
  const options = ['--folder', path.join(folder, 'demo'), '--docs', path.join(folder, 'docs')];
  for (const name of PAGES) await cp(path.join(DOCS, name), path.join(folder, 'docs', name));
  const running = start(['--port', '0', ...options]);
  const url = await running.until(/The guide is at (\S+)/);
  return {
    folder: path.join(folder, 'demo'),
    url,
    said: running.said(),
    async publishAgain() {
      const again = start(['--publish-again', ...options]);
      await again.until(/see it within/);
      await again.ended;
      return again.said();
    },
    async end() {
      running.interrupt();
      await running.ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same with wrong options. */
export async function refusal(args: readonly string[]): Promise<{ code: number; said: string }> {
  const running = start(args);
  return { code: await running.ended, said: running.said() };
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const heard = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => {
      said += String(piece);
      for (const listener of heard) listener();
    });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  return {
    ended,
    said: () => said,
    interrupt: () => void child.kill('SIGINT'),
    /** @returns the first group, or all; rejects with what was said when it ends before */
    until: (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(said);
          if (found !== null) resolve(found[1] ?? found[0]);
        };
        heard.add(look);
        look();
        void ended.then((code) => reject(new Error(`ended with ${code}: ${said}`)));
      }),
  };
}
