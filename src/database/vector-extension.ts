/** Makes sure that pgvector is there and new enough, and remembers whether it was us who brought it. */
import { ExtensionError, PermissionError } from '../errors/index.ts';
import type { Connection } from './database.ts';

/** 0.7.0 brought `halfvec`. */
const MIN_VERSION = '0.7.0';

/** The row of `evervec.settings` that lets a teardown take the extension out again. */
export const CREATED_VECTOR_EXTENSION = 'created_vector_extension';

const VERSIONS = `
select (select extversion from pg_catalog.pg_extension where extname = 'vector') as installed,
  (select default_version from pg_catalog.pg_available_extensions where name = 'vector') as available,
  exists (
    select from pg_catalog.pg_namespace
    where nspname = 'public' and pg_catalog.has_schema_privilege(oid, 'create')
  ) as is_public_open`;

interface VersionsRow {
  installed: string | null;
  available: string | null;
  is_public_open: boolean;
}

/**
 * Creates the extension if it is missing: in `public`, where users look for its types, or in Evervec's own
 * schema when `public` is closed.
 * @throws ExtensionError when it is not installable or older than 0.7.0
 * @throws PermissionError when the role may not create it
 */
export async function ensureVectorExtension(tx: Connection): Promise<void> {
  const { rows } = await tx.query<VersionsRow>(VERSIONS);
  const { installed, available, is_public_open } = rows[0] as VersionsRow;
  checkVersion(installed, available);
  if (installed !== null) return;
  try {
    await tx.query(
      is_public_open
        ? 'create extension vector with schema public'
        : 'create extension vector with schema evervec',
    );
  } catch (error) {
    if (!(error instanceof PermissionError)) throw error;
    throw new PermissionError('This role may not create the extension pgvector.', {
      remedy: 'Have a superuser run "create extension vector" in this database once.',
      cause: error,
      sqlState: error.sqlState,
    });
  }
  await tx.query('insert into evervec.settings (name, value) values ($1, $2)', [
    CREATED_VECTOR_EXTENSION,
    'true',
  ]);
}

function checkVersion(installed: string | null, available: string | null): void {
  const found = installed ?? available;
  if (found === null) {
    throw new ExtensionError('pgvector is not installed on this server.', {
      remedy: 'Install it (for example the package postgresql-17-pgvector), then try again.',
    });
  }
  if (isAtLeast(found, MIN_VERSION)) return;
  const canUpdate = installed !== null && available !== null && isAtLeast(available, MIN_VERSION);
  throw new ExtensionError(`pgvector is ${found}; ${MIN_VERSION} is the oldest that will do.`, {
    remedy: canUpdate
      ? `Run "alter extension vector update" (${available} is installed on the server).`
      : `Install pgvector ${MIN_VERSION} or newer on the server.`,
  });
}

/** Compares dotted numbers. */
export function isAtLeast(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, 'en', { numeric: true }) >= 0;
}
