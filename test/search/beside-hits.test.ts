/** What stands beside a hit: where the query's words are, and the chunks around it. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { SearchHit } from '../../src/search/index.ts';
import { given, openLibrary } from '../document/tiers-fixture.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep, type Kept } from '../source/fixture.ts';

async function withTexts(database: Database, texts: string[], language?: string): Promise<Kept> {
  await database.query('create table notes (id integer primary key, body text)');
  await database.query(
    'insert into notes select n, body from unnest($1::text[]) with ordinality as given (body, n)',
    [texts],
  );
  return await keep(database, {
    notes: { table: 'notes', text: ['body'], ...(language && { language }) },
  });
}

/** The marked words, as they stand in the text. */
function words({ chunk, highlights }: SearchHit): string[] | undefined {
  return highlights?.map(({ start, end }) => chunk.text.slice(start, end));
}

describeEachDatabase('highlights', ({ open }) => {
  const wordsIn = async (text: string, query: string, language?: string) => {
    const database = await open();
    const { evervec } = await withTexts(database, [text], language);
    const { hits } = await evervec.search({ query, highlight: true });
    expect(hits).toHaveLength(1);
    return words(hits[0] as SearchHit);
  };

  test('are of the words that the language takes for the same', async () => {
    expect(await wordsIn('He was running, she RAN; a run. Runway.', 'Runs fast')).toEqual([
      'running',
      'run',
    ]);
  });

  test('are offsets in UTF-16, whatever the text holds', async () => {
    // What looks like a tag is no word of the text, for the index neither.
    const text =
      '🐋 <b>whale</b> \ue000\ue001 😀whales & \ufeff<whale> «кит»  whale-watching 𝕨𝕙𝕒𝕝𝕖';
    expect(await wordsIn(text, 'whale')).toEqual(['whale', 'whales', 'whale']);
  });

  test('in Russian', async () => {
    expect(await wordsIn('Киты плывут, кита видно. Кот спит.', 'кит', 'russian')).toEqual([
      'Киты',
      'кита',
    ]);
  });

  test('none where nothing is asked, and an empty list where no word is there', async () => {
    const { evervec } = await withTexts(await open(), ['A note about whales', 'Another one']);
    const plain = await evervec.search({ query: 'whales' });
    expect(plain.hits.every((hit) => !('highlights' in hit) && !('neighbors' in hit))).toBe(true);
    const marked = await evervec.search({ query: 'whales', mode: 'vector', highlight: true });
    expect(marked.hits.map(words).sort()).toEqual([[], ['whales']]);
    const nothing = await evervec.search({ query: 'the of', highlight: true });
    expect(nothing.hits.map(words)).toEqual([[], []]);
  });

  test('of any text: offsets are in it, in order, apart, and of a word that was asked for', async () => {
    const database = await open();
    const piece = fc.oneof(
      { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
      fc.constantFrom(
        ' whale ',
        'WHALES',
        '<mark>',
        '&amp;',
        '\ue000',
        '\ue001',
        '\r\n',
        '  ',
        'a@whale.org',
      ),
      fc.constantFrom(
        'http://whale.org/x?y=whale',
        '-',
        "'",
        '"',
        '\\',
        '%s',
        '<!--',
        '<a href="whale">',
      ),
    );
    const texts = fc.sample(
      fc
        .array(piece, { minLength: 1, maxLength: 12 })
        .map((pieces) => `whale ${pieces.join('')}`.replaceAll('\0', '')),
      { numRuns: 60, seed: 20_261_121 },
    );
    const { evervec } = await withTexts(database, texts);
    const { hits } = await evervec.search({
      query: 'whale',
      mode: 'text',
      limit: 1_000,
      highlight: true,
    });
    expect(hits).toHaveLength(60);
    for (const hit of hits) {
      let before = -1;
      for (const { start, end } of hit.highlights ?? []) {
        expect(start > before && end > start && end <= hit.chunk.text.length).toBe(true);
        before = end;
      }
      const [first] = words(hit) ?? [];
      expect(
        first?.toLowerCase().startsWith('whale'),
        `${JSON.stringify([first, hit.chunk.text])}`,
      ).toBe(true);
    }
  });
});

const LONG = Array.from(
  { length: 8 },
  (_, n) => `Part ${n} is about thing${n}. ${'It goes on. '.repeat(20)}`,
);

describeEachDatabase('neighbours', ({ open }) => {
  async function openNotes(): Promise<Kept> {
    const database = await open();
    await database.query('create table notes (id integer primary key, body text)');
    await database.query('insert into notes values (1, $1), (2, $2)', [
      LONG.join('\n\n'),
      'A short thing3',
    ]);
    return await keep(database, {
      notes: { table: 'notes', text: ['body'], chunk: { maxChars: 300, overlapChars: 0 } },
    });
  }

  test('are the chunks either side, as far as there are some', async () => {
    const { evervec, database } = await openNotes();
    const { rows } = await database.query<{
      chunk_index: number;
      text: string;
      start: number;
      end: number;
    }>(
      `select chunk_index, text, start_offset as start, end_offset as "end" from evervec.chunks_1
      where record_key = '1' order by chunk_index`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(8);
    const around = async (query: string, neighbors: number) => {
      const { hits } = await evervec.search({ query, mode: 'text', neighbors });
      return hits.find(({ key }) => key === '1') as SearchHit;
    };
    for (const [query, reach] of [
      ['thing0', 2],
      ['thing3', 1],
      ['thing7', 5],
    ] as const) {
      const { chunk, neighbors } = await around(query, reach);
      const shown = [...(neighbors?.before ?? []), ...(neighbors?.after ?? [])];
      const expected = rows.filter(
        ({ chunk_index: index }) => index !== chunk.index && Math.abs(index - chunk.index) <= reach,
      );
      expect(shown).toEqual(
        expected.map(({ chunk_index: index, ...rest }) => ({
          index,
          section: null,
          page: null,
          ...rest,
        })),
      );
      expect(neighbors?.before.every(({ index }) => index < chunk.index)).toBe(true);
      expect(neighbors?.after.every(({ index }) => index > chunk.index)).toBe(true);
    }
    const { hits } = await evervec.search({ query: 'thing3', mode: 'text', neighbors: 1 });
    expect(hits.find(({ key }) => key === '2')?.neighbors).toEqual({ before: [], after: [] });
    for (const neighbors of [-1, 6, 1.5, '1' as never])
      await expect(evervec.search({ query: 'a', neighbors })).rejects.toThrow(/neighbors/);
  });

  test('in SQL, as documented', async () => {
    const { database } = await openNotes();
    const near = await database.query<{ record_key: string; chunk_text: string }>(
      `select hit.record_key, near.chunk_text from evervec.search('notes', 'thing3') hit,
        evervec.neighbors(hit.source, array[hit.record_key], array[hit.chunk_index], array[hit.chunk_text], 1) near`,
    );
    expect(near.rows.map(({ record_key: key }) => key)).toEqual(['1', '1']);
    const marked = await database.query(
      `select * from evervec.mark_words(array['notes', 'none'], array['By quiet waters', 'x'], 'quiet water', array['<b>', '</b>'])`,
    );
    expect(marked.rows).toEqual([
      { mark_words: 'By <b>quiet</b> <b>waters</b>' },
      { mark_words: null },
    ]);
  });

  test('of a row that is gone, or of a chunk that is another now, are none', async () => {
    const { evervec, database } = await openNotes();
    const { hits } = await evervec.search({ query: 'thing3', mode: 'text', neighbors: 1 });
    const text = hits.find(({ key }) => key === '1')?.chunk.text;
    const ask = async () =>
      (
        await database.query(
          `select * from evervec.neighbors('notes', '{1}', '{3}', array[$1], 1)`,
          [text],
        )
      ).rows.length;
    expect(await ask()).toBe(2);
    await database.query(
      `update evervec.chunks_1 set text = 'another' where record_key = '1' and chunk_index = 3`,
    );
    expect(await ask()).toBe(0);
    await database.query(
      `update evervec.chunks_1 set text = $1 where record_key = '1' and chunk_index = 3`,
      [text],
    );
    await database.query('delete from notes where id = 1');
    expect(await ask()).toBe(0);
  });

  test('are of the tiers that are asked for', async () => {
    const { database, evervec } = await openLibrary(await open(), [
      given(
        'Tides',
        `# Tides\n\n${LONG.map((part, n) => `## Chapter ${n}\n\n${part}`).join('\n\n')}`,
        'secret',
      ),
    ]);
    const { hits } = await evervec.search({ query: 'thing3', mode: 'text', neighbors: 1 });
    const [hit] = hits;
    expect(hit?.neighbors?.after.length).toBe(1);
    const ask = async (options: object, setting = '') =>
      await database.transaction(async (tx) => {
        await tx.query(`select set_config('evervec.tiers', $1, true)`, [setting]);
        const { rows } = await tx.query(
          `select from evervec.neighbors('documents', array[$1], array[$2::integer], array[$3], 1, $4)`,
          [hit?.key, hit?.chunk.index, hit?.chunk.text, options],
        );
        return rows.length;
      });
    expect(await ask({})).toBeGreaterThan(0);
    expect(await ask({ tiers: ['secret'] })).toBeGreaterThan(0);
    expect(await ask({ tiers: ['public'] })).toBe(0);
    expect(await ask({}, 'public')).toBe(0);
    expect(await ask({ tiers: ['secret'] }, 'public')).toBe(0);
  });
});
