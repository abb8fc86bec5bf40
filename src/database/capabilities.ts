/** What the server can do, read once when a database is opened and again after pgvector came. */
import { ConfigError } from '../errors/index.ts';
import type { Capabilities, Connection } from './database.ts';

/** Postgres 15 brought `merge`, `security_invoker` views and `nulls not distinct`. */
const MIN_SERVER_VERSION = 150_000;

const CAPABILITIES = `
select current_setting('server_version_num')::integer as server_version,
  current_setting('server_version') as server_version_text,
  extension.extversion as vector_version, namespace.nspname as vector_schema
from (select) one
left join pg_catalog.pg_extension extension on extension.extname = 'vector'
left join pg_catalog.pg_namespace namespace on namespace.oid = extension.extnamespace`;

interface CapabilitiesRow {
  server_version: number;
  server_version_text: string;
  vector_version: string | null;
  vector_schema: string | null;
}

/** @throws ConfigError when the server is older than Postgres 15 */
export async function readCapabilities(
  connection: Connection,
  before: Capabilities,
): Promise<Capabilities> {
  const { rows } = await connection.query<CapabilitiesRow>(CAPABILITIES);
  const row = rows[0] as CapabilitiesRow;
  if (row.server_version < MIN_SERVER_VERSION) {
    throw new ConfigError(`The server is Postgres ${row.server_version_text}; 15 is the oldest.`, {
      remedy: 'Use Postgres 15 or newer.',
    });
  }
  return {
    ...before,
    serverVersion: row.server_version,
    vectorVersion: row.vector_version,
    vectorSchema: row.vector_schema,
  };
}
