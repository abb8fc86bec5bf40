/** How far a database's schema is, for those that only use it: asked without the files that `migrate` reads. */
import type { Connection, Database } from './database.ts';

/** The last migration of this version; `test/database/migrator.test.ts` compares it with `sql/migrations`. */
export const SCHEMA_VERSION = 36;

const HAS_TABLE = `
select exists (
  select from pg_catalog.pg_class class
  join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
  where namespace.nspname = $1 and class.relname = 'migrations'
) as found`;

const LAST = 'select coalesce(max(id), 0)::integer as id from evervec.migrations';

/** @returns whether Evervec was ever set up in the schema of that name */
export async function hasMigrations(connection: Connection, schema: string): Promise<boolean> {
  const { rows } = await connection.query<{ found: boolean }>(HAS_TABLE, [schema]);
  return rows[0]?.found === true;
}

/** @returns the last migration that was applied; 0 where there was no set-up */
export async function schemaVersion(database: Database): Promise<number> {
  if (!(await hasMigrations(database, database.schema))) return 0;
  return (await database.query<{ id: number }>(LAST)).rows[0]?.id ?? 0;
}
