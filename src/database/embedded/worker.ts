/** The thread of an embedded database: PGlite blocks its thread for as long as a statement runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { Backend } from './backend.ts';
import { serve } from './bridge.ts';
import type { CompiledPostgres } from './compiled.ts';
import { markCreated } from './data-folder.ts';

/** What the thread is started with. */
export interface WorkerInput {
  /** A folder, or `memory://`. */
  dataDir: string;
  socketPath: string;
  compiled: CompiledPostgres;
}

/** What it says. `failed` is the last. */
export type WorkerMessage = { type: 'ready' } | { type: 'failed'; reason: string };

const port = parentPort;
if (port === null) throw new Error('This module is the entry of a worker thread.');
const input = workerData as WorkerInput;
const isInMemory = input.dataDir === 'memory://';
const say = (message: WorkerMessage) => port.postMessage(message);

function fail(failure: unknown): void {
  say({ type: 'failed', reason: failure instanceof Error ? failure.message : String(failure) });
  // Ends the thread once what was written to the sockets is out.
  port?.close();
}

const starter = {};
const backend = new Backend(starter);
try {
  // Before the start, which takes seconds, so that who comes meanwhile waits instead of failing.
  const bridge = await serve(backend, input.socketPath, fail);
  port.once('message', () => {
    void bridge.stop().finally(() => port.close());
  });
  await backend.start(input.dataDir, input.compiled);
  if (!isInMemory) markCreated(input.dataDir);
  backend.release(starter);
  say({ type: 'ready' });
} catch (error) {
  fail(error);
}
