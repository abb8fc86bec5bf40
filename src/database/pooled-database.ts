/**
 * `Database` over a pool of node-postgres connections, for both kinds: what differs between a Postgres
 * and the embedded database is only where the connections go and what closing has to end.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Client, type ClientConfig, Pool, type PoolClient, type PoolConfig } from 'pg';
import { DatabaseUnreachableError, QueryError } from '../errors/index.ts';
import type { Logger } from '../runtime/index.ts';
import { readCapabilities } from './capabilities.ts';
import { ClientConnection } from './client-connection.ts';
import type { Capabilities, Connection, Database, QueryResult } from './database.ts';
import { streamOf } from './driver.ts';
import { type Target, toDatabaseError } from './failure.ts';
import { KeptStatements } from './kept-statements.ts';
import { NotificationListener } from './listener.ts';
import type { ProbePolicy } from './listening-session.ts';
import { nameRewriter } from './names.ts';
import { valueParsers } from './values.ts';

/** How long `close` waits for statements under way before it cuts their connections, ms. */
const CLOSE_PATIENCE_MS = 10_000;

export interface PoolOptions {
  target: Target;
  /** What node-postgres connects with: address, credentials, TLS. */
  client: ClientConfig;
  schema: string;
  maxConnections: number;
  /** After which an idle connection is given back to the server, ms; 0 for never. */
  idleTimeoutMs: number;
  /** For a new connection, and for opening as a whole, ms, 0 for no limit; waiting for a free one has no limit. */
  connectTimeoutMs: number;
  /** Of the listening connection; null where its loss can't go unnoticed. */
  probe: ProbePolicy | null;
  logger: Logger;
  /** Ends what serves the connections, if that is ours to end. */
  onClose?: () => Promise<void>;
}

export class PooledDatabase implements Database {
  readonly schema: string;
  readonly #options: PoolOptions;
  readonly #pool: Pool;
  readonly #listener: NotificationListener;
  readonly #clients = new Set<Client>();
  readonly #lost = new WeakSet<Client>();
  readonly #kept = new WeakMap<Client, KeptStatements>();
  readonly #underWay = new Set<Promise<unknown>>();
  /** The open transaction of the calling function, if it is in one. */
  readonly #current = new AsyncLocalStorage<{ isOpen: boolean }>();
  #capabilities: Capabilities;
  #rewrite: (sql: string) => string;
  #closing: Promise<void> | null = null;

  /** @throws DatabaseUnreachableError; ConfigError when the server is too old */
  static async open(options: PoolOptions): Promise<PooledDatabase> {
    const database = new PooledDatabase(options);
    const limit = options.connectTimeoutMs;
    // A server may take the connection and then not answer.
    const timer = limit > 0 ? setTimeout(() => database.#cut(), limit) : undefined;
    try {
      await database.refresh();
      return database;
    } catch (error) {
      await database.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private constructor(options: PoolOptions) {
    const client: ClientConfig = {
      application_name: 'evervec',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      types: valueParsers,
      ...options.client,
      connectionTimeoutMillis: options.connectTimeoutMs,
    };
    this.#options = options;
    this.schema = options.schema;
    this.#capabilities = {
      kind: options.target.kind,
      serverVersion: 0,
      vectorVersion: null,
      vectorSchema: null,
      vectorType: options.target.kind === 'embedded' ? 'vector' : 'halfvec',
      connections: options.maxConnections,
    };
    this.#rewrite = nameRewriter(options.schema, null);
    this.#pool = this.#createPool(client);
    this.#listener = new NotificationListener({ ...options, client });
  }

  #createPool(client: ClientConfig): Pool {
    const lost = this.#lost;
    // The pool would apply the client's time limit to waiting for a free connection too.
    class TimedClient extends Client {
      constructor() {
        super(client);
        // A server may let one in and go away in the same breath: then nobody has the connection yet, and an event that nobody
        // hears ends the process.
        this.on('error', () => lost.add(this));
      }
    }
    const pool = new Pool({
      Client: TimedClient,
      max: this.#options.maxConnections,
      idleTimeoutMillis: this.#options.idleTimeoutMs,
    } as PoolConfig);
    pool.on('connect', (client) => this.#clients.add(client));
    pool.on('remove', (client) => this.#clients.delete(client));
    pool.on('error', (failure) => {
      // An idle connection broke; the pool has dropped it and makes another when one is needed.
      const error = toDatabaseError(failure, { target: this.#options.target, isLost: true });
      this.#options.logger.debug({ error: error.name }, 'an idle database connection was lost');
    });
    return pool;
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return this.#use((connection) => connection.query<Row>(text, values));
  }

  copyIn(text: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    return this.#use((connection) => connection.copyIn(text, chunks));
  }

  transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T> {
    return this.#use(async (connection) => {
      await connection.query('begin isolation level read committed');
      const state = { isOpen: true };
      try {
        const result = await this.#current.run(state, () => work(connection));
        await commit(connection);
        return result;
      } catch (error) {
        // When this fails too, the connection is lost, and with it the transaction.
        await connection.query('rollback').catch(() => {});
        throw error;
      } finally {
        state.isOpen = false;
      }
    });
  }

  listen(channel: string, onNotify: () => void): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, onNotify);
  }

  async refresh(): Promise<void> {
    this.#capabilities = await this.#use((connection) =>
      readCapabilities(connection, this.#capabilities),
    );
    this.#rewrite = nameRewriter(this.schema, this.#capabilities.vectorSchema);
  }

  /** Waits for what is under way, up to 10 s; new statements fail with DatabaseUnreachableError. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#listener.close();
    const cut = setTimeout(() => this.#cut(), CLOSE_PATIENCE_MS);
    await Promise.allSettled(this.#underWay);
    await this.#pool.end();
    clearTimeout(cut);
    await this.#options.onClose?.();
  }

  /** Ends all connections at once; statements under way fail. */
  #cut(): void {
    for (const client of this.#clients) streamOf(client).destroy();
  }

  /** Runs `work` on a connection of its own. */
  async #use<T>(work: (connection: ClientConnection) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    this.#refuseInTransaction();
    const result = this.#checkedOut(work);
    this.#underWay.add(result);
    try {
      return await result;
    } finally {
      this.#underWay.delete(result);
    }
  }

  async #checkedOut<T>(work: (connection: ClientConnection) => Promise<T>): Promise<T> {
    const { target } = this.#options;
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (failure) {
      throw toDatabaseError(failure, { target, isLost: true });
    }
    const isLost = this.#lost.has(client);
    const connection = new ClientConnection(
      client,
      this.#keptBy(client),
      this.#rewrite,
      target,
      isLost,
    );
    try {
      return await work(connection);
    } finally {
      await connection.end();
      client.release(connection.isLost);
    }
  }

  #keptBy(client: PoolClient): KeptStatements {
    const kept = this.#kept.get(client) ?? new KeptStatements(client);
    this.#kept.set(client, kept);
    return kept;
  }

  #refuseWhenClosed(): void {
    if (this.#closing === null) return;
    throw new DatabaseUnreachableError(`The database ${this.#options.target.label} was closed.`, {
      remedy: 'Stop what uses the database before closing it.',
    });
  }

  /** With one connection the statement would wait for the end of the transaction that waits for it. */
  #refuseInTransaction(): void {
    if (this.#current.getStore()?.isOpen !== true) return;
    throw new QueryError('The database was used inside one of its own transactions.', {
      remedy: 'Use the `tx` that the transaction function was given.',
    });
  }
}

/** A statement whose error was swallowed leaves nothing to commit; the server then says it rolled back. */
async function commit(connection: ClientConnection): Promise<void> {
  const { command } = await connection.run('commit');
  if (command === 'COMMIT') return;
  throw new QueryError('The transaction was rolled back, since a statement in it had failed.', {
    remedy: 'Let the error of the statement end the transaction, or use a savepoint.',
    sqlState: '25P02',
  });
}
