/**
 * Runs a suite on each kind of database. Every test gets databases of its own, copies of a template,
 * which are closed and removed after it, also when it fails.
 *
 *     describeEachDatabase('claim', (databases) => {
 *       test('gives a job to one worker', async () => {
 *         const database = await databases.open();
 *         …
 *       });
 *     });
 *
 * What it opens with is passed in once (`databaseSuites`), so that this file knows no code under test.
 */
import { afterEach, describe, inject } from 'vitest';

import { createFolder, removeFolder } from './embedded-lane.ts';
import { createDatabase, dropDatabase, type Template } from './postgres-lane.ts';

export interface Openers<Opened> {
  /** Tells its templates from those of other openers in the same run; default `evervec`. */
  name?: string;
  openPostgres(options: { url: string; schema?: string }): Promise<Opened>;
  openEmbedded(options: { folder: string; schema?: string }): Promise<Opened>;
  /** Brings Evervec's schema into a database that has none. */
  migrate(database: Opened): Promise<unknown>;
}

/** `close` is called once more after the test: a second call has to be harmless. */
interface Closable {
  close(): Promise<void>;
}

export interface TestDatabase<Opened> {
  /** The URL, or the folder: for a second process. */
  readonly location: string;
  /** Opens it, in tests of several clients again; closed after the test. Embedded: one at a time. */
  open(options?: { schema?: string }): Promise<Opened>;
}

export interface TestDatabases<Opened> {
  readonly kind: 'embedded' | 'postgres';
  /** A new database, not opened yet. `empty` has no schema of Evervec's and no extension. */
  create(template?: Template): Promise<TestDatabase<Opened>>;
  /** A new database, opened. */
  open(template?: Template): Promise<Opened>;
}

/** Where databases of one kind come from. */
interface Lane<Opened> {
  kind: 'embedded' | 'postgres';
  /** Why this kind can't be had here. */
  absence?: string;
  create(template: Template): Promise<string>;
  open(location: string, schema: { schema?: string }): Promise<Opened>;
  remove(location: string): Promise<void>;
}

type Suite<Opened> = (databases: TestDatabases<Opened>) => void;

export function databaseSuites<Opened extends Closable>(
  openers: Openers<Opened>,
  kinds: readonly Lane<Opened>['kind'][] = ['embedded', 'postgres'],
): (name: string, suite: Suite<Opened>) => void {
  const lanes = [embeddedLane(openers), postgresLane(openers)].filter((lane) =>
    kinds.includes(lane.kind),
  );
  return function describeEachDatabase(name, suite) {
    for (const lane of lanes) {
      const why = lane.absence === undefined ? '' : ` (skipped: ${lane.absence})`;
      describe.skipIf(lane.absence !== undefined)(`${name}, ${lane.kind}${why}`, () => {
        suite(trackedDatabases(lane));
      });
    }
  };
}

function embeddedLane<Opened extends Closable>(openers: Openers<Opened>): Lane<Opened> {
  const open = (folder: string, schema: { schema?: string } = {}) =>
    openers.openEmbedded({ folder, ...schema });
  return {
    kind: 'embedded',
    open,
    create: (template) =>
      createFolder(inject('testRun').folder, templateName(openers, template), (folder) =>
        prepare(() => open(folder), template, openers),
      ),
    remove: removeFolder,
  };
}

function postgresLane<Opened extends Closable>(openers: Openers<Opened>): Lane<Opened> {
  const server = process.env['EVERVEC_TEST_POSTGRES'] ?? '';
  const open = (url: string, schema: { schema?: string } = {}) =>
    openers.openPostgres({ url, ...schema });
  return {
    kind: 'postgres',
    ...(server === '' ? { absence: 'no Postgres; npm run services, then npm test' } : {}),
    open,
    create: (template) =>
      createDatabase(
        server,
        inject('testRun').number,
        template === 'empty' ? null : templateName(openers, template),
        (url) => prepare(() => open(url), template, openers),
      ),
    remove: (url) => dropDatabase(server, url),
  };
}

function templateName(openers: { name?: string }, template: Template): string {
  return `${openers.name ?? 'evervec'}_${template}`;
}

async function prepare<Opened extends Closable>(
  open: () => Promise<Opened>,
  template: Template,
  openers: Openers<Opened>,
): Promise<void> {
  const database = await open();
  try {
    if (template === 'migrated') await openers.migrate(database);
  } finally {
    await database.close();
  }
}

/** The databases of a suite's tests; what a test made is closed and removed when it is over. */
function trackedDatabases<Opened extends Closable>(lane: Lane<Opened>): TestDatabases<Opened> {
  let opened: Opened[] = [];
  let locations: string[] = [];
  afterEach(async () => {
    const closing = opened.map((database) => database.close());
    const removing = locations;
    opened = [];
    locations = [];
    const closed = await Promise.allSettled(closing);
    await Promise.all(removing.map((location) => lane.remove(location)));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  });
  const create = async (template: Template = 'migrated') => {
    const location = await lane.create(template);
    locations.push(location);
    return {
      location,
      open: async (options: { schema?: string } = {}) => {
        const database = await lane.open(location, options);
        opened.push(database);
        return database;
      },
    };
  };
  return { kind: lane.kind, create, open: async (template) => (await create(template)).open() };
}
