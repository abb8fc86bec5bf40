/** Serves one backend to any number of clients on a Unix socket. Runs in the worker thread. */
import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Backend } from './backend.ts';
import { ClientSession, type Shared } from './client-session.ts';

export interface Bridge {
  /** Sends the clients away, then stops the backend. */
  stop(): Promise<void>;
}

/** How long a client in a transaction may keep others waiting without a word, ms. */
const IDLE_TIMEOUT_MS = 60_000;

/** @param onFailure called once when the backend has ended by itself; the clients are gone then */
export async function serve(
  backend: Backend,
  socketPath: string,
  onFailure: (failure: unknown) => void,
  idleTimeoutMs: number = IDLE_TIMEOUT_MS,
): Promise<Bridge> {
  let hasFailed = false;
  const shared: Shared = {
    backend,
    sessions: new Set(),
    unnamedOwner: null,
    idleTimeoutMs,
    onFailure: (failure) => {
      if (hasFailed) return;
      hasFailed = true;
      server.close();
      for (const session of shared.sessions)
        session.shutDown('57P02', 'the embedded database has stopped unexpectedly');
      onFailure(failure);
    },
  };
  const server = createServer((socket) => void new ClientSession(socket, shared));
  await listening(server, socketPath);
  return {
    async stop() {
      server.close();
      // Whoever has its turn finishes it first.
      const stopper = {};
      await backend.acquire(stopper);
      for (const session of shared.sessions)
        session.shutDown('57P01', 'the embedded database is shutting down');
      await backend.stop();
    },
  };
}

function listening(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      chmodSync(socketPath, 0o600);
      resolve();
    });
  });
}
