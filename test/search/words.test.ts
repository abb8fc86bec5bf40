/** What a search by words finds and how it ranks: BM25, what people write in a query, languages, statistics. */
import { expect, test } from 'vitest';
import { ReferenceBm25 } from '../../bench/bm25-reference.ts';
import type { Database } from '../../src/database/index.ts';
import type { Evervec } from '../../src/engine/index.ts';
import { seededRandom } from '../../src/runtime/index.ts';
import { weighWords } from '../../src/space/index.ts';
import { given, openLibrary } from '../document/tiers-fixture.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep, type Kept } from '../source/fixture.ts';

const never = new AbortController().signal;

async function keepTexts(
  database: Database,
  texts: readonly string[],
  language = 'english',
): Promise<Kept> {
  await database.query('create table texts (id integer primary key, body text)');
  await addTexts(database, texts);
  return await keep(database, {
    texts: { table: 'texts', text: ['body'], record: ['id'], language },
  });
}

async function addTexts(database: Database, texts: readonly string[]): Promise<void> {
  await database.query(
    `insert into texts select (select coalesce(max(id), 0) from texts) + n, body
    from unnest($1::text[]) with ordinality given (body, n)`,
    [texts],
  );
}

/** Key → score of the leg, best first. */
async function scoresOf(
  evervec: Evervec,
  query: string,
  options: { limit?: number; offset?: number; tiers?: string[] } = {},
): Promise<[string, number][]> {
  const { hits } = await evervec.search({ query, mode: 'text', limit: 1_000, ...options });
  return hits.map(({ key, scores }) => [key, scores.text ?? Number.NaN]);
}

async function keysOf(evervec: Evervec, query: string): Promise<string> {
  return (await scoresOf(evervec, query)).map(([key]) => key).join(' ');
}

/** Texts of words by Zipf's law, `w1` the commonest. */
function zipfTexts(count: number, seed: number, words = 400): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const length = 5 + Math.floor(random() * 40);
    return Array.from({ length }, () => `w${Math.floor(words ** random())}`).join(' ');
  });
}

/** As a space has them that is large: the index of words and the statistics of Postgres. */
async function index(database: Database): Promise<void> {
  await database.query('create index on evervec.chunks_1 using gin (words)');
  await database.query('analyze evervec.chunks_1');
  await database.query('update evervec.spaces set indexed_at = now()');
  await database.query('select evervec.keep_word_counts(1)');
}

describeEachDatabase('a search by words', (databases) => {
  test('scores as BM25 does, and pages do not change a score', async () => {
    const database = await databases.open();
    const texts = zipfTexts(300, 1);
    const { evervec } = await keepTexts(database, texts, 'simple');
    // The average of all, not of the first that came.
    await database.query('update evervec.spaces set weighed_at = null');
    await weighWords(database, 1, never);
    const counts = texts.flatMap((text, i) =>
      Map.groupBy(text.split(' '), (word) => word)
        .entries()
        .map(([lexeme, all]) => ({ document: `${i + 1}`, lexeme, count: all.length }))
        .toArray(),
    );
    const reference = new ReferenceBm25(counts, texts.length);
    for (const words of [['w1'], ['w300', 'w2', 'w17'], ['w9', 'w9', 'w40', 'w80', 'w3', 'w399']]) {
      const found = await scoresOf(evervec, words.join(' '));
      const expected = new Map(reference.scores([...new Set(words)]));
      expect(found.length).toBe(expected.size);
      // Weights are real numbers of four bytes.
      for (const [key, score] of found)
        expect(Math.abs(score / (expected.get(key) ?? 0) - 1)).toBeLessThan(1e-5);
      expect(await scoresOf(evervec, words.join(' '), { limit: 7, offset: 3 })).toEqual(
        found.slice(3, 10),
      );
    }
  });

  test('of many words finds what it finds of each', async () => {
    const database = await databases.open();
    const { evervec } = await keepTexts(database, zipfTexts(200, 2), 'simple');
    const few = Array.from({ length: 30 }, (_, i) => `w${i + 1}`);
    const many = [...few, ...Array.from({ length: 40 }, (_, i) => `unheard${i}`)];
    const counted = async (query: string) =>
      (await scoresOf(evervec, query)).map(([key, score]) => [key, score.toFixed(3)]);
    expect(await counted(many.join(' '))).toEqual(await counted(few.join(' ')));
  });

  test('reads quotes, minus and star as people mean them', async () => {
    const { evervec } = await keepTexts(await databases.open(), [
      'The red fox runs over the bridge',
      'The fox is brown, and its bridge is red',
      'A brown bear',
      'Bearings and bridges',
    ]);
    const found = async (query: string) =>
      (await keysOf(evervec, query)).split(' ').toSorted().join('');
    const cases: [string, string][] = [
      ['red fox', '12'],
      ['"red fox"', '1'],
      ['"red fox" brown', '1'],
      ['"red fox" "over the bridge"', '1'],
      ['"red fox" "brown bear"', ''],
      ['fox -brown', '1'],
      ['bridge -"red fox"', '24'],
      ['-fox', ''],
      ['bea*', '34'],
      ['BEA* -brown', '4'],
      ['bro* fox', '123'],
      ['"the of"', ''],
      ['"the of" fox', '12'],
      ['the of and', ''],
      ['a "', ''],
      ['""', ''],
      ['- fox', '12'],
      ['red-fox', '12'],
      ['5" fox 3" brown', '123'],
      ['*', ''],
      ['-', ''],
      ['-"', ''],
      ['-*', ''],
      ['fox* "', '12'],
      ["-'fox", '12'],
    ];
    for (const [query, expected] of cases) expect(await found(query), `${query}`).toBe(expected);
  });

  test('finds a word that is misspelled and nowhere else, behind those that are not', async () => {
    const database = await databases.open();
    const { evervec } = await keepTexts(database, [
      'Aerodynamics of wings',
      'The history of bridges',
      'Wings of birds',
    ]);
    const cases: [string, string][] = [
      ['aerodynmaics', '1'],
      ['aerdynamics', '1'],
      ['aerodynamixs', '1'],
      ['aerrodynamics', '1'],
      ['hystory', '2'],
      ['wnigs', '1 3'],
      ['birds hystory', '3 2'],
      ['hxstxry', ''],
      ['hystory -bridges', ''],
      ['"hystory of bridges"', ''],
    ];
    const expectThem = async () => {
      for (const [query, expected] of cases)
        expect((await keysOf(evervec, query)).split(' ').toSorted().join(' '), `${query}`).toBe(
          expected.split(' ').toSorted().join(' '),
        );
      expect((await keysOf(evervec, 'birds hystory')).split(' ')[0]).toBe('3');
    };
    await expectThem();
    // Of words that were counted, and of rare ones that the index alone knows.
    await index(database);
    await expectThem();
    await database.query(
      `update evervec.spaces set words_counted = '{"": {"chunks": 3, "isWhole": false}}'`,
    );
    await database.query(`delete from evervec.word_counts where not starts_with('wing', lexeme)`);
    await expectThem();
  });

  test('knows the language of the source', async () => {
    const cases: [string, string[], [string, string][]][] = [
      [
        'russian',
        ['Мосты через реки', 'История города'],
        [
          ['мост через реку', '1'],
          ['городом', '2'],
          ['исторря', '2'],
          ['и в на', ''],
        ],
      ],
      [
        'german',
        ['Die Häuser am Fluss', 'Der Baum'],
        [
          ['Haus', '1'],
          ['bäume', '2'],
          ['der die das', ''],
        ],
      ],
      [
        'simple',
        ['The running dog', 'It runs'],
        [
          ['running', '1'],
          ['the', '1'],
          ['run', ''],
        ],
      ],
    ];
    for (const [language, texts, queries] of cases) {
      const { evervec } = await keepTexts(await databases.open(), texts, language);
      for (const [query, expected] of queries)
        expect(await keysOf(evervec, query), `${language}: ${query}`).toBe(expected);
    }
  });

  test('with an index gives the hits that it would without pruning, in their order', async () => {
    const database = await databases.open();
    const { evervec } = await keepTexts(database, zipfTexts(3_000, 3), 'simple');
    await index(database);
    await expectUnpruned(database, evervec, 4);
    expect(await heavierThanSaid(database)).toBe(0);
    // Of chunks that are too long to have heavy words twice it is said that any may be.
    await database.query(`
      update evervec.chunks_1 set words = ts_delete(words, array(
          select lexeme from unnest(words) where starts_with(lexeme, chr(1)))) || array_to_tsvector(array[chr(1)])
      where record_key::integer % 3 = 0`);
    await expectUnpruned(database, evervec, 5);
  });

  test('begins with a common word only until it has as many chunks as are wanted', async () => {
    const database = await databases.open();
    const texts = Array.from(
      { length: 1_000 },
      (_, n) => `sea ${n % 20 === 0 ? 'kelp' : 'sand'} w${n}`,
    );
    const { evervec } = await keepTexts(database, texts, 'simple');
    await index(database);
    const left = async (candidates: number) => {
      const { rows } = await database.query<{ others: string[] | null }>(
        `select (evervec.ask_words(1, 'kelp sea', null, null, null, $1)).others`,
        [candidates],
      );
      return rows[0]?.others;
    };
    // 50 chunks hold the rare one.
    expect(await left(40)).toEqual(['sea']);
    expect(await left(60)).toBeNull();
    const all = await scoresOf(evervec, 'kelp sea', { limit: 100 });
    expect(await scoresOf(evervec, 'kelp sea', { limit: 10 })).toEqual(all.slice(0, 10));
  });

  test('looks up the words that it asks for, and not what is known of all', async () => {
    const database = await databases.open();
    const texts = zipfTexts(3_000, 6);
    await keepTexts(database, texts, 'simple');
    await index(database);
    await database.transaction(async (tx) => {
      await tx.query(`select evervec.ask_words(1, 'w1 w2 w3 w399 nowhere', null, null, null)`);
      const { rows } = await tx.query<{ all: number; scanned: number; fetched: number }>(`
        select (select count(*)::integer from evervec.word_counts) as all, seq_tup_read::integer as scanned,
          idx_tup_fetch::integer as fetched
        from pg_stat_xact_user_tables where relname = 'word_counts'`);
      const [{ all, scanned, fetched } = { all: 0, scanned: 0, fetched: 0 }] = rows;
      expect(all).toBeGreaterThan(200);
      expect(scanned).toBe(0);
      expect(fetched).toBeGreaterThan(2);
      expect(fetched).toBeLessThan(20);
    });
  });

  test('says of a chunk that is too long for marks that any word may be heavy, and nothing where there is no average', async () => {
    const database = await databases.open();
    const { rows } = await database.query<{ long: boolean; none: boolean }>(`
      select long.marked = words || array_to_tsvector(array[chr(1)]) as long, bare.marked = words and nought.marked = words as none
      from to_tsvector('simple', (select string_agg('w' || n, ' ') from generate_series(1, 30000) n)) words
      cross join lateral evervec.with_heavy(words, 100) long cross join lateral evervec.with_heavy(words, null) bare
      cross join lateral evervec.with_heavy(words, 0) nought`);
    expect(rows).toEqual([{ long: true, none: true }]);
  });

  test('with an index gives them too when weights are made for longer chunks than heavy words are marked for', async () => {
    const database = await databases.open();
    const { evervec, drain } = await keepTexts(database, zipfTexts(500, 11, 40), 'simple');
    const longer = zipfTexts(2_000, 12).map((text) => `${text} ${text} ${text}`);
    await addTexts(database, longer);
    await drain();
    await index(database);
    expect(await heavierThanSaid(database)).toBe(0);
    expect(await weighWords(database, 1, AbortSignal.abort())).toBe(1);
    expect(await heavierThanSaid(database)).toBe(0);
    await expectUnpruned(database, evervec, 13);
    while ((await weighWords(database, 1, never)) > 0);
    const { rows } = await database.query<{ low: number; drift: number }>(
      `select evervec.low_weight(s) as low, average_words / heavy_for as drift from evervec.spaces s`,
    );
    expect(rows[0]?.drift).toBeGreaterThan(1.5);
    expect(rows[0]?.low).toBeLessThan(1.9);
    expect(await heavierThanSaid(database)).toBe(0);
    await expectUnpruned(database, evervec, 14);
  });

  test('marks heavy words of whatever a worker of the version before writes, and never half of them', async () => {
    const database = await databases.open();
    const { drain } = await keepTexts(database, zipfTexts(30, 15), 'simple');
    const text = `w1 w1 w1 ${Array.from({ length: 25 }, (_, n) => `w${n + 2}`).join(' ')}`;
    const writeAsBefore = async (key: string) => {
      await database.query(
        `insert into evervec.chunks_1 (record_key, chunk_index, start_offset, end_offset, text, text_hash, words)
        values ($1, 0, 0, 9, $2, '', to_tsvector('simple', $2))`,
        [key, text],
      );
      const { rows } = await database.query<{ words: string[]; heavy: number; of: number }>(
        `select array(select substr(lexeme, 2) from unnest(words) where starts_with(lexeme, chr(1))) as words,
          chunk.heavy_for as heavy, space.heavy_for as of
        from evervec.chunks_1 chunk cross join evervec.spaces space where record_key = $1`,
        [key],
      );
      return rows[0];
    };
    const marked = await writeAsBefore('901');
    expect(marked?.words).toEqual(['w1']);
    expect(marked?.heavy).toBe(marked?.of);
    // Where it was the first to write, nothing is marked.
    await database.query('truncate evervec.chunks_1');
    await database.query('update evervec.spaces set average_words = null, heavy_for = null');
    expect(await writeAsBefore('902')).toEqual({ words: [], heavy: 0, of: 0 });
    await database.query('update evervec.spaces set average_words = 4');
    await database.query(`update texts set body = 'w3 w3 w3 ' || body`);
    await drain();
    const { rows } = await database.query(
      `select from evervec.chunks_1 where words @@ to_tsquery(quote_literal(chr(1)) || ':*') or heavy_for <> 0`,
    );
    expect(rows).toEqual([]);
  });

  test('leaves chunks out of which no score can be high enough, and none else', async () => {
    const database = await databases.open();
    const reaching = async (score: number, depth: number, low = '{8,6,5,2}') => {
      const { rows } = await database.query<{ words: string | null }>(
        `select replace(evervec.words_reaching('{a,b,c,d}', '{8,6,5,2}', $1, '{21,13,7,2}', 1, $2, $3)::text, chr(1), '!') as words`,
        [low, score, depth],
      );
      return rows[0]?.words;
    };
    expect(await reaching(10, 3)).toBe(`'a' & ( 'b' | 'c' | 'd' ) | 'b' & 'c'`);
    expect(await reaching(13.5, 3)).toBe(`'a' & ( 'b' | 'c' & 'd' )`);
    expect(await reaching(22, 3)).toBeNull();
    expect(await reaching(0, 3)).toBe(`'a' | 'b' | 'c' | 'd'`);
    expect(await reaching(10, 1)).toBe(`'a' | 'b'`);
    // Where they are not heavy they add half of that.
    const half = '{4,3,2.5,1}';
    expect(await reaching(7.5, 3, half)).toBe(
      `'!a' | 'a' & ( '!b' | '!c' | 'b' & ( 'c' | 'd' ) | 'c' & 'd' ) | '!b' & ( 'c' | '!d' ) | 'b' & ( '!c' | 'c' & '!d' )`,
    );
    expect(await reaching(16, 3, half)).toBe(
      `'!a' & ( '!b' & ( 'c' | '!d' ) | 'b' & '!c' ) | 'a' & '!b' & '!c'`,
    );
    expect(await reaching(20.5, 3, half)).toBe(`'!a' & '!b' & '!c'`);
  });

  test('counts by the index nearly as by looking at all, in a small space too', async () => {
    const database = await databases.open();
    const { evervec } = await keepTexts(database, zipfTexts(1_500, 5), 'simple');
    const queries = ['w1 w50', 'w399 w2 w7', 'w120'];
    const expectAlike = async () => {
      await database.query('update evervec.spaces set indexed_at = null');
      const exact = new Map<string, Map<string, number>>();
      for (const query of queries) exact.set(query, new Map(await scoresOf(evervec, query)));
      await database.query('update evervec.spaces set indexed_at = now()');
      for (const query of queries)
        for (const [key, score] of await scoresOf(evervec, query))
          expect(Math.abs(score / (exact.get(query)?.get(key) ?? 0) - 1)).toBeLessThan(0.02);
    };
    await index(database);
    await expectAlike();
    // It had more once, and has its indexes still.
    await database.query('delete from evervec.chunks_1 where record_key::integer > 300');
    await database.query('select evervec.keep_word_counts(1)');
    await expectAlike();
  });

  test('goes on over a space from before there were weights, until they are made', async () => {
    const database = await databases.open();
    const { evervec } = await keepTexts(database, zipfTexts(700, 6), 'simple');
    await database.query('update evervec.spaces set weighed_at = null');
    await weighWords(database, 1, never);
    const before = await scoresOf(evervec, 'w300 w2');
    await database.query('update evervec.chunks_1 set weights = null');
    // One that came without weights is weighed as it is read.
    expect(await scoresOf(evervec, 'w300 w2')).toEqual(before);
    await database.query('update evervec.spaces set weighed_at = null');
    const bare = await scoresOf(evervec, 'w300 w2');
    expect(bare.map(([key]) => key).toSorted()).toEqual(before.map(([key]) => key).toSorted());
    expect(bare).not.toEqual(before);
    expect(await weighWords(database, 1, never)).toBeGreaterThan(2);
    expect(await scoresOf(evervec, 'w300 w2')).toEqual(before);
    expect(await weighWords(database, 1, never)).toBe(0);
    // Workers do it unasked.
    await database.query('update evervec.chunks_1 set weights = null');
    await database.query('update evervec.spaces set weighed_at = null');
    await (await evervec.worker()).drain({ maintains: true });
    expect(await scoresOf(evervec, 'w300 w2')).toEqual(before);
    const { rows } = await database.query('select from evervec.chunks_1 where weights is null');
    expect(rows).toEqual([]);
  });

  test('weighs anew when texts have become longer, and goes on where it was stopped', async () => {
    const database = await databases.open();
    const texts = zipfTexts(500, 7);
    const { evervec, drain } = await keepTexts(database, ['w1 w2', 'w3'], 'simple');
    const average = async () =>
      (
        await database.query<{ average: number; to: string | null }>(
          'select average_words as average, weighed_to as to from evervec.spaces',
        )
      ).rows[0];
    expect(await average()).toEqual({ average: 1.5, to: null });
    await addTexts(database, texts);
    await drain();
    expect((await average())?.average).toBe(1.5);
    expect(await weighWords(database, 1, AbortSignal.abort())).toBe(1);
    const halfWay = await average();
    expect(halfWay?.average).toBeGreaterThan(10);
    expect(halfWay?.to).not.toBeNull();
    expect(await weighWords(database, 1, never)).toBeGreaterThan(0);
    expect((await average())?.to).toBeNull();
    const { rows } = await database.query<{ wrong: number }>(`
      select count(*)::integer as wrong from evervec.chunks_1 cross join evervec.spaces
      where weights::text is distinct from evervec.term_weights(words, average_words)::text`);
    expect(rows[0]?.wrong).toBe(0);
    expect((await scoresOf(evervec, 'w1')).length).toBeGreaterThan(300);
  });

  test('weighs chunks whose lexemes have one number, and those of very many words', async () => {
    const database = await databases.open();
    const { rows } = await database.query<{ id: number; words: string[] }>(`
      select evervec.word_id('w' || n) as id, array_agg('w' || n) as words from generate_series(1, 150000) n
      group by 1 having count(*) > 1 limit 1`);
    const [one, other] = rows[0]?.words ?? [];
    const weights = await database.query<{ alone: string; both: string; many: number }>(
      `select evervec.term_weights(to_tsvector('simple', $1), 3)::text as alone,
        evervec.term_weights(to_tsvector('simple', $2), 3)::text as both,
        vector.l2_norm(evervec.term_weights(
          to_tsvector('simple', (select string_agg('w' || n, ' ') from generate_series(1, 20000) n)), 16000)) as many`,
      [`${one} ${one} else`, `${one} ${other} else`],
    );
    expect(weights.rows[0]?.both).toBe(weights.rows[0]?.alone);
    expect((weights.rows[0]?.many ?? 0) / 1e6).toBeCloseTo(Math.sqrt(16_000), 1);
  });

  test('under tiers tells nothing of what is hidden by a score', async () => {
    const shown = ['Common tides', 'Common clouds of the sky', 'A storm and its tides'];
    const documents = shown.map((text, i) => given(`Shown ${i}`, text, 'public'));
    const library = await openLibrary(await databases.open(), documents);
    const { evervec, drain } = library;
    const scored = async () => await scoresOf(evervec, 'tides clouds', { tiers: ['public'] });
    const before = await scored();
    expect(before).toHaveLength(3);
    const hidden = Array.from({ length: 20 }, (_, i) =>
      given(`Hidden ${i}`, 'Secret tides, of them much', 'secret'),
    );
    await evervec.documents.addAll(hidden, { by: 'tester' });
    await drain();
    expect(await scored()).toEqual(before);
    expect(await scoresOf(evervec, 'tides clouds')).not.toEqual(before);
  });

  test('under tiers counts what is visible, with an index as without, few or many', async () => {
    const database = await databases.open();
    const texts = zipfTexts(200, 8, 60);
    const documents = texts.map((text, i) =>
      given(`Text ${i}`, text, i % 20 === 0 ? 'public' : 'secret'),
    );
    const library = await openLibrary(database, documents);
    const scored = async (query: string) =>
      await Promise.all(
        ['public', 'secret'].map((tier) => scoresOf(library.evervec, query, { tiers: [tier] })),
      );
    const queries = ['w1 w40', 'w59', 'w2 w3 w17'];
    const before = new Map<string, unknown>();
    for (const query of queries) before.set(query, await scored(query));
    await index(database);
    for (const query of queries) expect(await scored(query), `${query}`).toEqual(before.get(query));
    // A tier that came since is counted when somebody asks.
    await database.query(
      `update evervec.documents set tier = 'members' where tier = 'secret' and right(id::text, 1) < '8'`,
    );
    const ofMembers = async () =>
      await Promise.all(
        queries.map((query) => scoresOf(library.evervec, query, { tiers: ['members'] })),
      );
    const found = await ofMembers();
    await database.query('update evervec.spaces set indexed_at = null');
    expect(found).toEqual(await ofMembers());
    await database.query('update evervec.spaces set indexed_at = now()');

    const [all] = await scored('w1');
    const read = await library.as<{ record_key: string }>(
      'public',
      `select record_key from evervec.search('documents', 'w1', options => '{"limit": 1000}')`,
    );
    expect(read.map(({ record_key }) => record_key).toSorted()).toEqual(
      all?.map(([key]) => key).toSorted(),
    );
  });
});

/** Queries of common and rare words, with and without an offset, against looking at all that match. */
async function expectUnpruned(database: Database, evervec: Evervec, seed: number): Promise<void> {
  const random = seededRandom(seed);
  let narrowed = 0;
  for (let round = 0; round < 40; round++) {
    const query = Array.from(
      { length: 1 + Math.floor(random() * 9) },
      () => `w${Math.floor(400 ** random())}`,
    ).join(' ');
    const limit = [5, 100, 130][round % 3] ?? 5;
    const offset = round % 2 === 0 ? 0 : 20;
    const { rows } = await database.query<{ key: string; rarest: boolean }>(UNPRUNED, [query]);
    if (rows[0]?.rarest === true) narrowed++;
    const found = (await scoresOf(evervec, query, { limit, offset })).map(([key]) => key);
    expect(found, `${query}`).toEqual(rows.slice(offset, offset + limit).map(({ key }) => key));
  }
  expect(narrowed).toBeGreaterThan(10);
}

/** How many words of chunks weigh more than is taken for granted where they are not marked as heavy. */
async function heavierThanSaid(database: Database): Promise<number> {
  const { rows } = await database.query<{ count: number }>(`
    select count(*)::integer as count
    from evervec.chunks_1 chunk cross join evervec.spaces space cross join lateral unnest(chunk.words) own
    where not starts_with(lexeme, chr(1)) and not (chr(1) || lexeme) = any (tsvector_to_array(chunk.words))
      and -(chunk.weights operator(vector.<#>) evervec.lexeme_vector(array[lexeme], array[1])) > 1e6 * evervec.low_weight(space) * 1.00005`);
  return rows[0]?.count ?? Number.NaN;
}

const UNPRUNED = `
with query as materialized (select evervec.ask_words(1, $1, null, null, null) as words),
scored as (
  -- As hits have it: two that only a float8 tells apart are one score, and in the order of their keys.
  select c.record_key, c.chunk_index, (query.words).others is not null as rarest,
    (-(c.weights operator(vector.<#>) (query.words).weights))::real as score
  from query join evervec.chunks_1 c on c.words @@ (query.words).matched
)
select record_key as key, rarest from scored order by score / max(score) over () desc, record_key, chunk_index`;
