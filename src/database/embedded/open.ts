/**
 * Opens the embedded database: Postgres in WebAssembly, in a folder or in memory. The first process to
 * open a folder owns it and serves it; others that open it meanwhile are its clients.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import type { ClientConfig } from 'pg';
import { ConfigError, DatabaseInUseError, DatabaseUnreachableError } from '../../errors/index.ts';
import { type Logger, silentLogger, systemClock, systemRandom } from '../../runtime/index.ts';
import type { Database } from '../database.ts';
import { checkSchemaName } from '../names.ts';
import { PooledDatabase } from '../pooled-database.ts';
import { prepareData } from './data-folder.ts';
import { atExit } from './exit.ts';
import { FolderLock, type LockHolder } from './folder-lock.ts';
import { type EmbeddedServer, startServer } from './server.ts';
import { privateSocketPath, removeSocket, socketPathFor } from './socket-path.ts';

export interface EmbeddedOptions {
  /** Where the data is and stays, made when missing; `:memory:` for a database that ends with `close`. */
  folder: string;
  /** Evervec's own schema. Default `evervec`. */
  schema?: string;
  /**
   * How long a folder's owner may take to answer, ms. Default 15,000: a long statement of the owner
   * holds everybody up.
   */
  ownerTimeoutMs?: number;
  logger?: Logger;
}

type Opening = Required<EmbeddedOptions>;

/** An owner that is there listens within this time after it took the lock, ms: a first creation takes 3 s, under load 20. */
const LISTEN_PATIENCE_MS = 30_000;

/**
 * @throws DatabaseInUseError when the folder belongs to a process that does not answer
 * @throws DatabaseUnreachableError when the folder can't be used or the data can't be opened
 * @throws ConfigError when the data is of another version, and on Windows
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  if (process.platform === 'win32') {
    throw new ConfigError('The embedded database needs Unix sockets, which Windows has not.', {
      remedy: 'Use a Postgres server (DATABASE_URL), or the Windows Subsystem for Linux.',
    });
  }
  const opening: Opening = {
    ownerTimeoutMs: 15_000,
    logger: silentLogger,
    ...options,
    schema: checkSchemaName(options.schema ?? 'evervec'),
  };
  if (options.folder === ':memory:') return openInMemory(opening);
  return openFolder({ ...opening, folder: path.resolve(options.folder) });
}

async function openInMemory(opening: Opening): Promise<Database> {
  const socket = privateSocketPath();
  mkdirSync(path.dirname(socket), { mode: 0o700 });
  return serveAndConnect(opening, socket, 'memory://', () => {});
}

async function openFolder(opening: Opening): Promise<Database> {
  const { folder } = opening;
  makeFolder(folder);
  const socket = socketPathFor(folder);
  const deadline = performance.now() + LISTEN_PATIENCE_MS;
  for (;;) {
    const lock = FolderLock.tryAcquire(folder, socket);
    if (lock instanceof FolderLock) return own(opening, lock, socket);
    const database = await connectTo(opening, lock);
    if (database !== null) return database;
    if (performance.now() > deadline) throw inUse(folder, lock, 'does not serve it');
    // Random, so that two who met do not meet again.
    await systemClock.sleep(20 + 100 * systemRandom());
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    // Who may open the socket may do anything, and the data is as private as the rows it comes from.
    chmodSync(folder, 0o700);
  } catch (error) {
    throw new DatabaseUnreachableError(`The folder ${folder} can't be used: ${codeOf(error)}`, {
      remedy: 'Choose a folder that this user owns.',
      cause: error,
      isUsage: true,
    });
  }
}

function own(opening: Opening, lock: FolderLock, socket: string): Promise<Database> {
  try {
    const data = prepareData(opening.folder);
    // Left by an owner that was killed; nobody else may listen there.
    removeSocket(socket);
    mkdirSync(path.dirname(socket), { recursive: true, mode: 0o700 });
    return serveAndConnect(opening, socket, data, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function serveAndConnect(
  opening: Opening,
  socketPath: string,
  dataDir: string,
  unlock: () => void,
): Promise<Database> {
  const cancelExit = atExit(() => removeSocket(socketPath));
  const release = () => {
    cancelExit();
    removeSocket(socketPath);
    unlock();
  };
  let server: EmbeddedServer;
  try {
    server = await startServer({ dataDir, socketPath });
  } catch (error) {
    release();
    throw error;
  }
  void releaseAtEnd(server, release, opening.logger);
  return openPool(opening, socketPath, 0, () => server.stop());
}

async function releaseAtEnd(
  server: EmbeddedServer,
  release: () => void,
  logger: Logger,
): Promise<void> {
  const reason = await server.ended;
  if (reason !== null) logger.error({ reason }, 'the embedded database stopped unexpectedly');
  release();
}

/** @returns null when nobody listens: the holder is starting, ending, or was only trying as we were */
async function connectTo(opening: Opening, holder: LockHolder): Promise<Database | null> {
  if (!(await isListening(holder.socket))) return null;
  const started = performance.now();
  try {
    return await openPool(opening, holder.socket, opening.ownerTimeoutMs, async () => {});
  } catch (error) {
    if (!(error instanceof DatabaseUnreachableError)) throw error;
    // Timers may be early by a little.
    if (performance.now() - started < 0.9 * opening.ownerTimeoutMs) return null;
    throw inUse(opening.folder, holder, `did not answer within ${opening.ownerTimeoutMs} ms`);
  }
}

function openPool(
  { schema, logger, folder }: Opening,
  socket: string,
  connectTimeoutMs: number,
  onClose: () => Promise<void>,
): Promise<Database> {
  // All that node-postgres would otherwise take from the environment.
  const client: ClientConfig = {
    host: path.dirname(socket),
    port: 5432,
    user: 'postgres',
    password: 'none',
    database: 'postgres',
    ssl: false,
  };
  return PooledDatabase.open({
    target: { kind: 'embedded', label: folder },
    client,
    schema,
    maxConnections: 1,
    idleTimeoutMs: 0,
    connectTimeoutMs,
    // A local socket that is gone says so; a probe would take a long statement for silence.
    probe: null,
    logger,
    onClose,
  });
}

/** The system accepts connections also while the owner is busy. */
function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function inUse(folder: string, holder: LockHolder, problem: string): DatabaseInUseError {
  return new DatabaseInUseError(
    `The database in ${folder} belongs to process ${holder.pid} on ${holder.host}, which ${problem}.`,
    {
      remedy: `Wait for process ${holder.pid} to finish, or stop it, then try again.`,
      isRetryable: true,
    },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
