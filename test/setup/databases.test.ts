/** The set-up of tests itself, with the drivers alone: it must hold whatever the code under test does. */
import { existsSync } from 'node:fs';

import { PGlite } from '@electric-sql/pglite';
import { Client } from 'pg';
import { expect, test } from 'vitest';

import { databaseSuites } from './databases.ts';

interface Plain {
  kind: 'embedded' | 'postgres';
  query(text: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

const migrated: string[] = [];
const describeEachDatabase = databaseSuites<Plain>({
  name: 'plain',
  openPostgres: async ({ url }) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    return {
      kind: 'postgres',
      query: async (text) => (await client.query(text)).rows,
      close: () => client.end(),
    };
  },
  openEmbedded: async ({ folder }) => {
    const database = await PGlite.create(folder);
    return {
      kind: 'embedded',
      query: async (text) => (await database.query<Record<string, unknown>>(text)).rows,
      close: async () => (database.closed ? undefined : database.close()),
    };
  },
  migrate: async (database) => {
    migrated.push(database.kind);
    await database.query('create table marker (id int)');
  },
});

async function isThere(location: string): Promise<boolean> {
  if (!location.startsWith('postgres')) return existsSync(location);
  const client = new Client({ connectionString: location });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    // invalid_catalog_name: there is no such database.
    if (error instanceof Error && 'code' in error && error.code === '3D000') return false;
    throw error;
  }
}

const MARKER = `select to_regclass('marker')::text as marker`;

describeEachDatabase('databases for tests', (databases) => {
  const left: string[] = [];

  test('migrated has the schema, and what a test writes is its own', async () => {
    const [one, other] = [await databases.open(), await databases.open()];
    await one.query('insert into marker values (1)');
    expect(await one.query('select id from marker')).toEqual([{ id: 1 }]);
    expect(await other.query('select id from marker')).toEqual([]);
  });

  test('empty has nothing', async () => {
    const database = await databases.open('empty');
    expect(await database.query(MARKER)).toEqual([{ marker: null }]);
  });

  test('one that was closed opens again with what it held', async () => {
    const place = await databases.create();
    left.push(place.location);
    const first = await place.open();
    await first.query('insert into marker values (2)');
    await first.close();
    const second = await place.open();
    expect(await second.query('select id from marker')).toEqual([{ id: 2 }]);
  });

  test('the template was made once, and the test before left nothing', async () => {
    expect(migrated.filter((kind) => kind === databases.kind)).toHaveLength(1);
    expect(left).toHaveLength(1);
    expect(await Promise.all(left.map(isThere))).toEqual([false]);
  });
});
