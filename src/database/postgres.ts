/** Opens a Postgres server by its address. */
import { Client } from 'pg';
import { ConfigError } from '../errors/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import type { Database } from './database.ts';
import type { ProbePolicy } from './listening-session.ts';
import { checkSchemaName } from './names.ts';
import { PooledDatabase } from './pooled-database.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with node-postgres' parameters (`sslmode`, …). */
  url: string;
  /** Evervec's own schema. Default `evervec`. */
  schema?: string;
  /** Largest number of connections, one more when something listens. 1 to 1000, default 10. */
  maxConnections?: number;
  /**
   * After which an idle connection is given back to the server, ms. Default 600,000: the first search of a session reads and plans
   * what the next ones find ready, and searches that come together would meet that again and again.
   */
  idleTimeoutMs?: number;
  /** For a new connection and its first answer, ms. Default 10,000. */
  connectTimeoutMs?: number;
  /** How the listening connection finds out that it is dead. Default: every 15 s, answer within 5 s. */
  probe?: ProbePolicy;
  logger?: Logger;
}

/**
 * Connects, and reads what the server can do. Nothing is written.
 * @throws ConfigError when the address is no address or the server is older than Postgres 15
 * @throws DatabaseUnreachableError
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const { url, maxConnections = 10 } = options;
  if (!Number.isInteger(maxConnections) || maxConnections < 1 || maxConnections > 1000) {
    throw new ConfigError(`maxConnections is ${maxConnections}.`, {
      remedy: 'Give a whole number from 1 to 1000.',
      isUsage: true,
    });
  }
  return PooledDatabase.open({
    target: { kind: 'postgres', label: labelOf(url) },
    client: { connectionString: url },
    schema: checkSchemaName(options.schema ?? 'evervec'),
    maxConnections,
    idleTimeoutMs: options.idleTimeoutMs ?? 600_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    probe: options.probe ?? { intervalMs: 15_000, timeoutMs: 5_000 },
    logger: options.logger ?? silentLogger,
  });
}

const ADDRESS = /^(?:postgres(?:ql)?:\/\/|\/)/i;

/** The address without user and password. */
function labelOf(url: string): string {
  try {
    if (!ADDRESS.test(url)) throw new Error('neither a URL nor the folder of a socket');
    const { host, port, database } = new Client({ connectionString: url });
    return `${host}:${port}/${database}`;
  } catch {
    // The reason would repeat the address, password included.
    throw new ConfigError("The address of the database can't be read.", {
      remedy: 'Write it as postgres://user:password@host:port/database, special characters as %XX.',
      isUsage: true,
    });
  }
}
