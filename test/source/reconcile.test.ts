/** What finds changes that no trigger saw, and what looks at a database to say which tables are worth a source. */
import { expect, test } from 'vitest';
import type { Connection } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, drift, expectTrue, keep, type Kept, NO_DRIFT } from './fixture.ts';

const ROWS = 'select id::text as key, body as text from items';

async function run(database: Connection, ...statements: string[]): Promise<void> {
  for (const statement of statements) await database.query(statement);
}

describeEachDatabase('reconcile', (databases) => {
  /** 50 rows, after which the triggers are off: what is written then goes unseen. */
  async function openBlind(): Promise<Kept> {
    const database = await databases.open();
    await run(
      database,
      'create table items (id integer primary key, body text)',
      `insert into items select n, 'row ' || n from generate_series(1, 50) n`,
    );
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    await run(database, 'alter table items disable trigger user');
    return kept;
  }

  test.each([
    {
      what: 'missing',
      statement: `insert into items select n, 'new ' || n from generate_series(51, 57) n`,
      found: { missing: 7 },
    },
    {
      what: 'outdated',
      statement: `update items set body = body || ' changed' where id <= 6`,
      found: { outdated: 6 },
    },
    {
      what: 'with text no more',
      statement: `update items set body = null where id <= 5`,
      found: { outdated: 5 },
    },
    { what: 'orphaned', statement: 'delete from items where id <= 4', found: { orphaned: 4 } },
    {
      what: 'under another key',
      statement: 'update items set id = id + 100 where id <= 3',
      found: { missing: 3, orphaned: 3 },
    },
    { what: 'all gone', statement: 'truncate items', found: { orphaned: 50 } },
    { what: 'blank from the start', statement: `insert into items values (99, ' ')`, found: {} },
  ])('rows $what', async ({ statement, found }) => {
    const kept = await openBlind();
    await run(kept.database, statement);
    expect(await kept.queued()).toEqual([]);
    const expected = { ...NO_DRIFT, ...found };
    const count = Object.values(found).reduce((sum, number) => sum + number, 0);
    // A dry run says the same and queues nothing.
    expect(await drift(kept)).toEqual(expected);
    expect(await kept.queued()).toEqual([]);
    const [report] = await kept.evervec.reconcile(undefined, { dryRun: false });
    expect(report).toMatchObject({ source: 'items', ...expected });
    expect(await kept.queued()).toHaveLength(count);
    await kept.drain();
    await expectTrue(kept, ROWS);
    expect(await drift(kept)).toEqual(NO_DRIFT);
  });

  test('a sidecar that lost chunks or vectors, or has some too many', async () => {
    const database = await databases.open();
    const long = Array.from({ length: 40 }, (_, n) => `Sentence number ${n} of this row.`).join(
      ' ',
    );
    await run(database, 'create table items (id integer primary key, body text)');
    await database.query('insert into items select n, $1 || n from generate_series(1, 6) n', [
      long,
    ]);
    const chunk = { maxChars: 100 };
    const kept = await keep(database, { items: { table: 'items', text: ['body'], chunk } });
    await run(
      database,
      `delete from evervec.chunks_1 where record_key = '1' and chunk_index = 3`,
      `update evervec.chunks_1 set embedding = null where record_key = '2' and chunk_index = 0`,
      `insert into evervec.chunks_1 (record_key, chunk_index, start_offset, end_offset, text, text_hash, embedding, words)
        select record_key, 99, start_offset, end_offset, text, text_hash, embedding, words
        from evervec.chunks_1 where record_key = '3' and chunk_index = 0`,
      `update evervec.chunks_1 set text_hash = '\\x00' where record_key = '4' and chunk_index = 1`,
      `update evervec.chunks_1 set start_offset = 7 where record_key = '5' and chunk_index = 0`,
    );
    expect(await drift(kept)).toEqual({ ...NO_DRIFT, outdated: 5 });
    await kept.evervec.reconcile(undefined, { dryRun: false });
    await kept.drain();
    await expectTrue(kept, ROWS, { chunk });
  });

  test('counts in pages, and says how far it is', async () => {
    const kept = await openBlind();
    await run(
      kept.database,
      `insert into items select n, 'row ' || n from generate_series(51, 4500) n`,
      'delete from items where id <= 10',
    );
    const progress: number[] = [];
    const [report] = await kept.evervec.reconcile(['items'], {
      dryRun: true,
      onProgress: (_, rows) => progress.push(rows),
    });
    expect(report).toEqual({
      source: 'items',
      rows: 4490,
      missing: 4450,
      outdated: 0,
      orphaned: 10,
      faulty: 0,
    });
    expect(progress).toEqual([2000, 4000, 4490]);
  });
});

/** In the manner of the pagila sample: films, people, a partitioned ledger, a view, types of its own. */
const RENTALS = [
  `create type public.mpaa_rating as enum ('G', 'PG', 'R')`,
  'create domain public.year as integer check (value between 1901 and 2155)',
  'create domain public.prose as text',
  `create table film (film_id serial primary key, title varchar(255) not null, description text, release_year public.year,
    language_id smallint, rental_rate numeric(4,2), rating public.mpaa_rating, last_update timestamptz default now(),
    special_features text[], fulltext tsvector)`,
  `create table actor (actor_id serial primary key, first_name text, last_name text, last_update timestamptz)`,
  `create table category (category_id serial primary key, name text)`,
  `create table film_actor (actor_id integer, film_id integer, primary key (actor_id, film_id))`,
  `create table staff (staff_id serial primary key, first_name text, email text, username text, password_hash text,
    picture bytea, biography public.prose, "zipCode" text, photo_url text)`,
  `create table payment (payment_id integer, note text, paid_at date, primary key (paid_at, payment_id)) partition by range (paid_at)`,
  `create table payment_2024 partition of payment for values from ('2024-01-01') to ('2025-01-01')`,
  'create table log (line text)',
  'create view film_list as select film_id, title, description from film',
  'create schema archive',
  'create table archive.film (film_id integer primary key, description text)',
  `create table "Odd Table!" ("Id" integer primary key, "Body Text" text)`,
  `create table "123" (id integer primary key, words text)`,
  'create temporary table scratch (id integer primary key, body text)',
  `insert into film (title, description, rating) select 'ACADEMY DINOSAUR ' || n,
    'A Epic Drama of a Feminist And a Mad Scientist who must Battle a Teacher in The Canadian Rockies', 'PG' from generate_series(1, 20) n`,
  `insert into actor (first_name, last_name) values ('PENELOPE', 'GUINESS'), ('NICK', 'WAHLBERG')`,
  `insert into category (name) values ('Action'), ('Animation')`,
  `insert into staff (first_name, email, username, password_hash, biography, "zipCode", photo_url) values
    ('Mike', 'a.long.address@example.org', 'mike', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'Has worked here for a good while.',
    '12345-67890-12345', 'https://example.org/pictures/mike.png')`,
  `insert into payment values (1, 'Paid in cash at the counter', '2024-05-05')`,
  `insert into archive.film values (1, 'A film that is not lent out any more')`,
];

describeEachDatabase('proposals of sources', (databases) => {
  test('name tables with prose, and why others are left out', async () => {
    const database = await databases.open();
    await run(database, ...RENTALS, 'analyze');
    const { evervec } = await configure(database, {});
    const { sources, skipped } = await evervec.propose();
    expect(sources).toEqual([
      {
        name: 'film',
        schema: 'archive',
        table: 'film',
        isInSearchPath: false,
        text: ['description'],
        rows: 1,
      },
      {
        name: 't_123',
        schema: 'public',
        table: '123',
        isInSearchPath: true,
        text: ['words'],
        rows: 0,
      },
      {
        name: 'odd_table',
        schema: 'public',
        table: 'Odd Table!',
        isInSearchPath: true,
        text: ['Body Text'],
        rows: 0,
      },
      {
        name: 'category',
        schema: 'public',
        table: 'category',
        isInSearchPath: true,
        text: ['name'],
        rows: 2,
      },
      {
        name: 'film_2',
        schema: 'public',
        table: 'film',
        isInSearchPath: true,
        text: ['title', 'description'],
        rows: 20,
      },
      {
        name: 'payment',
        schema: 'public',
        table: 'payment',
        isInSearchPath: true,
        text: ['note'],
        rows: 1,
      },
      {
        name: 'staff',
        schema: 'public',
        table: 'staff',
        isInSearchPath: true,
        text: ['biography'],
        rows: 1,
      },
    ]);
    expect(skipped).toEqual([
      { table: 'public.actor', reason: 'no column with text worth searching' },
      { table: 'public.film_actor', reason: 'no column with text worth searching' },
      { table: 'public.log', reason: 'it has no primary key' },
    ]);
  });

  test('can all be set up as they are, and leave out what the role may not read', async () => {
    const database = await databases.open();
    await run(database, ...RENTALS);
    const { evervec } = await configure(database, {});
    const { sources } = await evervec.propose();
    const kept = await keep(
      database,
      Object.fromEntries(
        sources.map(({ name, schema, table, text }) => [name, { schema, table, text }]),
      ),
    );
    expect((await kept.evervec.verify()).filter(({ level }) => level !== 'good')).toEqual([]);
    const { hits } = await kept.evervec.search({
      query: 'mad scientist',
      sources: ['film_2'],
      limit: 100,
    });
    expect(hits).toHaveLength(20);
    // Evervec's own tables are nothing to search.
    expect((await evervec.propose()).sources.map(({ schema }) => schema)).not.toContain('evervec');

    const role = 'evervec_test_proposer';
    await run(
      database,
      `do $$ begin create role ${role}; exception when duplicate_object or unique_violation then null; end $$`,
      `grant ${role} to current_user`,
      `grant select on archive.film, film to ${role}`,
    );
    const seen = await database.transaction(async (tx) => {
      await run(tx, `set local role ${role}`);
      const other = await configure(
        { ...database, schema: 'evervec', query: tx.query.bind(tx) } as typeof database,
        {},
      );
      return await other.evervec.propose();
    });
    // The schema `archive` is closed to it.
    expect(seen.sources.map(({ schema, table }) => `${schema}.${table}`)).toEqual(['public.film']);
  });
});
