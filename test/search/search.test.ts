/** What a search finds and what it never shows, for programs and for SQL users alike. */
import { expect, test } from 'vitest';
import type { Connection, Database } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { EvervecError } from '../../src/errors/index.ts';
import type { Filter, SearchAnswer, SearchMode, SearchRequest } from '../../src/search/index.ts';
import { INDEX_FROM_CHUNKS, indexWhenFull } from '../../src/space/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, keep, type Kept } from '../source/fixture.ts';

const MODES: SearchMode[] = ['text', 'vector', 'hybrid'];

async function run(database: Connection, ...statements: string[]): Promise<void> {
  for (const statement of statements) await database.query(statement);
}

function keys({ hits }: SearchAnswer): string[] {
  return hits.map((hit) => hit.key);
}

function sorted(answer: SearchAnswer): string[] {
  return keys(answer).sort((a, b) => Number(a) - Number(b));
}

/** Six books; `book` is in all of them, each has a word of its own. */
const BOOKS = [
  "create type public.kind as enum ('novel', 'poem', 'play')",
  `create table books (id integer primary key, title text, body text, lang char(3), year integer, price numeric(8, 2),
    at timestamptz, active boolean, kind public.kind, "Shelf ""A""" text, tags text[], more jsonb, raw json)`,
  `insert into books values
    (1, 'One', 'A book about whales', 'en', 1851, 9.50, '2024-01-01 00:00+00', true, 'novel', 'x''y', '{a}', '{"n": 1}', '{}'),
    (2, 'Two', 'A book about windmills', 'es', 1605, 12, '2024-02-01 00:00+00', true, 'novel', '%', '{b}', '{"n": 2}', '{}'),
    (3, 'Three', 'A book about a forest', 'it', 1320, null, '2024-03-01 00:00+00', false, 'poem', null, '{}', null, null),
    (4, 'Four', 'A book about a prince', 'en', 1603, 5, '2024-04-01 00:00+00', null, 'play', 'a"b', null, '{}', '{}'),
    (5, 'Five', 'A book about a book', 'de', 1808, 0, null, true, 'play', '\\', '{a,b}', '3', '3'),
    (6, 'Six', 'A book about roses', null, null, -1, '2024-06-01 00:00+00', false, 'poem', '', '{}', '[]', '[]')`,
];

describeEachDatabase('a search', (databases) => {
  async function openBooks(): Promise<Kept> {
    const database = await databases.open();
    await run(database, ...BOOKS);
    return await keep(database, {
      books: { table: 'books', text: ['title', 'body'], record: ['id', 'title'] },
    });
  }

  test('in each mode: hits of the documented shape, the best first', async () => {
    const { evervec } = await openBooks();
    const text = await evervec.search({ query: 'windmills or whales', mode: 'text' });
    expect(sorted(text)).toEqual(['1', '2']);
    const [hit] = (await evervec.search({ query: 'windmill', mode: 'text' })).hits;
    expect(hit).toEqual({
      source: 'books',
      key: '2',
      score: 1,
      scores: { vector: null, text: expect.any(Number) },
      chunk: {
        index: 0,
        of: 1,
        text: 'Two\n\nA book about windmills',
        start: 0,
        end: 27,
        section: null,
        page: null,
      },
      record: { id: 2, title: 'Two' },
    });
    // The digest model knows equal texts only.
    const query = 'Three\n\nA book about a forest';
    const vector = await evervec.search({ query, mode: 'vector', limit: 3 });
    expect(vector.hits).toHaveLength(3);
    expect(vector.hits[0]).toMatchObject({ key: '3', scores: { text: null } });
    expect(vector.hits[0]?.score).toBeCloseTo(1, 2);
    expect(vector.hits[0]?.scores.vector).toBeCloseTo(1, 2);
    const hybrid = await evervec.search({ query });
    expect(hybrid).toMatchObject({ mode: 'hybrid', space: { books: 'test/digest@8' } });
    expect(hybrid.took_ms).toBeGreaterThan(0);
    expect(hybrid.hits).toHaveLength(6);
    expect(hybrid.hits[0]).toMatchObject({ key: '3', score: expect.closeTo(1, 2) });
    for (const { hits } of [text, vector, hybrid]) {
      const scores = hits.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      for (const score of scores) expect(score >= 0 && score <= 1, `score ${score}`).toBe(true);
    }
  });

  test('with a filter, in each mode', async () => {
    const { evervec } = await openBooks();
    const cases: [Filter, string][] = [
      [{}, '123456'],
      [{ id: 3 }, '3'],
      [{ id: '3' }, '3'],
      [{ lang: 'en' }, '14'],
      [{ lang: null }, '6'],
      [{ active: true }, '125'],
      [{ active: { $ne: true } }, '346'],
      [{ active: { $ne: null } }, '12356'],
      [{ year: { $gt: 1605 } }, '15'],
      [{ year: { $gte: 1605, $lt: 1851 } }, '25'],
      [{ year: { $lte: 1603 }, kind: 'play' }, '4'],
      [{ price: { $eq: 9.5 } }, '1'],
      [{ price: { $lt: 0 } }, '6'],
      [{ price: { $gte: '5.00' } }, '124'],
      [{ price: { $gt: null } }, ''],
      [{ at: { $gte: '2024-03-01T01:00:00+01:00' } }, '346'],
      [{ kind: { $in: ['novel', 'poem'] } }, '1236'],
      [{ kind: { $ne: 'novel' } }, '3456'],
      [{ kind: { $gt: 'novel' } }, '3456'],
      [{ id: { $in: [] } }, ''],
      [{ id: { $in: [1, 99] } }, '1'],
      [{ lang: { $in: ['de', null] } }, '56'],
      [{ price: { $in: [null] } }, '3'],
      [{ title: { $in: ['One', 'a,b', '"', '{', '\\', 'NULL'] } }, '1'],
      [{ 'Shelf "A"': "x'y" }, '1'],
      [{ 'Shelf "A"': { $in: ["x'y", '%', '\\', 'a"b'] } }, '1245'],
      [{ 'Shelf "A"': '\\' }, '5'],
      [{ 'Shelf "A"': '' }, '6'],
      [{ tags: '{a,b}' }, '5'],
      [{ more: '{"n": 2}' }, '2'],
      [{ more: 3 }, '5'],
      [{ year: 1851, lang: { $ne: 'en' } }, ''],
    ];
    for (const mode of MODES)
      for (const [filter, expected] of cases) {
        const answer = await evervec.search({ query: 'book', mode, filter });
        expect(sorted(answer).join(''), `${mode} ${JSON.stringify(filter)}`).toBe(expected);
      }
  });

  test('of an older schema is told to run set-up, whatever that refuses', async () => {
    const { evervec, database } = await openBooks();
    const asked = { query: 'book', filter: { nothing: 1 } };
    await expect(evervec.search(asked)).rejects.toMatchObject({ code: 'EVERVEC_SEARCH_REQUEST' });
    await database.query(
      'delete from evervec.migrations where id = (select max(id) from evervec.migrations)',
    );
    await expect(evervec.search(asked)).rejects.toMatchObject({ code: 'EVERVEC_SCHEMA' });
  });

  test('with a wrong filter or request says what is wrong', async () => {
    const { evervec, database } = await openBooks();
    const many = 'x'.repeat(10_001);
    const cases: [Partial<SearchRequest>, RegExp][] = [
      [{ filter: { nothing: 1 } }, /no column "nothing"/],
      [{ filter: { Title: 'One' } }, /no column "Title"/],
      [{ filter: { 'id"; drop table books; --': 1 } }, /no column/],
      [{ filter: { 'id = 1 or true or t.id': 1 } }, /no column/],
      [{ filter: { id: { $like: 1 } as never } }, /"id.\$like" is no operator/],
      [{ filter: { id: { $in: 1 } as never } }, /"id.\$in" takes an array of values/],
      [{ filter: { id: { $in: [{}] } as never } }, /"id.\$in" has an object in it/],
      [{ filter: { id: [1, 2] as never } }, /"id" takes a string.*not an array/],
      [{ filter: { id: { $eq: { a: 1 } } as never } }, /"id.\$eq" takes .* not an object/],
      [{ filter: { id: {} } }, /says nothing/],
      [{ filter: [1] as never }, /an object of field and condition, not an array/],
      [{ filter: 'id = 1' as never }, /an object of field and condition, not a string/],
      [{ filter: { id: 'x' } }, /integer: "x"/],
      [{ filter: { id: '1; drop table books' } }, /integer/],
      [{ filter: { id: 99999999999 } }, /out of range/],
      [{ filter: { active: 'perhaps' } }, /boolean/],
      [{ filter: { at: 'yesterdayish' } }, /timestamp/],
      [{ filter: { kind: 'tale' } }, /enum/],
      [{ filter: { price: true } }, /numeric/],
      [{ filter: { raw: '{}' } }, /operator does not exist/],
      [{ filter: { title: 'a\0b' } }, /"title" has a null character/],
      [{ filter: { title: undefined as never } }, /"title" has no value/],
      [{ filter: { id: { $in: [1, undefined as never] } } }, /"id.\$in" has no value/],
      [{ filter: { price: Number.NaN } }, /"price"/],
      [{ filter: { id: 1n as never } }, /"id"/],
      [{ query: '' }, /empty/],
      [{ query: ' \n\0 ' }, /empty/],
      [{ query: many }, /10001 characters/],
      [{ mode: 'both' as never }, /mode "both"/],
      [{ limit: 0 }, /limit 0/],
      [{ limit: 1001 }, /limit 1001/],
      [{ limit: 1.5 }, /limit 1.5/],
      [{ offset: -1 }, /offset -1/],
      [{ sources: [] }, /sources is empty/],
      [{ sources: ['books', 'Books'] }, /no source "Books"/],
    ];
    for (const [request, message] of cases) {
      const what = JSON.stringify(request, (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      ).slice(0, 90);
      const error = await evervec.search({ query: 'book', ...request }).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(EvervecError.isInstance(error), `${what}: ${String(error)}`).toBe(true);
      const { code, isUsage, message: said, remedy } = error as EvervecError;
      expect({ what, isUsage }).toEqual({ what, isUsage: true });
      expect(['EVERVEC_SEARCH_REQUEST', 'EVERVEC_UNKNOWN_SOURCE'], `${what}`).toContain(code);
      expect(said, `${what}`).toMatch(message);
      expect(remedy.length, `${what}`).toBeGreaterThan(10);
    }
    // Values are values, whatever they look like.
    for (const value of [
      "'; drop table books; --",
      "' or true --",
      '$1',
      '%L',
      "\\'",
      '{{',
      'a'.repeat(5_000),
    ])
      for (const filter of [
        { title: value },
        { title: { $in: [value] } },
        { title: { $gt: `~~${value}` } },
      ])
        expect(keys(await evervec.search({ query: 'book', filter })), `${value}`).toEqual([]);
    expect(await database.query('select from books')).toMatchObject({ rowCount: 6 });
  });

  test('for anything that people and programs may type', async () => {
    const { evervec } = await openBooks();
    const queries = [
      'the of and a',
      '?!.,;:',
      '-',
      "'",
      '"',
      '\\',
      'it\'s a "book"',
      "'; drop table books; --",
      '<->',
      'book:*',
      'a & b | !c <2> d',
      '(book',
      'book)',
      '!!',
      ':A',
      "\\'book\\'",
      'C:\\temp\\book.txt',
      '/usr/book/x.html?a=b&c',
      'book\0whales',
      '\uD800 book',
      '日本語 🙂',
      'x'.repeat(10_000),
      'book '.repeat(2_000),
      '%s %I %L $1',
      '1e400 -0',
      '<b>book</b> &amp;',
      'a@b.example http://example.org/book',
      '\u200B',
      'book\r\n\tbook',
    ];
    for (const query of queries)
      for (const mode of MODES) {
        const { hits } = await evervec.search({ query, mode });
        for (const { score } of hits)
          expect(score >= 0 && score <= 1, `${mode} ${query.slice(0, 30)}: ${score}`).toBe(true);
        if (mode === 'vector') expect(hits.length, `${query.slice(0, 30)}`).toBe(6);
      }
    for (const query of ['the of and a', '?!.,;:', '"'])
      expect(keys(await evervec.search({ query, mode: 'text' }))).toEqual([]);
    expect(sorted(await evervec.search({ query: "whale's & (rose", mode: 'text' }))).toEqual([
      '1',
      '6',
    ]);
    expect(sorted(await evervec.search({ query: 'book\0whales', mode: 'text' }))).toHaveLength(6);
  });

  test('texts and queries of which the model knows nothing', async () => {
    const database = await databases.open();
    await run(
      database,
      'create table items (id integer primary key, body text)',
      `insert into items values (1, 'one'), (2, '???'), (3, 'three')`,
    );
    const model = {
      ...createDigestModel(),
      doEmbed: async ({ values }: { values: readonly string[] }) => ({
        embeddings: values.map((value) =>
          /[a-z]/.test(value)
            ? [1, value.length, 0, 0, 0, 0, 0, 0]
            : Array.from({ length: 8 }, () => 0),
        ),
        usage: undefined,
      }),
    };
    const { evervec } = await keep(
      database,
      { items: { table: 'items', text: ['body'] } },
      { model },
    );
    const vector = await evervec.search({ query: 'one', mode: 'vector' });
    expect(keys(vector)).toEqual(['1', '3']);
    expect(keys(await evervec.search({ query: 'one' }))[0]).toBe('1');
    for (const { score } of (await evervec.search({ query: 'one' })).hits)
      expect(score).toBeLessThanOrEqual(1);
    expect(keys(await evervec.search({ query: '!!!', mode: 'vector' }))).toEqual([]);
    expect(keys(await evervec.search({ query: '!!!' }))).toEqual([]);
  });

  test('over several sources, of one model or of two', async () => {
    const database = await databases.open();
    await run(
      database,
      'create table a (id integer primary key, body text)',
      'create table b (id text primary key, body text, extra integer)',
      `insert into a select n, 'shared word a' || n from generate_series(1, 5) n`,
      `insert into b select 'k' || n, 'shared word b' || n, n from generate_series(1, 5) n`,
    );
    const { evervec } = await keep(database, {
      a: { table: 'a', text: ['body'] },
      b: { table: 'b', text: ['body'] },
    });
    for (const mode of MODES) {
      const { hits, space } = await evervec.search({ query: 'shared word', mode });
      expect(hits.map(({ source, key }) => `${source} ${key}`).sort()).toEqual(
        [1, 2, 3, 4, 5].flatMap((n) => [`a ${n}`, `b k${n}`]).sort(),
      );
      expect(Object.keys(space)).toEqual(['a', 'b']);
      expect(keys(await evervec.search({ query: 'b3 b4', mode, sources: ['b'] }))).toHaveLength(
        mode === 'text' ? 2 : 5,
      );
    }
    await expect(evervec.search({ query: 'x', filter: { extra: 1 } })).rejects.toThrow(
      'no column "extra"',
    );
    expect(
      keys(await evervec.search({ query: 'word', filter: { extra: 2 }, sources: ['b'] })),
    ).toEqual(['k2']);

    const other = await createEvervec(
      {
        model: { ...createDigestModel(), id: 'test/other@8' },
        sources: { c: { table: 'a', text: ['body'] } },
      },
      { database },
    );
    await other.setup();
    await other.backfill();
    await (await other.worker()).drain();
    await expect(evervec.search({ query: 'shared' })).rejects.toMatchObject({
      code: 'EVERVEC_SPACE_MISMATCH',
      isUsage: true,
      message: expect.stringContaining('test/other@8'),
    });
    expect(keys(await evervec.search({ query: 'shared', mode: 'text', limit: 50 }))).toHaveLength(
      15,
    );
    expect(
      keys(await evervec.search({ query: 'shared', sources: ['a', 'b'], limit: 50 })),
    ).toHaveLength(10);
  });
});

describeEachDatabase('pages of a search', (databases) => {
  /** 400 records, of one chunk each or every eighth of ten; words that are in many, some, few; ranks with many ties. */
  async function open(isCut: boolean): Promise<Kept> {
    const database = await databases.open();
    await run(database, 'create table items (id integer primary key, body text)');
    await database.query(`insert into items select n, rtrim(repeat(
        'common ' || case when n % 2 = 0 then 'even ' else '' end || case when n % 5 = 0 then 'fifth fifth ' else '' end
        || 'record ' || n || case when n % 8 = 0 then e'. And on it goes for a while.\\n\\n' else ' ' end,
        case when n % 8 = 0 then 10 else 1 end)) from generate_series(1, 400) n`);
    const kept = await keep(database, {
      items: { table: 'items', text: ['body'], chunk: { maxChars: isCut ? 80 : 2_000 } },
    });
    // How many candidates there are depends on what Postgres knows of the tables.
    await database.query('analyze');
    return kept;
  }

  test.each(MODES.flatMap((mode) => [[mode, 'whole'] as const, [mode, 'cut'] as const]))(
    '%s, records %s: no overlap, no gap, the order of one long page',
    async (mode, records) => {
      const { evervec } = await open(records === 'cut');
      for (const query of ['common even fifth', 'common even fifth record 7']) {
        const all = await evervec.search({ query, mode, limit: 1_000 });
        expect(all.hits).toHaveLength(400);
        expect(new Set(keys(all)).size).toBe(400);
        for (const limit of [9, 90]) {
          const paged: string[] = [];
          for (let offset = 0; offset < 400; offset += limit)
            paged.push(...keys(await evervec.search({ query, mode, limit, offset })));
          expect(paged, `pages of ${limit}`).toEqual(keys(all));
        }
        const scores = all.hits.map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
        expect(keys(await evervec.search({ query, mode, offset: 395 }))).toEqual(
          keys(all).slice(395),
        );
        expect(keys(await evervec.search({ query, mode, offset: 10_000 }))).toEqual([]);
      }
    },
  );

  test('one hit per record, with the chunk that fits best', async () => {
    const database = await databases.open();
    await run(database, 'create table items (id integer primary key, body text)');
    const parts = Array.from(
      { length: 300 },
      (_, n) => `Part ${n} is about tea and about part ${n}, and not much else.`,
    );
    await database.query('insert into items values (0, $1)', [parts.join('\n\n')]);
    await database.query(
      `insert into items select n, 'tea ' || repeat('and much else ', 20) || n from generate_series(1, 20) n`,
    );
    const { evervec } = await keep(database, {
      items: { table: 'items', text: ['body'], chunk: { maxChars: 80 } },
    });
    for (const mode of MODES) {
      const answer = await evervec.search({ query: 'tea', mode, limit: 21 });
      expect(new Set(keys(answer)).size, `${mode}`).toBe(21);
    }
    const [best] = (await evervec.search({ query: parts[123] ?? '' })).hits;
    expect(best).toMatchObject({ key: '0', chunk: { index: 123, text: parts[123] } });
  });
});

describeEachDatabase('rows that are gone or hidden (I2)', (databases) => {
  async function open(): Promise<Kept> {
    const database = await databases.open();
    await run(
      database,
      'create table items (id integer primary key, owner text, body text)',
      `insert into items select n, case when n % 100 = 0 then 'ann' else 'bob' end, 'word ' || n from generate_series(1, 1000) n`,
    );
    return await keep(database, { items: { table: 'items', text: ['body'] } });
  }

  test.each(MODES)(
    '%s: deleted rows vanish at commit, and all that are left are found',
    async (mode) => {
      const { evervec, database } = await open();
      const query = 'word';
      const before = await evervec.search({ query, mode, limit: 1_000 });
      expect(before.hits).toHaveLength(1_000);
      // The 990 best are deleted; no worker ran.
      const left = keys(before).slice(990);
      await database.query('delete from items where id <> all ($1::integer[])', [left]);
      expect(keys(await evervec.search({ query, mode, limit: 10 })).sort()).toEqual(
        left.toSorted(),
      );
      expect(keys(await evervec.search({ query, mode, limit: 1_000 })).sort()).toEqual(
        left.toSorted(),
      );
      await run(database, 'truncate items');
      expect(keys(await evervec.search({ query, mode }))).toEqual([]);
    },
  );

  test('changed rows: filters and hits see them at once, an old key is gone', async () => {
    const { evervec, database } = await open();
    await run(
      database,
      `update items set owner = 'eve', body = 'other 5' where id = 5`,
      'update items set id = 2000 where id = 6',
    );
    for (const mode of MODES) {
      const { hits } = await evervec.search({ query: 'word 5', mode, filter: { owner: 'eve' } });
      // The old text serves until the new one is embedded (I7); the row is as it is.
      expect(hits.map(({ key, chunk, record }) => ({ key, chunk: chunk.text, record }))).toEqual([
        { key: '5', chunk: 'word 5', record: { id: 5, owner: 'eve', body: 'other 5' } },
      ]);
      expect(
        keys(await evervec.search({ query: 'word 6', mode, filter: { id: { $in: [6, 2000] } } })),
      ).toEqual([]);
    }
    await database.transaction(async (tx) => {
      await run(tx, 'delete from items where id = 7');
      const within = await tx.query(
        `select from evervec.search('items', 'word 7', options => '{"filter": {"id": 7}}')`,
      );
      expect(within.rowCount).toBe(0);
    });
  });

  test('row level security: a role sees its rows only, and finds all of them', async () => {
    const { database } = await open();
    const role = 'evervec_test_ann';
    await run(
      database,
      `do $$ begin create role ${role}; exception when duplicate_object or unique_violation then null; end $$`,
      `grant ${role} to current_user`,
      'alter table items enable row level security',
      `create policy own on items to ${role} using (owner = 'ann')`,
    );
    const as = (statement: string) =>
      database.transaction(async (tx) => {
        await run(tx, `set local role ${role}`);
        return (await tx.query<{ record_key: string; record: { owner: string } }>(statement)).rows;
      });
    const search = `select * from evervec.search('items', 'word', options => '{"limit": 1000}')`;
    // What docs/search.md names, one after the other: without any of them it is refused.
    for (const grant of [
      `usage on schema evervec`,
      `select on evervec.sources`,
      `select on evervec.spaces`,
      `select on evervec.chunks_1`,
      `select on items`,
    ]) {
      await expect(as(search), `before ${grant}`).rejects.toThrow(
        /permission denied|Not permitted/,
      );
      await run(database, `grant ${grant} to ${role}`);
    }
    const visible = await as(search);
    expect(visible.map(({ record_key }) => Number(record_key)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, n) => (n + 1) * 100),
    );
    expect(visible.every(({ record }) => record.owner === 'ann')).toBe(true);
    const first = await as(
      `select * from evervec.search('items', 'word 1', options => '{"limit": 10}')`,
    );
    expect(first).toHaveLength(10);
    const vector = await as(
      `select * from evervec.search('items', query_vector => '[1,0,0,0,0,0,0,0]')`,
    );
    expect(vector.map(({ record }) => record.owner)).toEqual(
      Array.from({ length: 10 }, () => 'ann'),
    );
    expect(
      await as(
        `select * from evervec.search('items', 'word', options => '{"filter": {"owner": "bob"}}')`,
      ),
    ).toEqual([]);
  });
});

describeEachDatabase('evervec.search in SQL', (databases) => {
  async function open(): Promise<Database> {
    const database = await databases.open();
    await run(database, ...BOOKS);
    const kept = await keep(database, {
      books: { table: 'books', text: ['title', 'body'], record: ['id'] },
    });
    return kept.database;
  }

  const VECTOR = `'[1,2,3,4,5,6,7,8]'`;

  test('by words, by meaning, by both', async () => {
    const database = await open();
    const found = async (call: string) =>
      (
        await database.query<{ record_key: string }>(
          `select record_key from evervec.search(${call})`,
        )
      ).rows.map((row) => row.record_key);
    expect(await found(`'books', 'whales'`)).toEqual(['1']);
    expect(await found(`array['books', 'books'], 'whales'`)).toEqual(['1']);
    expect(await found(`'books', query_vector => ${VECTOR}`)).toHaveLength(6);
    expect(await found(`'books', 'whales', ${VECTOR}`)).toHaveLength(6);
    expect(await found(`'books', 'whales', ${VECTOR}, '{"mode": "text"}'`)).toEqual(['1']);
    expect(await found(`'books', 'book', ${VECTOR}, '{"limit": 2, "offset": 5}'`)).toHaveLength(1);
    expect(await found(`'books', 'book', options => '{"filter": {"lang": "en"}}'`)).toHaveLength(2);
    expect(await found(`array[]::text[], 'book'`)).toEqual([]);
    expect(await found(`null::text[], 'whales'`)).toEqual(['1']);
    const { rows } = await database.query(
      `select source, score, vector_score, chunk_text, record, pg_typeof(record)::text as type
      from evervec.search('books', 'roses')`,
    );
    expect(rows).toEqual([
      {
        source: 'books',
        score: 1,
        vector_score: null,
        chunk_text: 'Six\n\nA book about roses',
        record: { id: 6 },
        type: 'jsonb',
      },
    ]);
  });

  test('says what is wrong', async () => {
    const database = await open();
    const cases: [string, RegExp][] = [
      [`'nowhere', 'x'`, /no source "nowhere"/],
      [`array['books', null], 'x'`, /no source/],
      [`'books'`, /text search needs a query/],
      [`'books', 'x', options => '{"mode": "vector"}'`, /vector search needs a query_vector/],
      [`'books', 'x', options => '{"mode": "hybrid"}'`, /hybrid search needs/],
      [`'books', 'x', options => '{"mode": "all"}'`, /not "all"/],
      [`'books', 'x', options => '{"filters": {}}'`, /no option "filters"/],
      [`'books', 'x', options => '{"limit": 0}'`, /limit is 1 or more/],
      [`'books', 'x', options => '{"limit": -5, "offset": 9}'`, /limit is 1 or more/],
      [`'books', 'x', options => '{"limit": "many"}'`, /integer/],
      [`'books', 'x', options => '{"filter": null}'`, /not null/],
      [`'books', 'x', options => '{"filter": {"nothing": 1}}'`, /no column "nothing"/],
      [
        `'books', query_vector => '[1,2,3]'`,
        /holds vectors of test\/digest@8 \(8 dimensions\), .* \(3 dimensions\)/,
      ],
      [
        `'books', query_vector => ${VECTOR}, options => '{"model": "other"}'`,
        /holds vectors of test\/digest@8 .* is of other/,
      ],
    ];
    for (const [call, message] of cases)
      await expect(
        database.query(`select * from evervec.search(${call})`),
        `${call}`,
      ).rejects.toThrow(message);
  });

  test('leaves the settings of the transaction as they are', async () => {
    const database = await open();
    await run(database, 'update evervec.spaces set indexed_at = now()');
    const settings = `select name, setting from pg_settings where name ~ '^(hnsw|enable|search_path|work_mem)' order by 1`;
    await database.transaction(async (tx) => {
      await tx.query(`select '[1]'::vector.vector`);
      const before = await tx.query(settings);
      await tx.query(`select * from evervec.search('books', 'book', ${VECTOR})`);
      expect((await tx.query(settings)).rows).toEqual(before.rows);
    });
  });
});

describeEachDatabase('a large space', (databases) => {
  const COUNT = INDEX_FROM_CHUNKS + 2_000;

  /** A space without its index yet. */
  async function open(): Promise<Kept & { beside: Kept }> {
    const place = await databases.create();
    const database = await place.open();
    await run(
      database,
      'create table items (id integer primary key, part integer, body text)',
      `insert into items select n, n % 500, 'text ' || md5(n::text) || ' ' || n % 50 from generate_series(1, ${COUNT}) n`,
    );
    const kept = await configure(database, { items: { table: 'items', text: ['body'] } });
    await kept.evervec.setup();
    await kept.evervec.backfill();
    const beside = await configure(await place.open(), {
      items: { table: 'items', text: ['body'] },
    });
    return { ...kept, beside };
  }

  const isIndexed = async (database: Database) =>
    (
      await database.query<{ indexed: boolean }>(
        'select indexed_at is not null as indexed from evervec.spaces',
      )
    ).rows[0]?.indexed;

  async function fill(kept: Kept): Promise<void> {
    // A worker that is not done has no idle moment to build the index in.
    const worker = await kept.evervec.worker();
    await kept.database
      .query(`insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation,
      ready_at, enqueued_at) select id, 'kept back', lane_id, 0, 2, 1, now() + interval '1 day', now() from evervec.sources`);
    await worker.drain();
    await kept.database.query(`delete from evervec.jobs where record_key = 'kept back'`);
  }

  const QUERIES = Array.from({ length: 40 }, (_, n) => `text number ${n} of the queries`);

  test('gives the same with its index as without, and uses it', { timeout: 240_000 }, async () => {
    if (databases.kind === 'embedded') return;
    const kept = await open();
    const { database, evervec, beside } = kept;
    await fill(kept);
    // How many candidates there are depends on what Postgres knows of the tables.
    await database.query('analyze');
    expect(await isIndexed(database)).toBe(false);
    const ask = async (mode: SearchMode, more: Partial<SearchRequest> = {}) => {
      const answers: string[][] = [];
      for (const query of QUERIES)
        answers.push(keys(await evervec.search({ query, mode, ...more })));
      return answers;
    };
    const filtered = { filter: { part: 7 }, limit: 20 };
    const exact = {
      vector: await ask('vector'),
      hybrid: await ask('hybrid'),
      text: await ask('text'),
      few: await ask('vector', filtered),
    };

    // Searches go on while it is built.
    await database.transaction(async (tx) => {
      expect(await indexWhenFull(tx, 1)).toBe(true);
      expect(keys(await beside.evervec.search({ query: 'text' }))).toHaveLength(10);
    });
    expect(await isIndexed(database)).toBe(true);
    // Or searches beside writes read megabytes of what waits to be indexed.
    const { rows } = await database.query<{ options: string[] }>(
      `select reloptions as options from pg_class where relname = 'chunks_1_words'`,
    );
    expect(rows[0]?.options).toEqual(['fastupdate=off']);
    const scans = await indexScans(database);
    const recall = (found: string[][], wanted: string[][]) =>
      found.flatMap((ids, index) => ids.filter((id) => wanted[index]?.includes(id))).length /
      wanted.flat().length;
    const vector = await ask('vector');
    expect(recall(vector, exact.vector)).toBeGreaterThanOrEqual(0.95);
    expect(await indexScans(database)).toBeGreaterThan(scans);
    expect(recall(await ask('hybrid'), exact.hybrid)).toBeGreaterThanOrEqual(0.95);
    expect(await ask('text')).toEqual(exact.text);
    // One row in 500: an ANN scan gives up before it has found twenty.
    const few = await ask('vector', filtered);
    expect(few.map((ids) => ids.length)).toEqual(exact.few.map((ids) => ids.length));
    expect(recall(few, exact.few)).toBeGreaterThanOrEqual(0.95);
    // All but a few deleted, no worker ran.
    await database.query('delete from items where id % 1000 <> 3');
    for (const mode of MODES)
      expect(keys(await evervec.search({ query: 'text 3', mode, limit: 100 }))).toHaveLength(12);
  });
});

async function indexScans(database: Database): Promise<number> {
  await database.query('select pg_stat_force_next_flush()');
  const { rows } = await database.query<{ scans: number }>(
    `select coalesce(sum(idx_scan), 0)::integer as scans from pg_stat_all_indexes where indexrelname = 'chunks_1_embedding'`,
  );
  return rows[0]?.scans ?? 0;
}
