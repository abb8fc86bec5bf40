/**
 * Brings Evervec's schema to this version: forward only, one transaction per migration, safe when any
 * number of processes start at once, also through a pooler in transaction mode.
 */
import { SchemaError } from '../errors/index.ts';
import type { Connection, Database } from './database.ts';
import { quoteIdentifier } from './identifier.ts';
import type { Migration } from './migration-files.ts';
import { hasMigrations } from './schema-version.ts';
import { isUndone, transactOnTables } from './table-locks.ts';
import { ensureVectorExtension } from './vector-extension.ts';

export interface AppliedMigration {
  id: number;
  name: string;
  appliedAt: Date;
}

/** How a database stands to this version. */
export interface SchemaStatus {
  applied: AppliedMigration[];
  /** Brought by this version and not applied yet. */
  pending: { id: number; name: string }[];
  /** Applied by a newer version. */
  unknown: { id: number; name: string }[];
  /** Applied, but the file now reads differently. */
  changed: { id: number; name: string }[];
}

interface MigrationRow {
  id: number;
  name: string;
  checksum: string;
  applied_at: Date;
}

/** One lock per schema and database; held to the end of the transaction, as poolers need it. */
const LOCK = `select pg_catalog.pg_advisory_xact_lock(
  pg_catalog.hashtextextended('evervec migrate ' || $1, 0))`;

const HAS_SCHEMA =
  'select exists (select from pg_catalog.pg_namespace where nspname = $1) as found';

const FOUNDATION = `
create table if not exists evervec.migrations (
  id integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
);
create table if not exists evervec.settings (
  name text primary key,
  value jsonb not null
)`;

const APPLIED = 'select id, name, checksum, applied_at from evervec.migrations order by id';

const RECORD = 'insert into evervec.migrations (id, name, checksum) values ($1, $2, $3)';

/**
 * Applies what is missing; creates the schema and pgvector if need be. Does nothing on a current database.
 * @param folder of migrations. Default: the package's own
 * @returns the migrations that this call applied
 * @throws SchemaError when the database is newer than this version, or an applied migration was edited
 * @throws ExtensionError, PermissionError, QueryError, DatabaseUnreachableError
 */
export async function migrate(
  database: Database,
  folder?: string,
): Promise<{ id: number; name: string }[]> {
  const migrations = await readFiles(folder);
  const before = checked(await statusOf(database, database.schema, migrations));
  const hasVector = database.capabilities.vectorVersion !== null;
  if (before.applied.length > 0 && before.pending.length === 0 && hasVector) return [];
  await locked(database, (tx) => prepare(tx, database.schema));
  await database.refresh();
  const done: { id: number; name: string }[] = [];
  for (;;) {
    // Each turn looks again: another process may have been here between two transactions.
    const next = await locked(database, (tx) => applyNext(tx, database.schema, migrations));
    if (next === null) return done;
    done.push({ id: next.id, name: next.name });
  }
}

/** Reads only; on a database that was never set up, everything is pending. */
export async function schemaStatus(database: Database, folder?: string): Promise<SchemaStatus> {
  return statusOf(database, database.schema, await readFiles(folder));
}

/** What reads files is loaded when there are some to read: a function on the edge may have no file system to import. */
async function readFiles(folder: string | undefined): Promise<Migration[]> {
  const files = await import('./migration-files.ts');
  return await files.readMigrations(folder ?? files.defaultMigrationsFolder());
}

function locked<T>(database: Database, work: (tx: Connection) => Promise<T>): Promise<T> {
  const turn = (tx: Connection) => tx.query(LOCK, [database.schema]);
  return transactOnTables(database, { what: 'A migration of the schema', turn }, work);
}

async function prepare(tx: Connection, schema: string): Promise<void> {
  const { rows } = await tx.query<{ found: boolean }>(HAS_SCHEMA, [schema]);
  // `if not exists` asks for the privilege to create schemas also where the schema is there.
  if (rows[0]?.found !== true) await tx.query(`create schema ${quoteIdentifier(schema)}`);
  await tx.query(FOUNDATION);
  await ensureVectorExtension(tx);
}

async function applyNext(
  tx: Connection,
  schema: string,
  migrations: readonly Migration[],
): Promise<Migration | null> {
  const { pending } = checked(await statusOf(tx, schema, migrations));
  const next = migrations.find(({ id }) => id === pending[0]?.id);
  if (next === undefined) return null;
  try {
    await tx.query(next.sql);
  } catch (error) {
    if (isUndone(error)) throw error;
    throw new SchemaError(`The migration ${label(next)} failed; nothing of it was applied.`, {
      remedy: 'See the cause. When it is mended, run the setup again.',
      cause: error,
    });
  }
  await tx.query(RECORD, [next.id, next.name, next.checksum]);
  return next;
}

async function statusOf(
  connection: Connection,
  schema: string,
  migrations: readonly Migration[],
): Promise<SchemaStatus> {
  const rows = (await hasMigrations(connection, schema))
    ? (await connection.query<MigrationRow>(APPLIED)).rows
    : [];
  const known = new Map(migrations.map((migration) => [migration.id, migration]));
  const applied = new Set(rows.map(({ id }) => id));
  return {
    applied: rows.map(({ id, name, applied_at }) => ({ id, name, appliedAt: applied_at })),
    pending: migrations.filter(({ id }) => !applied.has(id)).map(({ id, name }) => ({ id, name })),
    unknown: rows.filter(({ id }) => !known.has(id)).map(({ id, name }) => ({ id, name })),
    changed: rows
      .filter(({ id, checksum }) => known.has(id) && known.get(id)?.checksum !== checksum)
      .map(({ id, name }) => ({ id, name })),
  };
}

function checked(status: SchemaStatus): SchemaStatus {
  const [unknown] = status.unknown;
  const [changed] = status.changed;
  if (unknown !== undefined) {
    throw new SchemaError(
      `The database was set up by a newer version of Evervec: it has ${label(unknown)}.`,
      { remedy: 'Update Evervec.' },
    );
  }
  if (changed !== undefined) {
    throw new SchemaError(`The migration ${label(changed)} was changed after it was applied.`, {
      remedy: 'Bring the file back as it was; put the change into a new migration.',
    });
  }
  return status;
}

function label({ id, name }: { id: number; name: string }): string {
  return `${String(id).padStart(6, '0')}_${name}`;
}
