/** `describeEachDatabase` with the code under test. */
import { type Database, migrate, openEmbedded, openPostgres } from '../../src/database/index.ts';
import { databaseSuites, type TestDatabases } from './databases.ts';

export type Databases = TestDatabases<Database>;

export const describeEachDatabase = databaseSuites<Database>({
  openPostgres,
  openEmbedded,
  migrate,
});
