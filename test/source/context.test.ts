/** What is embedded of a chunk beside its slice: the record's title and the headings above it; what is stored stays the slice. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTextChunker } from '../../src/chunk/index.ts';
import type { Connection, Database } from '../../src/database/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, drift, keep, NO_DRIFT } from './fixture.ts';

const PROSE = 'The boundary layer is thin at first, and grows along the plate. '.repeat(12).trim();
const BODY = [
  'Something first.',
  '# Handbook',
  '## Laminar flow',
  PROSE,
  '### Measurements',
  PROSE,
  '## Turbulence',
  PROSE,
  PROSE.replaceAll('boundary', 'outer'),
  PROSE.replaceAll('boundary', 'inner'),
].join('\n\n');

const SOURCE = {
  items: {
    table: 'items',
    text: ['body'],
    title: 'title',
    chunk: { by: 'structure' as const },
  },
};
const PLAIN = { items: { table: 'items', text: ['body'] } };

async function items(database: Database): Promise<void> {
  await database.query(
    'create table items (id integer primary key, title text, body text, revision uuid default gen_random_uuid())',
  );
  await database.query(`insert into items (id, title, body) values (1, 'Windkanal', $1)`, [BODY]);
  await database.query(`insert into items (id, title, body) values (2, null, 'A plain text.')`);
}

interface Stored {
  key: string;
  start: number;
  end: number;
  section: string | null;
  text: string;
  hash: string;
}

async function stored(connection: Connection): Promise<Stored[]> {
  const { rows } = await connection.query<Stored>(
    `select record_key as key, start_offset as start, end_offset as "end", section, text,
      encode(text_hash, 'hex') as hash from evervec.chunks_1 order by record_key, chunk_index`,
  );
  return rows;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

describeEachDatabase('title and headings', (databases) => {
  test('stand before what is embedded, and not in what is stored', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await keep(database, SOURCE);
    const chunks = await stored(database);
    for (const { key, start, end, text } of chunks)
      expect(text).toBe((key === '1' ? BODY : 'A plain text.').slice(start, end));
    expect(chunks.map(({ section }) => section)).toEqual([
      null,
      'Handbook › Laminar flow',
      'Handbook › Turbulence',
      'Handbook › Turbulence',
      null,
    ]);
    expect(kept.model.texts.toSorted()).toEqual(
      chunks.map(({ text, section, key }) => contextOf(key, section, text) + text).toSorted(),
    );
    for (const { key, section, text, hash } of chunks)
      expect(hash).toBe(hashOf(contextOf(key, section, text) + text));
    expect(await drift(kept)).toEqual(NO_DRIFT);
  });

  test('are found by their words, in each chunk under them', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await keep(database, SOURCE);
    const under = (await stored(database)).filter(({ section }) => section?.includes('Turbulence'));
    expect(under.filter(({ text }) => !text.includes('Turbulence')).length).toBeGreaterThan(0);
    const found = async (word: string) => {
      const { rows } = await database.query<{ text: string }>(
        `select text from evervec.chunks_1 where words @@ to_tsquery('english', $1)`,
        [word],
      );
      return rows.map(({ text }) => text).toSorted();
    };
    expect(await found('turbulence')).toEqual(under.map(({ text }) => text).toSorted());
    expect(await found('windkanal')).toHaveLength((await stored(database)).length - 1);
    const { hits } = await kept.evervec.search({ query: 'windkanal', mode: 'text' });
    expect(hits.map(({ key }) => key)).toEqual(['1']);
    expect(hits[0]?.chunk.text).not.toContain('Windkanal');
  });

  test('a change of the title embeds the record again, and of no other', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await keep(database, SOURCE);
    const before = await stored(database);
    kept.model.texts.length = 0;
    await database.query(`update items set title = 'Flow' where id = 1`);
    expect(await kept.drain()).toBe(1);
    expect(kept.model.texts).toHaveLength(before.length - 1);
    expect(kept.model.texts.every((text) => text.startsWith('Flow\n'))).toBe(true);
    const after = await stored(database);
    expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
    expect(await drift(kept)).toEqual(NO_DRIFT);
    await database.query(`update items set revision = gen_random_uuid()`);
    expect(await kept.queued()).toEqual([]);
  });

  test('without either, a chunk is embedded and hashed as it is, under the same id', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await keep(database, PLAIN);
    const { rows } = await database.query<{ chunker_id: string }>(
      'select chunker_id from evervec.spaces',
    );
    expect(rows).toEqual([{ chunker_id: 'text@2/max1600/overlap0' }]);
    const chunks = await stored(database);
    expect(chunks.map(({ text, hash }) => [text, hash])).toEqual(
      [BODY, 'A plain text.'].flatMap((body) =>
        createTextChunker()
          .chunk(body)
          .map(({ text }) => [text, hashOf(text)]),
      ),
    );
    expect(kept.model.texts.toSorted()).toEqual(chunks.map(({ text }) => text).toSorted());
    const words = await database.query<{ isSame: boolean }>(
      `select bool_and(words::text = own.marked::text) as "isSame"
      from evervec.chunks_1 chunk cross join lateral evervec.with_heavy(to_tsvector('english', text), chunk.heavy_for) own`,
    );
    expect(words.rows).toEqual([{ isSame: true }]);
  });

  test('are a migration for a space without them: until then it stays as it is', async () => {
    const database = await databases.open();
    await items(database);
    await keep(database, PLAIN);
    const before = await stored(database);
    const kept = await configure(database, SOURCE, { model: createDigestModel() });
    const [report] = await kept.evervec.setup();
    expect(report?.differs).toEqual([
      'chunking text@2/max1600/overlap0, not structure@1/max1600/overlap0/context@1',
    ]);
    await kept.evervec.backfill();
    await kept.drain();
    expect(await stored(database)).toEqual(before);
    await kept.evervec.migrations.begin('items');
    await kept.evervec.migrations.queue('items');
    await kept.evervec.migrations.fill('items');
    await kept.evervec.migrations.switch('items');
    const { hits } = await kept.evervec.search({ query: 'windkanal', mode: 'text' });
    expect(hits.map(({ key }) => key)).toEqual(['1']);
    expect(await drift(kept)).toEqual(NO_DRIFT);
  });
});

/** As a reader of the documentation would write it. */
function contextOf(key: string, section: string | null, text: string): string {
  const path = section?.split(' › ') ?? [];
  const isOwn = text.startsWith('#') && path.length > 0;
  const above = isOwn ? path.filter((title) => !text.includes(`# ${title}\n`)) : path;
  const lines = [
    ...(key === '1' ? ['Windkanal'] : []),
    ...(above.length > 0 ? [above.join(' › ')] : []),
  ];
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
}
