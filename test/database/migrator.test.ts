/** Migrations, on both kinds of database and from made-up folders. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Database,
  migrate,
  openPostgres,
  SCHEMA_VERSION,
  schemaStatus,
  schemaVersion,
} from '../../src/database/index.ts';
import { isAtLeast } from '../../src/database/vector-extension.ts';
import { PermissionError, SchemaError } from '../../src/errors/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { whileHeld } from '../setup/hold.ts';
import { eventually } from '../setup/signal.ts';

const FIRST = `-- a table
create table evervec.notes (id bigint generated always as identity, v vector.vector(2));
create function evervec.note_count() returns bigint language sql as $$ select count(*) from evervec.notes $$;
`;
const SECOND = 'insert into evervec.notes (v) values (null);\n';

/** A folder with these files; removed after the test. */
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'evervec-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) await writeFile(path.join(folder, name), sql);
  return folder;
}

const twoMigrations = () => folderOf({ '000001_notes.sql': FIRST, '000002_more.sql': SECOND });

async function noteCount(database: Database): Promise<string | undefined> {
  return (await database.query<{ n: string }>('select evervec.note_count() as n')).rows[0]?.n;
}

test('no migration is another than it was: a database that had it would be refused', async () => {
  const folder = path.join(import.meta.dirname, '../../sql/migrations');
  const names = (await readdir(folder)).sort();
  const lines = names.map(async (name) => {
    const content = await readFile(path.join(folder, name));
    return `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
  });
  const known = await readFile(path.join(import.meta.dirname, 'migrations.sha256'), 'utf8');
  // A new one is a new line; a line that is there stays.
  expect((await Promise.all(lines)).join('')).toBe(known);
});

describeEachDatabase('migrate', (databases) => {
  test('the version of the schema is that of the last migration, 0 before', async () => {
    const database = await databases.open('empty');
    expect(await schemaVersion(database)).toBe(0);
    const done = await migrate(database);
    expect(done.at(-1)?.id).toBe(SCHEMA_VERSION);
    expect(await schemaVersion(database)).toBe(SCHEMA_VERSION);
  });

  test('sets up an empty database, in a schema of any name, and then does nothing', async () => {
    const place = await databases.create('empty');
    const database = await place.open({ schema: 'My Schema' });
    const folder = await twoMigrations();
    expect(await schemaStatus(database, folder)).toEqual({
      applied: [],
      pending: [
        { id: 1, name: 'notes' },
        { id: 2, name: 'more' },
      ],
      unknown: [],
      changed: [],
    });
    expect((await migrate(database, folder)).map(({ id }) => id)).toEqual([1, 2]);
    expect(await migrate(database, folder)).toEqual([]);
    expect(await noteCount(database)).toBe('1');
    const status = await schemaStatus(database, folder);
    expect(status.pending).toEqual([]);
    expect(status.applied).toEqual([
      { id: 1, name: 'notes', appliedAt: expect.any(Date) },
      { id: 2, name: 'more', appliedAt: expect.any(Date) },
    ]);
    expect(database.capabilities.vectorSchema).toBe('public');
    const { rows } = await database.query('select name, value from evervec.settings');
    expect(rows).toEqual([{ name: 'created_vector_extension', value: true }]);
  });

  test('goes on where it was, and leaves an extension that was there alone', async () => {
    const database = await databases.open('empty');
    await database.query('create schema ext; create extension vector with schema ext');
    await database.refresh();
    await migrate(database, await folderOf({ '000001_notes.sql': FIRST }));
    expect((await database.query('select from evervec.settings')).rowCount).toBe(0);
    // Line ends do not count as a change.
    const more = { '000001_notes.sql': FIRST.replaceAll('\n', '\r\n'), '000002_more.sql': SECOND };
    expect(await migrate(database, await folderOf(more))).toEqual([{ id: 2, name: 'more' }]);
  });

  test('twenty at once apply each migration once', async () => {
    const place = await databases.create('empty');
    const folder = await twoMigrations();
    const all: Database[] = [];
    for (let n = 0; n < 20; n += 1) all.push(await place.open());
    const done = await Promise.all(all.map((database) => migrate(database, folder)));
    expect(
      done
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([1, 2]);
    for (const database of all) expect(await noteCount(database)).toBe('1');
    for (const database of all.toReversed()) await database.close();
  });

  test('what fails leaves nothing of it, and can be tried again', async () => {
    const database = await databases.open('empty');
    const broken = { '000001_notes.sql': FIRST, '000002_more.sql': `${SECOND} select nonsense;` };
    const work = migrate(database, await folderOf(broken));
    await expect(work).rejects.toThrow(SchemaError);
    await expect(work).rejects.toMatchObject({ cause: { sqlState: '42703' } });
    expect(await noteCount(database)).toBe('0');
    expect(await migrate(database, await twoMigrations())).toEqual([{ id: 2, name: 'more' }]);
  });

  test('a migration of a table that is read for long, as by a dump, holds up no other reader', async () => {
    const database = await databases.open('empty');
    // One connection serves one transaction at a time there: nothing can be held beside it.
    if (database.capabilities.connections === 1) return;
    const altering = 'alter table evervec.notes add column more text;';
    const folder = await folderOf({ '000001_notes.sql': FIRST, '000002_more.sql': altering });
    await migrate(database, await folderOf({ '000001_notes.sql': FIRST }));
    let migrated: Promise<unknown> | undefined;
    await whileHeld(database, ['select from evervec.notes'], async () => {
      migrated = migrate(database, folder);
      await eventually('a migration that waits', async () => {
        const { rowCount } = await database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query = $1`,
          [altering],
        );
        return rowCount === 1 || undefined;
      });
      await database.query('select from evervec.notes');
    });
    expect(await migrated).toEqual([{ id: 2, name: 'more' }]);
  });

  test('a newer or an edited migration is refused', async () => {
    const database = await databases.open('empty');
    await migrate(database, await twoMigrations());
    const older = await folderOf({ '000001_notes.sql': FIRST });
    await expect(migrate(database, older)).rejects.toThrow(/newer version.*000002_more/);
    expect((await schemaStatus(database, older)).unknown).toEqual([{ id: 2, name: 'more' }]);
    const edited = await folderOf({ '000001_notes.sql': `${FIRST} `, '000002_more.sql': SECOND });
    await expect(migrate(database, edited)).rejects.toThrow(/000001_notes was changed/);
    expect((await schemaStatus(database, edited)).changed).toEqual([{ id: 1, name: 'notes' }]);
  });

  test('files out of order are refused', async () => {
    const database = await databases.open('empty');
    for (const name of ['000002_gap.sql', '1_short.sql', '000001_Upper.sql'])
      await expect(migrate(database, await folderOf({ [name]: '' }))).rejects.toThrow(SchemaError);
  });

  test("the package's own migrations apply", async () => {
    const place = await databases.create('empty');
    const database = await place.open({ schema: 'My Schema' });
    const done = await migrate(database);
    expect(done.length).toBeGreaterThan(0);
    expect((await schemaStatus(database)).pending).toEqual([]);
  });
});

describeEachDatabase('a role with few privileges', (databases) => {
  test.runIf(databases.kind === 'postgres')('is told what it may not', async () => {
    const place = await databases.create('empty');
    const admin = await place.open();
    const role = `evervec_test_role_${crypto.randomUUID().replaceAll('-', '')}`;
    await admin.query(`create role ${role} login`);
    const address = new URL(place.location);
    address.username = role;
    const database = await openPostgres({ url: address.href });
    try {
      const folder = await twoMigrations();
      await expect(migrate(database, folder)).rejects.toThrow(PermissionError);
      // With a schema of its own, the extension is what is left.
      await admin.query(`create schema evervec authorization ${role}`);
      await expect(migrate(database, folder)).rejects.toMatchObject({
        code: 'EVERVEC_PERMISSION',
        remedy: expect.stringContaining('create extension vector'),
      });
      await admin.query('create extension vector');
      await database.refresh();
      expect(await migrate(database, folder)).toHaveLength(2);
    } finally {
      await database.close();
      // Roles belong to the whole server and would stay.
      await admin.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

test('versions are compared by number', () => {
  expect(['0.7.0', '0.8.1', '0.10.0', '1.0.0'].every((v) => isAtLeast(v, '0.7.0'))).toBe(true);
  expect(['0.6.9', '0.5.10', '0.6'].some((v) => isAtLeast(v, '0.7.0'))).toBe(false);
});
