/**
 * Whatever a key is made of and however rows change: after the queue is worked off, the sidecar is true to the rows, a
 * search finds them by their keys, and a reconcile has nothing to add. Rows are written in sessions with settings that
 * no key may depend on.
 */
import { expect, test } from 'vitest';
import { type Database, quoteIdentifier, quoteQualified } from '../../src/database/index.ts';
import { keyPages, resolveSource } from '../../src/source/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { drift, expectTrue, inOddSession, keep, type Kept, NO_DRIFT, sidecar } from './fixture.ts';

interface KeyType {
  name: string;
  /** Run first: types and extensions. */
  before?: string;
  type: string;
  /** Distinct values, as SQL; two at least. */
  values: string[];
  /** The key's text, as the documentation says it; default `id::text`. */
  key?: string;
  /** Extension that the type is from. */
  extension?: string;
}

/** Types of one group share a database: opening one takes longer than testing a type. */

const KEY_TYPES: Record<string, KeyType[]> = {
  numbers: [
    { name: 'integer', type: 'integer', values: ['-1', '0', '2147483647', '7', '8'] },
    {
      name: 'bigint beyond 2^53',
      type: 'bigint',
      values: ['9007199254740993', '9007199254740992', '-9223372036854775808', '1', '2'],
    },
    {
      name: 'numeric',
      type: 'numeric',
      values: ['1.0', '1.10', '123456789012345678901234567890.5', '-0.00001', `'NaN'`],
    },
    {
      name: 'uuid',
      type: 'uuid',
      values: [1, 2, 3, 4, 5].map((n) => `'0000000${n}-AAAA-4000-8000-0123456789AB'`),
    },
  ],
  texts: [
    {
      name: 'text',
      type: 'text',
      values: [
        `''`,
        `'  two blanks before, one after '`,
        `'it''s "quoted"' || chr(10) || 'on two lines' || chr(9) || chr(92)`,
        `'żółć 日本 🙂'`,
        `'[1, null]'`,
      ],
    },
    {
      name: 'text of another collation',
      type: 'text collate "POSIX"',
      values: [`'a'`, `'B'`, `'ä'`, `'b'`, `''`],
    },
    { name: 'varchar', type: 'varchar(9)', values: [`'a'`, `'a '`, `'A'`, `'%'`, `'a_'`] },
    { name: 'char', type: 'char(5)', values: [`'a'`, `'  b'`, `''`, `'abcde'`, `'c  '`] },
    { name: '"char"', type: '"char"', values: [`'a'`, `'b'`, `'"'`, `','`, `'z'`] },
  ],
  times: [
    {
      name: 'date',
      type: 'date',
      values: [
        `'2024-02-01'`,
        `'2024-01-02'`,
        `'infinity'`,
        `make_date(-43, 3, 15)`,
        `'0044-03-15'`,
      ].map((value) => (value.startsWith('make') ? value : `date ${value}`)),
      key: `case when isfinite(id) then to_char(id, 'YYYY-MM-DD') else 'infinity' end
      || case when id < date '0001-01-01' then ' BC' else '' end`,
    },
    {
      name: 'timestamp',
      type: 'timestamp',
      values: [1, 2, 3, 4, 5].map((n) => `timestamp '2024-02-0${n} 00:00:00.5'`),
      key: `to_char(id, 'YYYY-MM-DD"T"HH24:MI:SS.FF1')`,
    },
    {
      name: 'timestamptz',
      type: 'timestamptz',
      // The hour that summer time takes away or repeats is one hour in UTC.
      values: [0, 1, 2, 3, 4].map((n) => `timestamptz '2024-10-27 0${n}:30:00+00'`),
      key: `to_char(id at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')`,
    },
    { name: 'time', type: 'time', values: [`'01:02:03.000004'`, `'24:00'`, `'00:00'`] },
  ],
  others: [
    {
      name: 'bytea',
      type: 'bytea',
      values: ['', '00', 'ff5c27', '61', '62'].map((hex) => `decode('${hex}', 'hex')`),
      key: `chr(92) || 'x' || encode(id, 'hex')`,
    },
    { name: 'boolean', type: 'boolean', values: ['true', 'false'] },
    { name: 'inet', type: 'inet', values: [`'10.0.0.1'`, `'10.0.0.0/8'`, `'::1'`] },
    { name: 'jsonb', type: 'jsonb', values: [`'{"b": 1, "a": [2]}'`, `'"x"'`, `'null'`] },
    { name: 'integer[]', type: 'integer[]', values: [`'{1,2}'`, `'{}'`, `'{2,NULL}'`] },
  ],
  'types of users and extensions': [
    {
      name: 'enum',
      before: `create type public."Mood, of sorts" as enum ('low', 'it''s fine', 'a "quote"', 'z', 'y')`,
      type: 'public."Mood, of sorts"',
      values: [`'low'`, `'it''s fine'`, `'a "quote"'`, `'z'`, `'y'`],
    },
    {
      name: 'enum in a schema that is called like an alias of ours',
      before: `create schema moods; create type moods.mood as enum ('low', 'high', 'c', 'd', 'e')`,
      type: 'moods.mood',
      values: [`'low'`, `'high'`, `'c'`, `'d'`, `'e'`],
    },
    {
      name: 'domain',
      before: 'create domain public.code as text check (length(value) < 9)',
      type: 'public.code',
      values: [`'a'`, `'B'`, `'ç'`, `''`, `'b'`],
    },
    {
      name: 'domain over a domain over timestamptz',
      before: 'create domain public.moment as timestamptz; create domain public.instant as moment',
      type: 'public.instant',
      values: [0, 1, 2, 3, 4].map((n) => `timestamptz '2024-10-27 0${n}:30:00+00'`),
      key: `to_char(id at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')`,
    },
    {
      name: 'citext',
      extension: 'citext',
      before: 'create extension citext schema public',
      type: 'public.citext',
      values: [`'Abc'`, `'b'`, `'C'`, `'d'`, `''`],
    },
    {
      name: 'ltree',
      extension: 'ltree',
      before: 'create extension ltree schema public',
      type: 'public.ltree',
      values: [`'a.b'`, `'a'`, `'a.c'`, `'b'`, `'Z'`],
    },
  ],
};

/** Words that are each in one row only, so that a search for one tells the row. */
const WORDS = ['alpha', 'bravo', 'charlie', 'delta', 'echo'];

/** One key type's table, called like its source, in a group's database. */
interface Table {
  kept: Kept;
  name: string;
  type: KeyType;
}

async function expectKept({ kept, name, type }: Table): Promise<void> {
  await kept.drain();
  expect(await kept.queued(), `${type.name}`).toEqual([]);
  await expectTrue(kept, rowsOf(name, type), { source: name });
}

/** The other ways from a key to its row and back: a reconcile's paging, a search's join. */
async function expectFound({ kept, name, type }: Table): Promise<void> {
  expect(await drift(kept, name), `${type.name}`).toEqual(NO_DRIFT);
  const { rows } = await kept.database.query<{ key: string; text: string }>(rowsOf(name, type));
  const { hits } = await kept.evervec.search({
    query: WORDS.join(' '),
    sources: [name],
    mode: 'text',
    limit: 100,
  });
  const found = hits.map(({ key, record }) => ({ key, text: record['body'] }));
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  expect(found.sort(byKey), `${type.name}`).toEqual(rows.sort(byKey));
}

function rowsOf(table: string, { key = 'id::text' }: KeyType): string {
  return `select ${key} as key, body as text from public.${table}`;
}

/** A cast takes no collation. */
function bare(type: string): string {
  return type.replace(/ collate .*/, '');
}

async function writeInAllWays(table: Table): Promise<void> {
  const { kept, name, type } = table;
  const { values } = type;
  const [v0 = '', v1 = '', ...others] = values;
  const write = async (...statements: string[]) => {
    // The operators of an extension's types must be found.
    const searchPath = type.extension === undefined ? `''` : 'public';
    await inOddSession(
      kept.database,
      `set local search_path = ${searchPath}`,
      ...statements.map((statement) => statement.replaceAll('items', `public.${name}`)),
    );
    await expectKept(table);
  };
  await expectKept(table);
  await write(`insert into items values (${v1}, 'bravo')`);
  await expectFound(table);
  await write(
    `update items set body = 'alpha then' where id = ${v0}`,
    `insert into items as item values (${v1}, 'bravo again')
      on conflict (id) do update set body = excluded.body`,
  );
  for (const [index, value] of others.entries())
    await write(
      // To another key, without a change of the text; then a new row under the old one.
      `update items set id = ${value} where id = ${v0}`,
      `merge into items as item using (select (${v0})::${bare(type.type)} as wanted) source on item.id = source.wanted
        when matched then update set body = 'merged'
        when not matched then insert values (${v0}, '${WORDS[index + 2]} merged')`,
    );
  await expectFound(table);
  await write(`delete from items where id = ${v1}`);
  const bulk = values.map(
    (value, index) => `((${value})::${bare(type.type)}, '${WORDS[index]} bulk')`,
  );
  await write('truncate items', `insert into items select * from (values ${bulk.join(', ')}) rows`);
  await expectFound(table);
}

describeEachDatabase('keys', (databases) => {
  test.each(Object.keys(KEY_TYPES))('%s: every kind of write', async (group) => {
    const database = await databases.open();
    const tables: { name: string; type: KeyType }[] = [];
    for (const type of KEY_TYPES[group] ?? []) {
      if (!(await isAvailable(database, type.extension))) continue;
      const name = `items_${tables.length}`;
      for (const statement of type.before?.split(';') ?? []) await database.query(statement);
      await database.query(`create table ${name} (id ${type.type} primary key, body text)`);
      await database.query(`insert into ${name} values (${type.values[0]}, 'alpha at first')`);
      tables.push({ name, type });
    }
    const kept = await keep(
      database,
      Object.fromEntries(tables.map(({ name }) => [name, { table: name, text: ['body'] }])),
    );
    for (const table of tables) await writeInAllWays({ kept, ...table });
    expect(await kept.queued()).toEqual([]);
  });

  test('of several columns, of mixed types, with what is special in JSON', async () => {
    const database = await databases.open();
    await database.query(`create type public.kind as enum ('a', 'b')`);
    await database.query(`create table items (
      at timestamptz, name text collate "POSIX", kind public.kind, code char(3), body text,
      primary key (name, at, kind, code))`);
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    const names = [
      `'"]'`,
      `'\\"'`,
      `'["a", null]'`,
      `E'line\\nline\\ttab\\u0001'`,
      `''`,
      `'é🙂'`,
      `'null'`,
    ];
    const rows = `select json_build_array(name, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), kind::text,
      rtrim(code::text))::jsonb::text as key, body as text from items`;
    await database.query(
      `insert into items select timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', name, 'a', 'x', 'row ' || n
      from unnest(array[${names.join(', ')}]) with ordinality as named (name, n)`,
    );
    await kept.drain();
    await expectTrue(kept, rows);
    await inOddSession(
      database,
      `update public.items set kind = 'b', body = body || ' changed' where name <> ''`,
      `delete from public.items where name = 'null'`,
    );
    await kept.drain();
    await expectTrue(kept, rows);
    expect(await drift(kept)).toEqual(NO_DRIFT);
    const { hits } = await kept.evervec.search({ query: 'row', mode: 'text' });
    expect(hits.map((hit) => JSON.parse(hit.key)[0] === hit.record['name'])).toEqual(
      Array.from({ length: 6 }, () => true),
    );
  });

  test('pages over a key of several columns and types leave nothing out', async () => {
    const database = await databases.open();
    await database.query(
      `create table items (a text, b integer, c date, body text, primary key (b, a, c))`,
    );
    await database.query(`insert into items select chr(65 + n % 7), n % 11, date '2024-01-01' + n % 13, 'row ' || n
      from generate_series(0, 1000) n`);
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    await expectTrue(
      kept,
      `select json_build_array(b::text, a, c::text)::jsonb::text as key, body as text from items`,
    );
    const source = await resolveSource(database, 'items', { table: 'items', text: ['body'] });
    const keys: string[] = [];
    for await (const page of keyPages(database, source, 10)) keys.push(...page.keys);
    expect(new Set(keys).size).toBe(1001);
    expect(keys).toHaveLength(1001);
  });

  test.each([
    { name: 'a table with a dot', table: 'my.items' },
    { name: 'a table with blanks and quotes', table: `it's "so" %s $1 \\` },
    { name: 'a schema that is not in the search path', schema: 'Else where', table: 'items' },
    { name: 'a schema with a dot', schema: 'a.b', table: 'c.d' },
    { name: 'names that are keywords', schema: 'table', table: 'select' },
    { name: 'a schema called like ours and pgvector', schema: 'vector', table: 'vector' },
  ])('$name', async ({ schema = 'public', table }) => {
    const database = await databases.open();
    if (schema !== 'public') await database.query(`create schema ${quoteIdentifier(schema)}`);
    const name = quoteQualified(schema, table);
    await database.query(`create table ${name} (id integer primary key, body text)`);
    await database.query(`insert into ${name} values (1, 'one'), (2, 'two')`);
    const kept = await keep(database, { items: { table, schema, text: ['body'] } });
    await inOddSession(
      database,
      `update ${name} set body = 'changed' where id = 1`,
      `insert into ${name} values (3, 'three')`,
    );
    await kept.drain();
    await expectTrue(kept, `select id::text as key, body as text from ${name}`);
    expect(await drift(kept)).toEqual(NO_DRIFT);
    const { hits } = await kept.evervec.search({ query: 'three', mode: 'text', filter: { id: 3 } });
    expect(hits.map((hit) => hit.record)).toEqual([{ id: 3, body: 'three' }]);
  });

  const NAMES = [
    'key',
    'position',
    'text',
    't',
    'c',
    'n',
    'o',
    'r',
    'select',
    'record_key',
    'chunk_index',
    'words',
    'query',
    'found',
    'wanted',
    'sized',
    'size',
    'is_found',
    'c0',
    'c1',
    'fields',
    'found',
    'hit',
    'top',
    'changed',
    'integer',
    'timestamptz',
    'Mixed Case',
    'quo"ted',
    `quo'ted`,
    'per%s',
    '$1',
    'dot.ted',
    'ünï',
    '__proto__',
  ];

  test('columns of any name', async () => {
    const database = await databases.open();
    const names = [...new Set(NAMES)];
    const quoted = names.map(quoteIdentifier);
    const columns = quoted.map((column) => `${column} text`).join(', ');
    // An index has at most 32 columns.
    const key = quoted.slice(0, 32).join(', ');
    await database.query(`create table items (${columns}, primary key (${key}))`);
    await database.query(`create table twins (id integer primary key, ${columns})`);
    await database.query(`insert into twins (id, ${quoted.join(', ')})
      values (1, ${names.map((_, index) => `'value${index}'`).join(', ')})`);
    await database.query(`insert into items select ${quoted.join(', ')} from twins`);
    const kept = await keep(database, {
      items: { table: 'items', text: names },
      twins: {
        table: 'twins',
        columns: names,
        text: (row) => names.map((name) => row[name]).join('\n\n'),
      },
    });
    const check = async () => {
      await kept.drain();
      const text = `concat_ws(chr(10) || chr(10), ${quoted.join(', ')}) as text`;
      await expectTrue(
        kept,
        `select json_build_array(${key})::jsonb::text as key, ${text} from items`,
      );
      await expectTrue(kept, `select id::text as key, ${text} from twins`, { source: 'twins' });
      expect(await drift(kept)).toEqual(NO_DRIFT);
      expect(await drift(kept, 'twins')).toEqual(NO_DRIFT);
    };
    await check();
    for (const table of ['items', 'twins'])
      await inOddSession(database, `update public.${table} set ${quoted[3]} = 'changed'`);
    await check();
    for (const [index, name] of names.entries()) {
      const value = name === 't' ? 'changed' : `value${index}`;
      const { hits } = await kept.evervec.search({
        query: 'changed',
        mode: 'text',
        filter: { [name]: value },
      });
      expect(
        hits.map((hit) => hit.record[name]),
        `column ${name}`,
      ).toEqual([value, value]);
    }
  });

  test('a chosen key of a table without primary key', async () => {
    const database = await databases.open();
    await database.query(
      `create table items (a integer not null, b text not null, body text, unique (b, a))`,
    );
    await database.query(`insert into items values (1, 'x', 'one'), (1, 'y', 'two')`);
    const kept = await keep(database, {
      items: { table: 'items', key: ['a', 'b'], text: ['body'] },
    });
    await database.query(`update items set a = 2 where b = 'y'`);
    expect(await kept.queued()).toEqual(['["1", "y"]', '["2", "y"]']);
    await kept.drain();
    await expectTrue(
      kept,
      `select json_build_array(a::text, b)::jsonb::text as key, body as text from items`,
    );
  });
});

describeEachDatabase('changes', (databases) => {
  const ROWS = 'select id::text as key, body as text from items';
  const open = async (
    columns = 'id integer primary key deferrable, body text, other text',
    count = 3,
  ) => {
    const database = await databases.open();
    await database.query(`create table items (${columns})`);
    await database.query(
      `insert into items (id, body) select n, 'row ' || n from generate_series(1, ${count}) n`,
    );
    return await keep(database, { items: { table: 'items', text: ['body'] } });
  };

  test.each([
    {
      name: 'two keys swapped',
      statement: `update items set id = 3 - id where id < 3`,
      keys: ['1', '2'],
    },
    {
      name: 'all keys shifted',
      statement: `update items set id = id + 1`,
      keys: ['1', '2', '3', '4'],
    },
    {
      name: 'a key changed and not the text',
      statement: `update items set id = 9 where id = 1`,
      keys: ['1', '9'],
    },
    {
      name: 'keys rotated with one text changed',
      statement: `update items set id = id % 3 + 1, body = case id when 1 then 'new' else body end`,
      keys: ['1', '2', '3'],
    },
    { name: 'a column that is not mapped', statement: `update items set other = 'x'`, keys: [] },
    { name: 'the same values', statement: `update items set id = id, body = body`, keys: [] },
    {
      name: 'null from a text',
      statement: `update items set body = null where id = 2`,
      keys: ['2'],
    },
    { name: 'no row', statement: `update items set body = 'x' where id = 99`, keys: [] },
    { name: 'no row deleted', statement: `delete from items where id = 99`, keys: [] },
    {
      name: 'no row inserted',
      statement: `insert into items select 99, 'x' where false`,
      keys: [],
    },
    {
      name: 'a key deleted and inserted again',
      statement: `with gone as (delete from items where id = 1 returning id) insert into items select id + 10, 'x' from gone`,
      keys: ['1', '11'],
    },
  ])('$name: queues $keys', async ({ statement, keys }) => {
    const kept = await open();
    await kept.database.query(statement);
    expect(await kept.queued()).toEqual(keys);
    const { rowCount } = await kept.database.query('select from evervec.changes');
    expect(rowCount === 0).toBe(keys.length === 0);
    await kept.drain();
    await expectTrue(kept, ROWS);
    expect(await drift(kept)).toEqual(NO_DRIFT);
  });

  test('an insert that does nothing on conflict queues nothing', async () => {
    const kept = await open('id integer primary key, body text');
    await kept.database.query(`insert into items values (1, 'other') on conflict do nothing`);
    expect(await kept.queued()).toEqual([]);
  });

  test.each([
    { type: 'json', from: `'{"a": 1}'`, same: `'{"a": 1}'`, other: `'{"a":1}'` },
    {
      type: 'jsonb',
      from: `'{"a": 1, "b": 2}'`,
      same: `'{"b": 2, "a": 1}'`,
      other: `'{"a": 2, "b": 2}'`,
    },
    { type: 'text[]', from: `'{a,b}'`, same: `array['a', 'b']`, other: `'{b,a}'` },
    { type: 'numeric', from: '1.0', same: '1.0', other: '1.00' },
    { type: 'double precision', from: '0.1', same: '0.10', other: '0.2' },
    { type: 'char(5)', from: `'a'`, same: `'a  '`, other: `'b'` },
    { type: 'text collate "POSIX"', from: `'a'`, same: `'a'`, other: `'A'` },
    {
      type: 'timestamptz',
      from: `'2024-01-01 00:00+00'`,
      same: `'2024-01-01 01:00+01'`,
      other: `'2024-01-02'`,
    },
    {
      type: 'bytea',
      from: `decode('01', 'hex')`,
      same: `decode('01', 'hex')`,
      other: `decode('02', 'hex')`,
    },
    { type: 'point', from: `'(1,2)'`, same: `'(1,2)'`, other: `'(2,1)'` },
    { type: 'xml', from: `'<a/>'`, same: `'<a/>'`, other: `'<b/>'` },
    { type: 'interval', from: `'1 month'`, same: `'1 mon'`, other: `'30 days'` },
  ])('a mapped column of type $type', async ({ type, from, same, other }) => {
    const database = await databases.open();
    try {
      await database.query(`create table items (id integer primary key, body ${type})`);
      await database.query(`insert into items values (1, ${from})`);
    } catch (error) {
      // Without libxml there is no xml.
      if (type === 'xml') return;
      throw error;
    }
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    expect(await sidecar(database)).toHaveLength(1);
    await database.query(`update items set body = ${same}`);
    expect(await kept.queued()).toEqual([]);
    await inOddSession(database, `update public.items set body = ${same}`);
    expect(await kept.queued()).toEqual([]);
    await database.query(`update items set body = ${other}`);
    expect(await kept.queued()).toEqual(['1']);
    await kept.drain();
    expect(await drift(kept)).toEqual(NO_DRIFT);
  });

  test('copy and a bulk of many entries', async () => {
    const kept = await open('id integer primary key, body text');
    const { database } = kept;
    const lines = Array.from({ length: 2_500 }, (_, n) => `${n + 10}\tcopied ${n}\n`);
    await database.copyIn('copy items from stdin', [Buffer.from(lines.join(''))]);
    expect(await kept.queued()).toHaveLength(2_500);
    const { rows } = await database.query(
      'select cardinality(keys) as keys from evervec.changes order by 1 desc',
    );
    expect(rows).toEqual([{ keys: 1000 }, { keys: 1000 }, { keys: 500 }]);
    await database.query(`update items set body = body || '!' where id % 2 = 0`);
    await database.query('delete from items where id % 3 = 0');
    await kept.drain();
    await expectTrue(kept, ROWS);
  });

  test('merge with all its actions at once', async () => {
    const kept = await open('id integer primary key, body text');
    await kept.database
      .query(`merge into items using generate_series(1, 5) as wanted (id) on items.id = wanted.id
      when matched and items.id = 1 then delete when matched and items.id = 2 then do nothing
      when matched then update set body = 'merged' when not matched then insert values (wanted.id, 'new')`);
    expect(await kept.queued()).toEqual(['1', '3', '4', '5']);
    await kept.drain();
    await expectTrue(kept, ROWS);
  });

  test('cascades of foreign keys', async () => {
    const kept = await open('id integer primary key, body text');
    const { database } = kept;
    await database.query('create table parents (id integer primary key)');
    await database.query('insert into parents values (1), (2), (3)');
    await database.query(
      `alter table items add foreign key (id) references parents on delete cascade on update cascade`,
    );
    await database.query('delete from parents where id = 1');
    await database.query('update parents set id = 30 where id = 3');
    await kept.drain();
    await expectTrue(kept, ROWS);
    await database.query('truncate parents cascade');
    expect(await kept.queued()).toEqual(['*']);
    await kept.drain();
    expect(await sidecar(database)).toEqual([]);
  });

  test('an empty key in the sidecar whose row is gone is found', async () => {
    const database = await databases.open();
    await database.query('create table items (id text primary key, body text)');
    await database.query(`insert into items values ('', 'empty'), ('a', 'a')`);
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    await database.query('alter table items disable trigger user');
    await database.query(`delete from items`);
    expect(await drift(kept)).toEqual({ ...NO_DRIFT, orphaned: 2 });
  });
});

async function isAvailable(database: Database, extension: string | undefined): Promise<boolean> {
  if (extension === undefined) return true;
  const found = await database.query('select from pg_available_extensions where name = $1', [
    extension,
  ]);
  return found.rowCount > 0;
}
