/** Tables of every make, writers of every kind, and what set-up and teardown leave behind. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { Connection, Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { Signal } from '../setup/signal.ts';
import {
  configure,
  drift,
  expectTrue,
  inOddSession,
  keep,
  type Kept,
  NO_DRIFT,
  sidecar,
} from './fixture.ts';

const ROWS = 'select id::text as key, body as text from items';

async function run(database: Connection, ...statements: string[]): Promise<void> {
  for (const statement of statements) await database.query(statement);
}

async function expectKept(kept: Kept, rows = ROWS): Promise<void> {
  await kept.drain();
  expect(await kept.queued()).toEqual([]);
  await expectTrue(kept, rows);
  expect(await drift(kept)).toEqual(NO_DRIFT);
}

const SOURCES = { items: { table: 'items', text: ['body'] } };

describeEachDatabase('partitioned tables', (databases) => {
  /** Two levels, list over range; rows 1 to 4, one in each leaf. */
  async function open(): Promise<Kept> {
    const database = await databases.open();
    await run(
      database,
      `create table items (id integer, region text, body text, primary key (id, region)) partition by list (region)`,
      `create table items_eu partition of items for values in ('eu') partition by range (id)`,
      `create table items_eu_low partition of items_eu for values from (minvalue) to (100)`,
      `create schema far`,
      `create table far."Items EU high" partition of items_eu for values from (100) to (maxvalue)`,
      `create table items_us partition of items for values in ('us')`,
      `create table items_rest partition of items default`,
      `insert into items values (1, 'eu', 'one'), (100, 'eu', 'hundred'), (3, 'us', 'three'), (4, 'xx', 'four')`,
    );
    return await keep(database, SOURCES);
  }
  const PARTITIONED = `select json_build_array(id::text, region)::jsonb::text as key, body as text from items`;

  test('writes through the parent, through each level and to a leaf', async () => {
    const kept = await open();
    for (const table of ['items', 'items_eu', 'items_eu_low']) {
      await run(
        kept.database,
        `insert into ${table} values (10, 'eu', 'new in ${table}')`,
        `update ${table} set body = body || ' by ${table}' where id = 1`,
      );
      expect(await kept.queued()).toEqual(['["1", "eu"]', '["10", "eu"]']);
      await expectKept(kept, PARTITIONED);
      await run(kept.database, `delete from ${table} where id = 10`);
      expect(await kept.queued()).toEqual(['["10", "eu"]']);
      await expectKept(kept, PARTITIONED);
    }
  });

  test('rows that move between partitions', async () => {
    const kept = await open();
    await run(kept.database, `update items set region = 'us' where region = 'eu'`);
    expect(await kept.queued()).toEqual([
      '["1", "eu"]',
      '["1", "us"]',
      '["100", "eu"]',
      '["100", "us"]',
    ]);
    await expectKept(kept, PARTITIONED);
    await run(kept.database, `update items set region = 'eu', body = 'moved' where id < 50`);
    await expectKept(kept, PARTITIONED);
    // Within a branch: from one leaf to the other, named by neither.
    await run(kept.database, `update items_eu set id = id + 200`);
    await expectKept(kept, PARTITIONED);
  });

  test('one partition truncated, then the whole', async () => {
    const kept = await open();
    await run(kept.database, 'truncate items_us');
    await expectKept(kept, PARTITIONED);
    expect(await sidecar(kept.database)).toHaveLength(3);
    await run(kept.database, 'truncate items');
    await expectKept(kept, PARTITIONED);
    expect(await sidecar(kept.database)).toEqual([]);
  });

  test('attached later: reconcile finds its rows, set-up covers it', async () => {
    const kept = await open();
    const { database, evervec } = kept;
    await run(
      database,
      'create table items_asia (id integer not null, region text not null, body text)',
      `insert into items_asia values (50, 'asia', 'fifty'), (51, 'asia', 'fifty-one')`,
      `alter table items attach partition items_asia for values in ('asia')`,
    );
    expect(await kept.queued()).toEqual([]);
    expect(await drift(kept)).toEqual({ ...NO_DRIFT, missing: 2 });
    const before = await evervec.verify();
    expect(before.find(({ what }) => what === 'source items')).toMatchObject({ level: 'bad' });
    expect(await evervec.setup()).toMatchObject([{ outcome: 'updated', needsBackfill: true }]);
    await evervec.reconcile(undefined, { dryRun: false });
    await expectKept(kept, PARTITIONED);
    await run(database, `update items_asia set body = 'direct' where id = 50`);
    expect(await kept.queued()).toEqual(['["50", "asia"]']);
    await expectKept(kept, PARTITIONED);
  });

  test('detached: its rows are in no result at once, and its triggers go with the next set-up', async () => {
    const kept = await open();
    const { database, evervec } = kept;
    await run(database, 'alter table items detach partition items_us');
    const { hits } = await evervec.search({ query: 'three', mode: 'text' });
    expect(hits).toEqual([]);
    expect(await drift(kept)).toEqual({ ...NO_DRIFT, orphaned: 1 });
    await evervec.reconcile(undefined, { dryRun: false });
    await expectKept(kept, PARTITIONED);
    await evervec.setup();
    await run(database, `insert into items_us values (9, 'us', 'nobody cares')`);
    expect(await kept.queued()).toEqual([]);
  });
});

describeEachDatabase('tables', (databases) => {
  async function open(columns = 'id integer primary key, body text'): Promise<Kept> {
    const database = await databases.open();
    await run(
      database,
      `create table items (${columns})`,
      `insert into items (id, body) values (1, 'one'), (2, 'two')`,
    );
    return await keep(database, SOURCES);
  }

  test('inheritance: rows of children are rows of the parent', async () => {
    const database = await databases.open();
    await run(
      database,
      'create table items (id integer primary key, body text)',
      'create table special (extra text) inherits (items)',
      'create table very_special () inherits (special)',
      `insert into items values (1, 'one')`,
      `insert into special values (2, 'two', 'x')`,
    );
    const kept = await keep(database, SOURCES);
    await expectKept(kept);
    await run(
      database,
      `insert into very_special values (3, 'three')`,
      `update special set body = body || ' changed'`,
    );
    expect(await kept.queued()).toEqual(['2', '3']);
    await expectKept(kept);
    await run(database, `update items set body = 'through the parent' where id = 3`);
    await expectKept(kept);
    await run(database, 'delete from very_special', 'truncate special');
    await expectKept(kept);
    // Nothing forbids it: one of the two is kept, and no job fails.
    await run(database, `insert into special values (1, 'one')`);
    await kept.drain();
    expect(await kept.queued()).toEqual([]);
    expect((await sidecar(database)).map(({ key }) => key)).toEqual(['1']);
  });

  test('a stored generated column', async () => {
    const database = await databases.open();
    await run(
      database,
      `create table items (id integer primary key, base text, other text,
        body text generated always as (upper(base)) stored)`,
      `insert into items values (1, 'one'), (2, 'two')`,
    );
    const generated = await keep(database, SOURCES);
    await run(database, `update items set base = 'changed' where id = 1`);
    expect(await generated.queued()).toEqual(['1']);
    await run(
      database,
      `update items set other = 'x'`,
      `update items set base = 'TWO' where id = 2`,
    );
    expect(await generated.queued()).toEqual(['1']);
    await expectKept(generated);
  });

  test('a virtual generated column', async () => {
    const database = await databases.open();
    if (database.capabilities.serverVersion < 180_000) return;
    await run(
      database,
      `create table items (id integer primary key, base text, body text generated always as (upper(base)) virtual)`,
      `insert into items values (1, 'one'), (2, 'two')`,
    );
    const kept = await keep(database, SOURCES);
    await run(
      database,
      `update items set base = 'changed' where id = 1`,
      `insert into items values (3, 'three')`,
    );
    await expectKept(kept);
    expect((await sidecar(database)).map(({ text }) => text)).toEqual(['CHANGED', 'TWO', 'THREE']);
  });

  test('a writer with no rights on anything of Evervec', async () => {
    const kept = await open();
    const { database } = kept;
    await run(
      database,
      ...roleStatements('evervec_test_writer'),
      'grant select, insert, update, delete, truncate on items to evervec_test_writer',
    );
    await database.transaction(async (tx) => {
      await run(
        tx,
        'set local role evervec_test_writer',
        `insert into items values (3, 'three')`,
        `update items set body = 'changed' where id = 1`,
        'delete from items where id = 2',
      );
    });
    await expectKept(kept);
    await database.transaction(async (tx) => {
      await run(tx, 'set local role evervec_test_writer', 'truncate items');
    });
    await expectKept(kept);
    const refused = database.transaction((tx) =>
      run(tx, 'set local role evervec_test_writer', 'table evervec.changes'),
    );
    await expect(refused).rejects.toThrow(/permission denied/);
  });

  test('what a replica applies is not captured, and a reconcile finds it', async () => {
    const kept = await open();
    const { database } = kept;
    await database.transaction((tx) =>
      run(
        tx,
        `set local session_replication_role = replica`,
        `insert into items values (3, 'three')`,
        `update items set body = 'changed' where id = 1`,
        'delete from items where id = 2',
      ),
    );
    expect(await kept.queued()).toEqual([]);
    expect(await drift(kept)).toEqual({ missing: 1, outdated: 1, orphaned: 1, faulty: 0 });
    await kept.evervec.reconcile(undefined, { dryRun: false });
    await expectKept(kept);
  });

  test.each([
    'disable trigger evervec_items_update',
    'disable trigger user',
    'enable replica trigger evervec_items_update',
  ])('%s: verify says so, set-up puts it right', async (action) => {
    const kept = await open();
    const { database, evervec } = kept;
    const captured = async () =>
      (await evervec.verify()).find(({ what }) => what === 'source items');
    expect(await captured()).toMatchObject({ level: 'good' });
    await run(database, `alter table items ${action}`, `update items set body = 'missed'`);
    expect(await kept.queued()).toEqual([]);
    expect(await captured()).toMatchObject({
      level: 'bad',
      found: expect.stringContaining('public.items update'),
    });
    expect(await evervec.setup()).toMatchObject([{ outcome: 'updated', needsBackfill: true }]);
    await evervec.reconcile(undefined, { dryRun: false });
    await run(database, `update items set body = 'seen' where id = 1`);
    await expectKept(kept);
  });

  test('two sources on one table, and the teardown of one', async () => {
    const database = await databases.open();
    await run(
      database,
      'create table items (id integer primary key, body text, note text)',
      `insert into items values (1, 'one', 'note'), (2, 'two', null)`,
    );
    const kept = await keep(database, {
      ...SOURCES,
      notes: { table: 'items', text: 'Note: {note}' },
    });
    const notes = `select id::text as key, 'Note: ' || note as text from items`;
    await run(database, `update items set note = 'new' where id = 1`);
    expect(await kept.queued()).toEqual(['1']);
    await run(database, `insert into items values (3, 'three', 'three')`);
    await expectKept(kept);
    await expectTrue(kept, notes, { source: 'notes' });

    await run(database, `update items set body = 'late', note = 'late' where id = 1`);
    expect(await kept.evervec.teardown(['notes'])).toMatchObject({
      removed: ['notes'],
      isEmpty: false,
    });
    const alone = await configure(database, SOURCES);
    await run(database, `update items set body = 'on' where id = 2`);
    await expectKept(alone);
    const { rows } = await database.query(
      `select tgname from pg_trigger where tgrelid = 'items'::regclass order by 1`,
    );
    expect(rows.map((row) => row['tgname'])).toEqual(
      ['delete', 'insert', 'truncate', 'update'].map((event) => `evervec_items_${event}`),
    );
    const { hits } = await alone.evervec.search({ query: 'late', mode: 'text' });
    expect(hits.map(({ source }) => source)).toEqual(['items']);
  });

  test('objects of the user that are called like those of the system', async () => {
    const kept = await open();
    const { database } = kept;
    await run(
      database,
      'create schema evil',
      `create function evil.array_agg(text) returns text[] language sql as $$ select null::text[] $$`,
      `create function evil.pg_notify(text, text) returns void language plpgsql as $$ begin raise 'evil'; end $$`,
      `create function evil.never(text, text) returns boolean language sql as $$ select false $$`,
      `create operator evil.= (leftarg = text, rightarg = text, function = evil.never)`,
      `create operator evil.= (leftarg = integer, rightarg = integer, function = int4ne)`,
      'create domain evil.text as integer',
    );
    await database.transaction((tx) =>
      run(
        tx,
        'set local search_path = evil, pg_catalog, public',
        `insert into public.items values (3, 'three')`,
        `update public.items set body = 'changed' where body ~ 'one'`,
      ),
    );
    expect(await kept.queued()).toEqual(['1', '3']);
    await expectKept(kept);
    const found = await database.transaction(async (tx) => {
      await run(tx, 'set local search_path = evil, pg_catalog, public');
      return await tx.query(
        `select record_key from evervec.search('items', 'three', options => '{"filter": {"id": 3}}')`,
      );
    });
    expect(found.rows).toEqual([{ record_key: '3' }]);
  });
});

/** Roles belong to the server, not to a database: several tests may make one at the same time. */
function roleStatements(role: string): string[] {
  return [
    `do $$ begin create role ${role}; exception when duplicate_object or unique_violation then null; end $$`,
    `grant ${role} to current_user`,
  ];
}

describeEachDatabase('transactions', (databases) => {
  async function open(): Promise<Kept> {
    const database = await databases.open();
    await run(
      database,
      'create table items (id integer primary key, body text)',
      `insert into items values (1, 'one'), (2, 'two')`,
    );
    return await keep(database, SOURCES);
  }

  test('a transaction that is rolled back leaves nothing (I1)', async () => {
    const kept = await open();
    const rolledBack = kept.database.transaction(async (tx) => {
      await run(
        tx,
        `insert into items values (3, 'three')`,
        `update items set body = 'x'`,
        'truncate items',
      );
      const { rowCount } = await tx.query('select from evervec.changes');
      expect(rowCount).toBe(3);
      throw new Error('on purpose');
    });
    await expect(rolledBack).rejects.toThrow('on purpose');
    expect(await kept.queued()).toEqual([]);
    await expectKept(kept);
  });

  test('what a savepoint takes back is not queued', async () => {
    const kept = await open();
    await kept.database.transaction((tx) =>
      run(
        tx,
        `update items set body = 'kept' where id = 1`,
        'savepoint one',
        `update items set body = 'undone' where id = 2`,
        'truncate items',
        'rollback to savepoint one',
        `insert into items values (3, 'three')`,
      ),
    );
    expect(await kept.queued()).toEqual(['1', '3']);
    await expectKept(kept);
  });

  test('a writer waits for no worker, whatever that holds (I1)', async () => {
    const kept = await open();
    const { database, evervec } = kept;
    // One connection serves one transaction at a time there: nothing can be held beside the writer.
    if (database.capabilities.connections === 1) return;
    await run(database, `update items set body = 'changed'`);
    const holding = new Signal('the worker holds its locks');
    const written = new Signal('the writer is done');
    const worker = evervec.worker().then((made) => made.drain());
    const holder = database.transaction(async (tx) => {
      // More than any worker takes: log, jobs, sidecar, source.
      await run(
        tx,
        'delete from evervec.changes',
        `insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at)
          select 1, n::text, lane_id, 0, 1, 1, now() from evervec.sources, generate_series(1, 9) n
          on conflict (source_id, record_key) do update set state = 1`,
        `lock table evervec.chunks_1 in share row exclusive mode`,
        'select from evervec.sources for update',
        'select from evervec.spaces for update',
      );
      holding.fire();
      await written.fired();
    });
    await holding.fired();
    await database.transaction((tx) =>
      run(
        tx,
        `set local lock_timeout = '200ms'`,
        `insert into items values (3, 'three')`,
        `update items set body = 'again' where id = 1`,
        'delete from items where id = 2',
        'truncate items',
      ),
    );
    written.fire();
    await holder;
    await worker;
    expect(await database.query('select from items')).toMatchObject({ rowCount: 0 });
  });

  test('two writers of one row wait for each other only', async () => {
    const kept = await open();
    const { database } = kept;
    if (database.capabilities.connections === 1) return;
    const written = new Signal('the first has written');
    const over = new Signal('the second is done');
    const first = database.transaction(async (tx) => {
      await run(tx, `update items set body = 'first' where id = 1`);
      written.fire();
      await over.fired();
    });
    await written.fired();
    await database.transaction((tx) =>
      run(tx, `set local lock_timeout = '200ms'`, `update items set body = 'second' where id = 2`),
    );
    over.fire();
    await first;
    expect(await kept.queued()).toEqual(['1', '2']);
    await expectKept(kept);
  });
});

/** Identity and version of everything in the catalogs that set-up makes. */
async function catalog(database: Database): Promise<unknown[]> {
  const { rows } = await database.query(`
    select 'class', oid::text, xmin::text from pg_class
    where relnamespace not in (select oid from pg_namespace where nspname like 'pg\\_toast%')
    union all select 'trigger', oid::text, xmin::text from pg_trigger
    union all select 'function', oid::text, xmin::text from pg_proc
    union all select 'attribute', attrelid || ' ' || attnum, pg_attribute.xmin::text from pg_attribute
    union all select 'type', oid::text, xmin::text from pg_type
    union all select 'namespace', oid::text, xmin::text from pg_namespace
    union all select 'source', id::text, xmin::text from evervec.sources
    union all select 'space', id::text, xmin::text from evervec.spaces
    order by 1, 2`);
  return rows;
}

describeEachDatabase('set-up and teardown', (databases) => {
  const TABLE = [
    'create table items (id integer primary key, body text, note text)',
    `insert into items values (1, 'one', 'x'), (2, 'two', 'y')`,
  ];

  test('a second set-up changes nothing and locks nothing', async () => {
    const database = await databases.open();
    await run(database, ...TABLE);
    const kept = await keep(database, {
      ...SOURCES,
      others: {
        table: 'items',
        columns: ['note', 'body'],
        text: (row) => String(row['note']),
        record: ['note'],
      },
    });
    const before = await catalog(database);
    expect(await kept.evervec.setup()).toEqual(
      ['items', 'others'].map((source) => ({
        source,
        table: 'public.items',
        outcome: 'unchanged',
        needsBackfill: false,
        differs: [],
      })),
    );
    expect(await catalog(database)).toEqual(before);
    expect(await kept.queued()).toEqual([]);
  });

  test('a changed template: set-up says what is to be done, a backfill does it', async () => {
    const database = await databases.open();
    await run(database, ...TABLE);
    const before = await keep(database, SOURCES);
    await expectKept(before);
    const after = await configure(database, { items: { table: 'items', text: '{body} ({note})' } });
    expect(await after.evervec.setup()).toMatchObject([
      { outcome: 'updated', needsBackfill: true },
    ]);
    expect((await after.evervec.verify()).at(-1)).toMatchObject({ level: 'bad' });
    expect(await after.evervec.backfill()).toMatchObject([{ source: 'items', queued: 2 }]);
    const rows = `select id::text as key, body || ' (' || note || ')' as text from items`;
    await expectKept(after, rows);
    // The column that is new in it is watched now.
    await run(database, `update items set note = 'z' where id = 2`);
    expect(await after.queued()).toEqual(['2']);
    await expectKept(after, rows);
    expect((await after.evervec.verify()).every(({ level }) => level === 'good')).toBe(true);
    expect(await after.evervec.setup()).toMatchObject([
      { outcome: 'unchanged', needsBackfill: false },
    ]);
  });

  test.each([
    { change: 'drop constraint items_pkey, add primary key (id)', key: 'id' },
    { change: 'alter column code type integer using id', key: 'code' },
  ])('another key ($change): old records go, new ones come', async ({ change, key }) => {
    const database = await databases.open();
    await run(
      database,
      'create table items (id integer not null, code text primary key, body text)',
      `insert into items values (1, 'a', 'one'), (2, 'b', 'two')`,
    );
    const before = await keep(database, SOURCES);
    await run(database, `update items set body = 'changed' where id = 2`);
    await run(database, `alter table items ${change}`);
    expect(await before.queued()).toEqual(['b']);
    const after = await keep(database, SOURCES);
    await expectKept(after, `select ${key}::text as key, body as text from items`);
    const { hits } = await after.evervec.search({ query: 'one', mode: 'text' });
    expect(hits.map((hit) => hit.key)).toEqual(['1']);
  });

  test('another table under the same source name', async () => {
    const database = await databases.open();
    await run(
      database,
      ...TABLE,
      'create table things (id integer primary key, body text)',
      `insert into things values (2, 'thing two'), (3, 'thing three')`,
    );
    await keep(database, SOURCES);
    const after = await keep(database, { items: { table: 'things', text: ['body'] } });
    await expectKept(after, 'select id::text as key, body as text from things');
    await run(database, `update items set body = 'nobody cares'`);
    expect(await after.queued()).toEqual([]);
  });

  test('a renamed table keeps its vectors', async () => {
    const database = await databases.open();
    await run(database, ...TABLE);
    await keep(database, SOURCES);
    await run(database, 'alter table items rename to things');
    const after = await configure(database, { items: { table: 'things', text: ['body'] } });
    await after.evervec.setup();
    await after.evervec.backfill();
    await after.drain();
    expect(after.model.texts).toEqual([]);
    await expectKept(after, 'select id::text as key, body as text from things');
  });

  test.each([true, false])(
    'a teardown leaves nothing; pgvector there before: %s',
    async (hasVector) => {
      const place = await databases.create('empty');
      const database = await place.open();
      await run(database, ...TABLE);
      if (hasVector)
        await run(database, 'create extension vector', 'create table mine (v vector(3))');
      const before = await dump(database, place.location);
      const kept = await keep(database, SOURCES);
      await expectKept(kept);
      expect(await dump(database, place.location)).not.toEqual(before);
      expect(await kept.evervec.teardown()).toEqual({
        removed: ['items'],
        isEmpty: true,
        keptExtension: false,
      });
      expect(await dump(database, place.location)).toEqual(before);
      expect(await kept.evervec.teardown()).toMatchObject({ removed: [], isEmpty: true });
    },
  );

  test.each([
    'create table mine (v vector(3))',
    'create function mine(v vector) returns integer language sql as $$ select 1 $$',
    'create domain mine as vector(3)',
  ])('a teardown keeps pgvector where it is used since: %s', async (use) => {
    const database = await databases.open('empty');
    await run(database, ...TABLE);
    const kept = await keep(database, SOURCES);
    await run(database, use);
    expect(await kept.evervec.teardown()).toEqual({
      removed: ['items'],
      isEmpty: true,
      keptExtension: true,
    });
    const { rows } = await database.query(
      `select to_regtype('vector') is not null as vector, to_regnamespace('evervec') as schema`,
    );
    expect(rows).toEqual([{ vector: true, schema: null }]);
    await inOddSession(database, `insert into public.items values (9, 'nine')`);
  });

  test('a schema of another name', async () => {
    const place = await databases.create('empty');
    const database = await place.open({ schema: 'My Vectors' });
    await run(database, ...TABLE);
    const kept = await configure(database, SOURCES, { schema: 'My Vectors' });
    await kept.evervec.setup();
    await kept.evervec.backfill();
    await run(database, `insert into items values (3, 'three')`, 'delete from items where id = 1');
    await expectKept(kept);
    const { hits } = await kept.evervec.search({ query: 'three', filter: { id: { $in: [3, 4] } } });
    expect(hits.map(({ key }) => key)).toEqual(['3']);
    await kept.evervec.teardown();
    const { rows } = await database.query(`select to_regnamespace('"My Vectors"') as schema`);
    expect(rows).toEqual([{ schema: null }]);
  });
});

/** The schema as pg_dump writes it where that can be had, else as the catalogs say. */
async function dump(database: Database, location: string): Promise<string> {
  if (location.startsWith('postgres')) {
    try {
      return execFileSync('pg_dump', ['--schema-only', '--restrict-key=x', location], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
    }
  }
  const { rows } = await database.query(`
    select 'class' as kind, oid::regclass::text as name, relkind::text as detail, relhastriggers::text as more
    from pg_class where relnamespace::regnamespace::text !~ '^pg_toast'
    union all select 'function', oid::regprocedure::text, proowner::regrole::text, prosrc from pg_proc
    union all select 'trigger', tgname, tgrelid::regclass::text, '' from pg_trigger
    union all select 'type', oid::regtype::text, typtype::text, '' from pg_type where typrelid = 0
    union all select 'operator', oid::regoperator::text, '', '' from pg_operator
    union all select 'namespace', nspname, '', '' from pg_namespace where nspname !~ '^pg_toast'
    union all select 'extension', extname, extversion, '' from pg_extension
    order by 1, 2, 3, 4`);
  // A table that had a trigger once goes on being asked for them.
  return rows
    .map((row) => JSON.stringify({ ...row, more: row['kind'] === 'class' ? '' : row['more'] }))
    .join('\n');
}
