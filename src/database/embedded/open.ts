/** Opens the embedded database: Postgres in WebAssembly, in a folder or in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Logger, silentLogger } from '../../runtime/index.ts';
import type { Database } from '../database.ts';
import { checkSchemaName } from '../names.ts';
import { PooledDatabase } from '../pooled-database.ts';
import { startServer } from './server.ts';

export interface EmbeddedOptions {
  /** Where the data is and stays, made when missing; `:memory:` for a database that ends with `close`. */
  folder: string;
  /** Evervec's own schema. Default `evervec`. */
  schema?: string;
  logger?: Logger;
}

const SOCKET_NAME = '.s.PGSQL.5432';

export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  const schema = checkSchemaName(options.schema ?? 'evervec');
  const socketFolder = mkdtempSync(path.join(os.tmpdir(), 'evervec-'));
  const folder = path.resolve(options.folder);
  if (options.folder !== ':memory:') await mkdir(folder, { recursive: true, mode: 0o700 });
  const server = await startServer({
    dataDir: options.folder === ':memory:' ? 'memory://' : path.join(folder, 'data'),
    socketPath: path.join(socketFolder, SOCKET_NAME),
  });
  return PooledDatabase.open({
    target: { kind: 'embedded', label: options.folder },
    client: {
      host: socketFolder,
      port: 5432,
      user: 'postgres',
      database: 'postgres',
      ssl: false,
    },
    schema,
    maxConnections: 1,
    connectTimeoutMs: 0,
    probe: null,
    logger: options.logger ?? silentLogger,
    onClose: async () => {
      await server.stop();
      rmSync(socketFolder, { recursive: true, force: true });
    },
  });
}
