/**
 * Whatever a key is made of and however rows change: after the queue is worked off, the sidecar is true to the rows, a
 * search finds them by their keys, and a reconcile has nothing to add. Rows are written in sessions with settings that
 * no key may depend on.
 */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { drift, expectTrue, inOddSession, keep, type Kept, NO_DRIFT } from './fixture.ts';

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
  expect(await kept.queued(), type.name).toEqual([]);
  await expectTrue(kept, rowsOf(name, type), { source: name });
}

/** The other ways from a key to its row and back: a reconcile's paging, a search's join. */
async function expectFound({ kept, name, type }: Table): Promise<void> {
  expect(await drift(kept, name), type.name).toEqual(NO_DRIFT);
  const { rows } = await kept.database.query<{ key: string; text: string }>(rowsOf(name, type));
  const { hits } = await kept.evervec.search({
    query: WORDS.join(' '),
    sources: [name],
    mode: 'text',
    limit: 100,
  });
  const found = hits.map(({ key, record }) => ({ key, text: record['body'] }));
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  expect(found.sort(byKey), type.name).toEqual(rows.sort(byKey));
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
  });
});

async function isAvailable(database: Database, extension: string | undefined): Promise<boolean> {
  if (extension === undefined) return true;
  const found = await database.query('select from pg_available_extensions where name = $1', [
    extension,
  ]);
  return found.rowCount > 0;
}
