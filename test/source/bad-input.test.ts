/** Wrong sources: each is told in full, by name, with what to do about it, before anything is made. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { type Config, createEvervec } from '../../src/engine/index.ts';
import { EvervecError } from '../../src/errors/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

type Options = Config['sources'][string];

interface Mistake {
  what: string;
  options: unknown;
  code: string;
  /** All of these stand in the message. */
  message: string[];
  /** This stands in the remedy. */
  remedy: string;
  isUsage?: boolean;
  source?: string;
}

const GOOD: Options = { table: 'items', text: ['body'] };

const MISTAKES: Mistake[] = [
  {
    what: 'no such table',
    options: { ...GOOD, table: 'nowhere' },
    code: 'EVERVEC_SOURCE',
    message: ['"nowhere"', 'no table'],
    remedy: 'Check the name',
  },
  {
    what: 'a table in the wrong case',
    options: { ...GOOD, table: 'ITEMS' },
    code: 'EVERVEC_SOURCE',
    message: ['"ITEMS"'],
    remedy: 'Did you mean public.items',
  },
  {
    what: 'a table in the singular',
    options: { ...GOOD, table: 'item' },
    code: 'EVERVEC_SOURCE',
    message: ['"item"'],
    remedy: 'Did you mean public.items',
  },
  {
    what: 'a table of another schema',
    options: { ...GOOD, table: 'hidden' },
    code: 'EVERVEC_SOURCE',
    message: ['"hidden"'],
    remedy: 'Did you mean far.hidden',
  },
  {
    what: 'no such column',
    options: { ...GOOD, text: ['body', 'nothing'] },
    code: 'EVERVEC_SOURCE',
    message: ['public.items', '"nothing"'],
    remedy: 'id, body, price',
  },
  {
    what: 'a template with an unknown field',
    options: { ...GOOD, text: '{body} of {nobody}' },
    code: 'EVERVEC_SOURCE',
    message: ['"nobody"'],
    remedy: 'id, body, price',
  },
  {
    what: 'a template with a lone brace',
    options: { ...GOOD, text: '{body} and } more' },
    code: 'EVERVEC_CONFIG',
    message: ['lone brace', '} more'],
    remedy: '{{ and }}',
  },
  {
    what: 'a template without a field',
    options: { ...GOOD, text: 'always the same' },
    code: 'EVERVEC_CONFIG',
    message: ['"always the same"', 'names no column'],
    remedy: '{title}',
  },
  {
    what: 'a function without columns',
    options: { ...GOOD, text: () => 'x' },
    code: 'EVERVEC_CONFIG',
    message: ['"columns"'],
    remedy: 'Add columns',
  },
  {
    what: 'columns without a function',
    options: { ...GOOD, columns: ['body'] },
    code: 'EVERVEC_CONFIG',
    message: ['"columns"'],
    remedy: 'Leave it out',
  },
  {
    what: 'columns of a function that are not there',
    options: { ...GOOD, text: () => 'x', columns: ['nothing'] },
    code: 'EVERVEC_SOURCE',
    message: ['"nothing"'],
    remedy: 'id, body, price',
  },
  {
    what: 'a shown column that is not there',
    options: { ...GOOD, record: ['nothing'] },
    code: 'EVERVEC_SOURCE',
    message: ['"nothing"'],
    remedy: 'id, body, price',
  },
  {
    what: 'no primary key',
    options: { ...GOOD, table: 'keyless' },
    code: 'EVERVEC_SOURCE',
    message: ['public.keyless', 'primary key'],
    remedy: 'key: [',
  },
  {
    what: 'a key that is not unique',
    options: { ...GOOD, key: ['body'] },
    code: 'EVERVEC_SOURCE',
    message: ['(body)', 'not unique'],
    remedy: 'unique index',
  },
  {
    what: 'a key that is unique where a condition holds',
    options: { ...GOOD, table: 'keyless', key: ['partly'] },
    code: 'EVERVEC_SOURCE',
    message: ['(partly)', 'not unique'],
    remedy: 'unique index',
  },
  {
    what: 'a key that may be null',
    options: { ...GOOD, table: 'keyless', key: ['nullable'] },
    code: 'EVERVEC_SOURCE',
    message: ['(nullable)', 'not null'],
    remedy: 'NOT NULL',
  },
  {
    what: 'a key that is not there',
    options: { ...GOOD, key: ['nothing'] },
    code: 'EVERVEC_SOURCE',
    message: ['"nothing"'],
    remedy: 'id, body, price',
  },
  ...['double precision', 'interval', 'tstzrange', 'date[]'].map((type, index) => ({
    what: `a key of type ${type}`,
    options: { ...GOOD, table: `unstable_${index}` },
    code: 'EVERVEC_SOURCE',
    message: [`public.unstable_${index}`, '"id"', "session's settings"],
    remedy: 'key: [',
  })),
  {
    what: 'a view without a key',
    options: { ...GOOD, table: 'looked_at' },
    code: 'EVERVEC_SOURCE',
    message: ['view public.looked_at', 'no primary key'],
    remedy: 'key: [',
  },
  {
    what: 'a materialized view without a key',
    options: { ...GOOD, table: 'kept' },
    code: 'EVERVEC_SOURCE',
    message: ['materialized view public.kept', 'no primary key'],
    remedy: 'key: [',
  },
  {
    what: 'a chunk too small',
    options: { ...GOOD, chunk: { maxChars: 3 } },
    code: 'EVERVEC_CONFIG',
    message: ['maxChars is 3'],
    remedy: '16',
  },
  {
    what: 'an overlap too large',
    options: { ...GOOD, chunk: { maxChars: 100, overlapChars: 90 } },
    code: 'EVERVEC_CONFIG',
    message: ['overlapChars is 90'],
    remedy: '50',
  },
  {
    what: 'an unknown language',
    options: { ...GOOD, language: 'klingon' },
    code: 'EVERVEC_CONFIG',
    message: ['"klingon"'],
    remedy: 'english',
  },
  ...['Bad Name', '1st', '', 'a'.repeat(41), 'ä'].map((source) => ({
    what: `a source named "${source}"`,
    source,
    options: GOOD,
    code: 'EVERVEC_CONFIG',
    message: ['1 to 40 of a-z'],
    remedy: 'docs/configuration.md',
  })),
  {
    what: 'a field that does not exist',
    options: { ...GOOD, colour: 'red' },
    code: 'EVERVEC_CONFIG',
    message: ['sources.items', 'colour'],
    remedy: 'docs/configuration.md',
  },
  {
    what: 'text of no column',
    options: { ...GOOD, text: [] },
    code: 'EVERVEC_CONFIG',
    message: ['sources.items.text'],
    remedy: 'docs/configuration.md',
  },
];

async function prepare(database: Database): Promise<void> {
  for (const statement of [
    'create table items (id integer primary key, body text, price numeric)',
    'create table keyless (nullable integer unique, partly integer not null, body text)',
    'create unique index on keyless (partly) where partly > 0',
    'create schema far',
    'create table far.hidden (id integer primary key, body text)',
    'create view looked_at as select * from items',
    'create materialized view kept as select * from items',
    'create table unstable_0 (id double precision primary key, body text)',
    'create table unstable_1 (id interval primary key, body text)',
    'create table unstable_2 (id tstzrange primary key, body text)',
    'create table unstable_3 (id date[] primary key, body text)',
  ])
    await database.query(statement);
}

async function catalog(database: Database): Promise<unknown[]> {
  const { rows } = await database.query(`
    select oid::text from pg_class union all select oid::text from pg_proc union all select oid::text from pg_trigger
    union all select oid::text from pg_namespace where nspname !~ 'temp' union all select extname from pg_extension order by 1`);
  return rows;
}

/** What set-up throws, for a configuration that may be none. */
async function refusal(database: Database, sources: Record<string, unknown>): Promise<unknown> {
  try {
    const config = { model: createDigestModel(), sources } as Config;
    await (await createEvervec(config, { database })).setup();
    return null;
  } catch (error) {
    return error;
  }
}

describeEachDatabase('a source that is wrong', (databases) => {
  test('is told in full and makes nothing', async () => {
    const database = await databases.open('empty');
    await prepare(database);
    const before = await catalog(database);
    for (const mistake of MISTAKES) {
      const { what, options, code, message, remedy, source = 'items' } = mistake;
      // The good one beside it is not set up either.
      const error = await refusal(database, { good: GOOD, [source]: options });
      expect(EvervecError.isInstance(error), `${what}`).toBe(true);
      const { message: said, remedy: advised, code: given, isUsage } = error as EvervecError;
      expect({ what, given, isUsage }).toEqual({
        what,
        given: code,
        isUsage: mistake.isUsage ?? true,
      });
      for (const part of [...message, ...(mistake.source === undefined ? ['items'] : [])])
        expect(said, `${what}`).toContain(part);
      expect(advised, `${what}`).toContain(remedy);
    }
    expect(await catalog(database)).toEqual(before);
  });

  test('for want of rights: who, what, and how to get them', async () => {
    const database = await databases.open('empty');
    await prepare(database);
    const role = 'evervec_test_reader';
    await database.query(
      `do $$ begin create role ${role}; exception when duplicate_object or unique_violation then null; end $$`,
    );
    await database.query(`grant ${role} to current_user`);
    const before = await catalog(database);
    const asReader = (statement: string) =>
      database.transaction(async (tx) => {
        await tx.query(`set local role ${role}`);
        const reader = {
          ...database,
          query: tx.query.bind(tx),
          capabilities: database.capabilities,
        } as Database;
        return await refusal(reader, { offers: { ...GOOD, table: statement } });
      });
    expect(await asReader('items')).toMatchObject({
      code: 'EVERVEC_PERMISSION',
      isUsage: false,
      message: 'Source "offers": this role may not read public.items.',
      remedy: expect.stringContaining('select'),
    });
    expect(await asReader('far.hidden')).toMatchObject({
      code: 'EVERVEC_PERMISSION',
      message: 'Source "offers": this role may not read far.hidden.',
      remedy: expect.stringContaining('usage on schema far'),
    });
    await database.query(`grant select on items to ${role}`);
    expect(await asReader('items')).toMatchObject({
      code: 'EVERVEC_PERMISSION',
      isUsage: false,
      message: 'Source "offers": this role may not create triggers on public.items.',
      remedy: expect.stringContaining('grant trigger on public.items'),
    });
    expect(await catalog(database)).toEqual(before);
  });
});
