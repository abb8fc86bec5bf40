/** `describeEachDatabase` with the code under test. */
import { type Database, migrate, openEmbedded, openPostgres } from '../../src/database/index.ts';
import { databaseSuites, type TestDatabases } from './databases.ts';

export type Databases = TestDatabases<Database>;

const openers = { openPostgres, openEmbedded, migrate };

export const describeEachDatabase = databaseSuites<Database>(openers);

/** For what only a server can go through. */
export const describeOnPostgres = databaseSuites<Database>(openers, ['postgres']);

/**
 * For what is said and asked, by a command or to a provider, whichever database is behind it: on a server where there is
 * one, else on the embedded one. A process that opens an embedded database takes a second and 600 MB.
 */
export const describeOnOneDatabase = databaseSuites<Database>(openers, [
  process.env['EVERVEC_TEST_POSTGRES'] === undefined ? 'embedded' : 'postgres',
]);
