/** From rows to chunks: what becomes of columns, templates and functions, of nothing, of much, and of what throws. */
import { expect, test } from 'vitest';
import { cleanText } from '../../src/chunk/index.ts';
import type { Database } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { readRows, resolveSource, type Row } from '../../src/source/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { drift, expectTrue, keep, type Kept, NO_DRIFT, sidecar } from './fixture.ts';

const ROWS = 'select id::text as key, body as text from items';

async function tableOf(database: Database, bodies: readonly (string | null)[]): Promise<void> {
  await database.query('create table items (id integer primary key, title text, body text)');
  await database.query(
    `insert into items (id, title, body) select n, 'title ' || n, body
    from unnest($1::text[]) with ordinality as given (body, n)`,
    [bodies],
  );
}

async function states(database: Database) {
  const { rows } = await database.query<{
    key: string;
    state: number;
    attempts: number;
    error: string;
  }>(`select record_key as key, state, attempts, last_error as error from evervec.jobs order by 1`);
  return rows;
}

/** Works until nothing waits for another try any more. */
async function drainRetries(kept: Kept): Promise<void> {
  await eventually('nothing but parked jobs', async () => {
    await kept.drain();
    return (await kept.evervec.pending()) === 0 ? true : undefined;
  });
}

const PARAGRAPH_CHARS = 1_200;

/** Paragraphs that each fill a chunk of their own. */
function paragraph(number: number): string {
  const words = Array.from({ length: 400 }, (_, index) => `word${(index * 7 + number * 13) % 997}`);
  return `Paragraph ${number}. ${words.join(' ').slice(0, PARAGRAPH_CHARS)}.`;
}

describeEachDatabase('text', (databases) => {
  test('is stored as it is: neither text nor words are compressed, nor a vector kept apart from its row', async () => {
    const database = await databases.open();
    await tableOf(database, ['one']);
    await keep(database, { items: { table: 'items', text: ['body'] } });
    const { rows } = await database.query<{ name: string; storage: string }>(
      `select attname as name, attstorage::text as storage from pg_attribute
      where attrelid = 'evervec.chunks_1'::regclass and attname in ('text', 'words', 'weights', 'embedding') order by 1`,
    );
    expect(Object.fromEntries(rows.map(({ name, storage }) => [name, storage]))).toEqual({
      embedding: 'p',
      text: 'e',
      weights: 'm',
      words: 'e',
    });
  });

  test('of columns: blank ones are left out', async () => {
    const database = await databases.open();
    await tableOf(database, ['one', null, '', '  \n ', ' three ']);
    const kept = await keep(database, {
      items: { table: 'items', text: ['title', 'body', 'title'] },
    });
    await expectTrue(
      kept,
      `select id::text as key, concat_ws(e'\\n\\n', title, nullif(trim(e' \\n' from body), ''), title) as text from items`,
    );
  });

  test('of a template: lines of blank columns are left out', async () => {
    const database = await databases.open();
    await tableOf(database, ['one', null, ' ']);
    const kept = await keep(database, {
      items: { table: 'items', text: '# {title}\n{{{body}}}\nBy { title }' },
    });
    await expectTrue(
      kept,
      `select id::text as key, '# ' || title || case when trim(body) <> '' then e'\\n{' || body || '}' else '' end
        || e'\\nBy ' || title as text from items`,
    );
  });

  test('of a function, which sees rows as JSON with every digit', async () => {
    const database = await databases.open();
    await database.query(
      `create table items (id bigint primary key, price numeric, at timestamptz, tags text[], more jsonb)`,
    );
    await database.query(`insert into items values
      (9007199254740993, 12345678901234567890.123456789, '2024-01-01 00:00+00', '{a,b}', '{"n": 9007199254740993, "s": [1.5]}'),
      (1, 1.5, null, null, null)`);
    const seen: Row[] = [];
    const columns = ['id', 'price', 'tags', 'more'];
    const kept = await keep(database, {
      items: {
        table: 'items',
        columns,
        text: (row) => {
          seen.push(row);
          return `${row['id']} costs ${row['price']}`;
        },
      },
    });
    await expectTrue(kept, `select id::text as key, id || ' costs ' || price as text from items`);
    expect(seen).toHaveLength(2);
    expect(seen.find((row) => row['id'] !== 1)).toEqual({
      id: '9007199254740993',
      price: '12345678901234567890.123456789',
      tags: ['a', 'b'],
      more: { n: '9007199254740993', s: [1.5] },
    });
    const { hits } = await kept.evervec.search({ query: 'costs', mode: 'text' });
    expect(hits.map((hit) => String(hit.record['id'])).sort()).toEqual(
      hits.map((hit) => hit.key).sort(),
    );
  });

  test('null, empty and blank rows have no chunks and block nothing', async () => {
    const database = await databases.open();
    await tableOf(database, ['one', null, '', ' \n\t ', '\u00a0\u2003', 'six']);
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    expect((await sidecar(database)).map(({ key }) => key)).toEqual(['1', '6']);
    expect(await kept.queued()).toEqual([]);
    await database.query(
      `update items set body = case id when 1 then null when 2 then 'two' else body end`,
    );
    await kept.drain();
    await expectTrue(kept, ROWS);
    expect(await drift(kept)).toEqual(NO_DRIFT);
    const nothing = await keep(database, {
      items: { table: 'items', text: ['body'] },
      nothing: { table: 'items', columns: ['body'], text: () => undefined },
    });
    expect(await sidecar(database, 'nothing')).toEqual([]);
    expect(await nothing.queued()).toEqual([]);
  });

  test('lone surrogates, NUL and what else a function may give', async () => {
    const database = await databases.open();
    await tableOf(database, ['1', '2', '3', '4']);
    const texts = ['a\0b \uD800 c \uDC00d', '\0', '🙂 \uD83D\0\uDE42', '\uFFFE\u0001\u200B'];
    const kept = await keep(database, {
      items: { table: 'items', columns: ['body'], text: (row) => texts[Number(row['body']) - 1] },
    });
    expect(await kept.queued()).toEqual([]);
    expect((await sidecar(database)).map(({ key, text }) => ({ key, text }))).toEqual([
      { key: '1', text: 'ab \uFFFD c \uFFFDd' },
      { key: '3', text: '🙂 🙂' },
      { key: '4', text: '\uFFFE\u0001\u200B' },
    ]);
    expect(await drift(kept)).toEqual(NO_DRIFT);
  });

  test('offsets are those of the stored text, in UTF-16 units (I8)', async () => {
    const database = await databases.open();
    const texts = [
      `# Title 🙂\n\n${paragraph(1)}\n\n## Part\u00a0é\n\n${paragraph(2)}  \n\n  ${'🙂'.repeat(900)}`,
      `\n\n   ${'no blank '.repeat(900)}\r\n${'x'.repeat(5_000)}`,
    ];
    await tableOf(database, texts);
    const kept = await keep(database, {
      items: { table: 'items', text: ['body'], chunk: { maxChars: 500, overlapChars: 60 } },
    });
    await expectTrue(kept, ROWS.replace('body as', `trim(e' \\n' from body) as`), {
      chunk: { maxChars: 500, overlapChars: 60 },
    });
    const chunks = await sidecar(database);
    expect(chunks.length).toBeGreaterThan(20);
    for (const { key, start, end, text } of chunks)
      expect(cleanText((texts[Number(key) - 1] ?? '').trim()).slice(start, end)).toBe(text);
    const { hits } = await kept.evervec.search({ query: 'Title', mode: 'text' });
    expect(hits.map(({ chunk }) => texts[0]?.slice(chunk.start, chunk.end) === chunk.text)).toEqual(
      [true],
    );
  });

  test('5 MB in one cell, and compressible cells in one batch', { timeout: 240_000 }, async () => {
    const database = await databases.open();
    await database.query('create table items (id integer primary key, body text)');
    const long = Array.from({ length: 4_000 }, (_, number) => paragraph(number))
      .join('\n\n')
      .slice(0, 5_000_000);
    await database.query('insert into items values (1, $1)', [long]);
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    expect((await sidecar(database)).length).toBeGreaterThan(3_000);
    await expectTrue(kept, ROWS);
    // 400 MB that take 5 on disk: read some at a time.
    await database.query(
      `insert into items select n, repeat('all the same ', 80000) from generate_series(2, 401) n`,
    );
    const source = await resolveSource(database, 'items', { table: 'items', text: ['body'] });
    const keys = Array.from({ length: 400 }, (_, index) => String(index + 2));
    const read = await readRows(database, source, keys, 8 * 1024 * 1024);
    expect(read.rendered.length).toBeLessThan(12);
    expect(read.rendered.length + read.deferred.length).toBe(400);
  });
});

describeEachDatabase('a row whose text can not be made', (databases) => {
  const RETRY = { worker: { maxRetries: 3, retryBaseMs: 1 } };

  test.each([
    {
      what: 'throws',
      text: (row: Row) => {
        if (row['body'] === 'bad') throw new TypeError('the body: secret');
        return String(row['body']);
      },
      error: 'TypeError',
    },
    {
      what: 'gives a number',
      text: (row: Row) => (row['body'] === 'bad' ? 42 : String(row['body'])) as string,
      error: 'SourceError EVERVEC_SOURCE',
    },
    {
      what: 'gives a promise',
      text: (row: Row) =>
        (row['body'] === 'bad' ? Promise.reject(new Error('late')) : String(row['body'])) as string,
      error: 'SourceError EVERVEC_SOURCE',
    },
  ])('a function that $what parks that job alone (I6)', async ({ text, error }) => {
    const database = await databases.open();
    await tableOf(database, ['one', 'bad', 'three']);
    const kept = await keep(
      database,
      { items: { table: 'items', columns: ['body'], text } },
      RETRY,
    );
    expect((await sidecar(database)).map(({ key }) => key)).toEqual(['1', '3']);
    await drainRetries(kept);
    // The error's class, never its words (I11).
    expect(await states(database)).toEqual([{ key: '2', state: 3, attempts: 3, error }]);
    expect(await drift(kept)).toEqual({ ...NO_DRIFT, faulty: 1 });
    await database.query(`update items set body = 'good' where id = 2`);
    await kept.drain();
    expect(await states(database)).toEqual([]);
    await expectTrue(kept, ROWS);
  });

  test('a column that can not be read parks that job alone', async () => {
    const database = await databases.open();
    if (database.capabilities.serverVersion < 180_000) return;
    await database.query(`create table items (id integer primary key, body integer,
      share integer generated always as (100 / body) virtual)`);
    await database.query(
      'insert into items (id, body) select n, n - 5 from generate_series(1, 9) n',
    );
    const kept = await keep(
      database,
      { items: { table: 'items', text: ['share'], record: ['id'] } },
      RETRY,
    );
    await drainRetries(kept);
    expect(await states(database)).toEqual([
      { key: '5', state: 3, attempts: 3, error: 'QueryError EVERVEC_QUERY 22012' },
    ]);
    expect(await sidecar(database)).toHaveLength(8);
  });

  test('keys by hand: unknown ones are done, unfit ones parked, null is none', async () => {
    const database = await databases.open();
    await tableOf(database, ['one', 'two', 'three']);
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } }, RETRY);
    await database.query('alter table items disable trigger user');
    await database.query(`update items set body = 'changed'`);
    await database.query(
      `select evervec.enqueue('items', array['1', 'x', null, '99', '2', '', '3'])`,
    );
    await drainRetries(kept);
    expect((await states(database)).map(({ key, state }) => ({ key, state }))).toEqual([
      { key: '', state: 3 },
      { key: 'x', state: 3 },
    ]);
    await expectTrue(kept, ROWS);
    await expect(database.query(`select evervec.enqueue('nowhere', '{1}')`)).rejects.toThrow(
      'there is no source "nowhere"',
    );
  });
});

describeEachDatabase('what is embedded (I5)', (databases) => {
  async function open(bodies: string[]): Promise<Kept> {
    const database = await databases.open();
    await tableOf(database, bodies);
    const kept = await keep(database, { items: { table: 'items', text: ['body'] } });
    kept.model.texts.length = 0;
    return kept;
  }

  const LONG = Array.from({ length: 100 }, (_, number) => paragraph(number));

  test('one paragraph of a hundred edited: two texts at most', async () => {
    const kept = await open([LONG.join('\n\n')]);
    const edited = LONG.with(50, `${paragraph(1_000)} And a sentence more.`).join('\n\n');
    await kept.database.query('update items set body = $1', [edited]);
    await kept.drain();
    expect(kept.model.texts.length).toBeGreaterThan(0);
    expect(kept.model.texts.length).toBeLessThanOrEqual(2);
    await expectTrue(kept, ROWS);
  });

  test('a paragraph inserted at the front: the others keep their vectors', async () => {
    const kept = await open([LONG.join('\n\n')]);
    await kept.database.query('update items set body = $1', [
      [paragraph(1_000), ...LONG].join('\n\n'),
    ]);
    await kept.drain();
    expect(kept.model.texts).toEqual([paragraph(1_000)]);
    await expectTrue(kept, ROWS);
  });

  test('paragraphs that change places embed nothing', async () => {
    const kept = await open([LONG.join('\n\n')]);
    await kept.database.query('update items set body = $1', [LONG.toReversed().join('\n\n')]);
    await kept.drain();
    expect(kept.model.texts).toEqual([]);
    await expectTrue(kept, ROWS);
  });

  test('equal texts of a batch share a call', async () => {
    const kept = await open(['first']);
    await kept.database.query(
      `insert into items select n, 'x', 'text ' || n % 3 from generate_series(2, 90) n`,
    );
    await kept.drain();
    expect(kept.model.texts.toSorted()).toEqual(['text 0', 'text 1', 'text 2']);
    await expectTrue(kept, ROWS);
  });

  test('a row that is touched, or queued again, embeds nothing', async () => {
    const kept = await open(['one', 'two']);
    await kept.database.query(`update items set body = body || ' '`);
    expect(await kept.queued()).toEqual(['1', '2']);
    await kept.evervec.backfill();
    await kept.drain();
    expect(kept.model.texts).toEqual([]);
    expect(await kept.queued()).toEqual([]);
  });

  test('a worker of another model, or of a changed configuration, writes nothing', async () => {
    const kept = await open(['one']);
    const { database, model } = kept;
    const sources = { items: { table: 'items', text: ['body'] } };
    const other = await createEvervec(
      { model: { ...model, id: 'test/other@8' }, sources },
      { database },
    );
    expect(await other.setup()).toMatchObject([
      { outcome: 'unchanged', differs: [`model ${model.id}, not test/other@8`] },
    ]);
    for (const attempt of [() => other.worker(), () => other.backfill()])
      await expect(attempt()).rejects.toMatchObject({
        code: 'EVERVEC_SPACE_MISMATCH',
        isUsage: true,
      });
    const changed = await createEvervec(
      { model, sources: { items: { table: 'items', text: ['title'] } } },
      { database },
    );
    await expect(changed.worker()).rejects.toMatchObject({ code: 'EVERVEC_SCHEMA', isUsage: true });
  });
});
