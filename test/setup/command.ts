/** Runs the command as a user does: a process of its own, from a folder of its own. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SCRATCH_FOLDER } from './scratch.ts';

const COMMAND = fileURLToPath(new URL('../../bin/evervec.js', import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  /** Resolves when the stream, by default stdout, has a match; rejects with the output when the process ends before. */
  until(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Outcome>;
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
  write(name: string, text: string): Promise<void>;
  /** Runs to the end. `args` as after `evervec`. */
  run(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  /** Starts and leaves it running; killed with the folder's disposal if need be. */
  start(args: readonly string[], env?: Record<string, string>): Running;
}

/** Nothing of the machine's own configuration reaches the command. */
function cleanEnvironment(env: Record<string, string>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined &&
      !/^(DATABASE_|EMBEDDING_|OPENAI_|OLLAMA_|COHERE_|EVERVEC_|SEMANTIC_|CRON_SECRET|AUTH_TOKEN|FORCE_COLOR)/.test(
        name,
      ),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), NO_COLOR: '1', ...env };
}

/** A new empty folder to run the command in. */
export async function commandFolder(): Promise<Folder> {
  const folder = await mkdtemp(path.join(SCRATCH_FOLDER, 'evervec-cli-'));
  const running = new Set<Running>();
  const start = (args: readonly string[], env: Record<string, string> = {}): Running => {
    const started = follow(args, folder, cleanEnvironment(env));
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  };
  return {
    path: folder,
    write: async (name, text) => {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    },
    run: (args, env) => start(args, env).ended,
    start,
    [Symbol.asyncDispose]: async () => {
      for (const one of running) one.kill('SIGKILL');
      await Promise.all([...running].map((one) => one.ended));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function follow(args: readonly string[], cwd: string, env: Record<string, string>): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const told = () => {
    for (const look of waiting) look();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outcome.stdout += text;
    told();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    outcome.stderr += text;
    told();
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => {
      outcome.code = code;
      resolve(outcome);
      told();
    });
  });
  return {
    ended,
    kill: (signal) => child.kill(signal),
    until: (pattern, stream = 'stdout') =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(outcome[stream]);
          if (match === null && outcome.code === null && child.exitCode === null) return;
          waiting.delete(look);
          if (match !== null) resolve(match);
          else reject(new Error(`ended before ${pattern}: ${JSON.stringify(outcome)}`));
        };
        waiting.add(look);
        look();
      }),
  };
}
