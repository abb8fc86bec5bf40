/** The owner's side of an embedded database: starts the thread that serves it, and ends it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { DatabaseUnreachableError } from '../../errors/index.ts';
import { compiledPostgres } from './compiled.ts';
import type { WorkerInput, WorkerMessage } from './worker.ts';

const STACK_MB = 64;

/** From asking the thread to stop until it is ended by force, ms. */
const STOP_PATIENCE_MS = 10_000;

/** From a failure of the thread until it is ended by force, ms. */
const END_PATIENCE_MS = 1_000;

export interface EmbeddedServer {
  /** Resolves when the thread has ended, with the reason if nobody asked it to. */
  readonly ended: Promise<string | null>;
  stop(): Promise<void>;
}

/**
 * The thread's module: beside this one, as this one is (TypeScript in the repository, JavaScript when
 * published), or, when the build has bundled this one, where the build's entry of that name is.
 */
function entry(): URL {
  const extension = path.extname(import.meta.url);
  const beside = new URL(`./worker${extension}`, import.meta.url);
  return existsSync(beside)
    ? beside
    : new URL(`./database/embedded/worker${extension}`, import.meta.url);
}

/** @throws DatabaseUnreachableError when the data can't be opened */
export async function startServer(place: Omit<WorkerInput, 'compiled'>): Promise<EmbeddedServer> {
  const input: WorkerInput = { ...place, compiled: await compiledPostgres() };
  const worker = new Worker(entry(), {
    workerData: input,
    // Flags of the process such as --test or --import are not for this thread.
    execArgv: [],
    // Postgres' own limit on recursion must be met before that of the thread, which is a crash.
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  let reason: string | null = null;
  let isStopping = false;
  const force = (patienceMs: number) => {
    const timer = setTimeout(() => void worker.terminate(), patienceMs);
    worker.once('exit', () => clearTimeout(timer));
  };
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string | null>();
  worker.on('message', (message: WorkerMessage) => {
    if (message.type === 'ready') ready.resolve();
    else {
      reason = message.reason;
      // It ends by itself once its clients are told; WebAssembly that hangs does not.
      force(END_PATIENCE_MS);
    }
  });
  worker.on('error', (error) => {
    reason = error.message;
  });
  worker.on('exit', (code) => {
    const unexpected = reason ?? (isStopping ? null : `its thread ended with ${code}`);
    ready.reject(
      new DatabaseUnreachableError(`The embedded database could not start: ${unexpected}`, {
        remedy: 'Check that the folder can be written and holds a database of this version.',
      }),
    );
    ended.resolve(unexpected);
  });
  await ready.promise;
  return {
    ended: ended.promise,
    async stop() {
      isStopping = true;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      worker.postMessage('stop');
      force(STOP_PATIENCE_MS);
      await ended.promise;
    },
  };
}
