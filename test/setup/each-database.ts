/** `describeEachDatabase` with the code under test. */
import { type Database, migrate, openEmbedded, openPostgres } from '../../src/database/index.ts';
import { databaseSuites, type TestDatabases } from './databases.ts';

export type Databases = TestDatabases<Database>;

const openers = { openPostgres, openEmbedded, migrate };

export const describeEachDatabase = databaseSuites<Database>(openers);

/** For what only a server can go through. */
export const describeOnPostgres = databaseSuites<Database>(openers, ['postgres']);
