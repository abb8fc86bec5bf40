/** The words of chunks that are counted beside the database: the very ones that it would count itself. */
import { readdir, readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { type Database, encodeArray } from '../../src/database/index.ts';
import { type Random, seededRandom } from '../../src/runtime/index.ts';
import { findElementOids, Words } from '../../src/space/index.ts';
import { TSVECTOR_OID } from '../../src/space/words-encoding.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep } from '../source/fixture.ts';

const AVERAGE = 41.7;
const HEAVY_FOR = 35.2;

/** What the parser of Postgres looks at twice: parts of words, of addresses, of numbers, of markup, and what stands between. */
const PIECES = [
  ...'a b é ß ñ ж 日 本 ő x y 0 1 9 42 3.14 6.02e23 -7 +8 e E ı İ'.split(' '),
  ..."the The and is running Runner RUNS fox_trot café cafe\u0301 naïve l’été don't it's O'Neil".split(
    ' ',
  ),
  ...". , ; : ! ? - -- — _ / // \\ \\\\ @ # & % = ~ + * ( ) [ ] { } | ^ $ \" ' '' ` ´ … «»".split(
    ' ',
  ),
  ...'http:// https:// ftp:// mailto: www. example.com host.co.uk/a/b?c=d&e=f#g /usr/local/bin ../x ~/y c:\\z'.split(
    ' ',
  ),
  ...'me@example.com a.b+c@d-e.org &amp; &#123; &#x1F; &lt; & 1.2.3 10.0.0.1 v1.2-rc3 2024-01-31 12:34:56 1,000.5 1e5 1e 0x1F'.split(
    ' ',
  ),
  ...'well-known state-of-the-art a-1 1-a x-y-z- -x under_score camelCase foo.bar foo.bar/ foo/bar .com com. a.b.c.d'.split(
    ' ',
  ),
  ...'👍 👍🏽 👨‍👩‍👧 🇩🇪 流れ ภาษาไทย हिन्दी العربية עברית ᄒ ﬁ Ⅷ ½ ² \u0301 \u200b \u200d \u00ad \ufeff \ufffd \u202e'.split(
    ' ',
  ),
  '\u00a0',
  '\u2003',
  '\u2028',
  '\u3000',
  '\u0085',
  '\u0001',
  '\u0007',
  '\u001b',
  '\u007f',
  '\u{10ffff}',
  '0',
  ' 0 ',
];
const BLANKS = [' ', ' ', ' ', '\n', '\t', '\r\n', '\f', '\v', '  ', '\n\n'];
const TAGS = ['<b>', '</b>', '<!-- x', '-->', '<', '<a href="x y">', '>'];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function nastyText(random: Random): string {
  const pieces = 1 + Math.floor(random() * 60);
  const blanks = random() < 0.8 ? 0.5 : 0.1;
  const pieceOf = () => {
    if (random() < 0.02) return String.fromCodePoint(1 + Math.floor(random() * 0xd7fe));
    return pick(random, PIECES);
  };
  const text = Array.from({ length: pieces }, () =>
    random() < blanks ? pieceOf() + pick(random, BLANKS) : pieceOf(),
  ).join('');
  return random() < 0.05 ? text + pick(random, TAGS) + text : text;
}

/** Asks about so many at once that some of them are worth it. @returns how many were counted, and which are wrong */
async function compare(
  database: Database,
  words: Words,
  texts: readonly string[],
  language: string,
): Promise<{ counted: number; wrong: string[] }> {
  await database.query(
    `update evervec.spaces set average_words = ${AVERAGE}, heavy_for = ${HEAVY_FOR}`,
  );
  const counted = await words.count(1, texts);
  const { sparsevec } = await findElementOids(database);
  const { rows } = await database.query<{ text: string }>(
    `select asked.text from unnest($1::text[], $2::tsvector[], $3::vector.sparsevec[]) as asked (text, words, weights)
    cross join lateral (select to_tsvector($4::regconfig, asked.text) as words offset 0) bare
    cross join lateral (select marked as words from evervec.with_heavy(bare.words, ${HEAVY_FOR}::real)) own
    where asked.words is not null and (asked.words::text <> own.words::text or asked.weights::text is distinct from evervec.term_weights(own.words, ${AVERAGE}::real)::text)`,
    [
      texts,
      encodeArray(
        counted.map((one) => one?.words ?? null),
        TSVECTOR_OID,
      ),
      encodeArray(
        counted.map((one) => one?.weights ?? null),
        sparsevec,
      ),
      language,
    ],
  );
  return {
    counted: counted.filter((one) => one !== null).length,
    wrong: rows.map(({ text }) => text),
  };
}

async function keepTexts(database: Database, texts: readonly string[], language = 'english') {
  await database.query('create table texts (id integer primary key, body text)');
  await database.query(
    'insert into texts select n, body from unnest($1::text[]) with ordinality given (body, n)',
    [texts],
  );
  return await keep(database, {
    texts: { table: 'texts', text: ['body'], record: ['id'], language },
  });
}

/** What this project tells of itself: prose, tables, code. */
async function ownDocuments(): Promise<string[]> {
  const folder = new URL('../../docs/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  return texts.flatMap((text) => text.split('\n\n'));
}

describeEachDatabase('words of chunks', (databases) => {
  test('are of any text those that the database counts', { timeout: 120_000 }, async () => {
    const database = await databases.open();
    await keepTexts(database, ['one text']);
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
    const rounds = Number(process.env['ROUNDS'] ?? 1);
    const random = seededRandom(seed);
    let counted = 0;
    for (const language of ['english', 'simple', 'german', 'pg_catalog.russian']) {
      const words = new Words(database, language);
      for (let round = 0; round < rounds; round++) {
        const nasty = Array.from({ length: 400 }, () => nastyText(random));
        // Some are there twice, so that it is worth asking about them.
        const found = await compare(database, words, [...nasty, ...nasty, ...nasty], language);
        expect(found.wrong, `seed ${seed}, ${language}`).toEqual([]);
        counted += found.counted;
      }
    }
    expect(counted).toBeGreaterThan(4 * rounds * 400 * 2);
  });

  test('are left to the database where a text goes beyond its limits, or holds a tag', async () => {
    const database = await databases.open();
    await keepTexts(database, ['one text']);
    const words = new Words(database, 'english');
    const plain = 'The tides follow the moon, twice a day. '.repeat(20);
    const sure = [
      plain,
      ` ${plain}`,
      `${'tide '.repeat(255)}`,
      Array.from({ length: 900 }, (_, n) => `w${n}`).join('\f'),
      '',
      ' . ',
    ];
    const others = [
      `${plain}<b>tides</b>`,
      'tide '.repeat(256),
      `${plain}${'x'.repeat(3_000)} y`,
      'a b c d e '.repeat(4_000),
      Array.from({ length: 20_000 }, (_, n) => `w${n % 1_000}`).join(' '),
    ];
    const texts = [...sure, ...others, ...Array.from({ length: 8 }, () => plain)];
    expect((await compare(database, words, texts, 'english')).wrong).toEqual([]);
    const counted = await words.count(1, texts);
    expect(counted.slice(0, sure.length).map((one) => one === null)).toEqual(sure.map(() => false));
    expect(counted.slice(sure.length, sure.length + others.length)).toEqual(others.map(() => null));
    // Nothing is asked where little would be gained: a short text, or one of words that were never there.
    expect(await words.count(1, ['A short text'])).toEqual([null]);
    const strange = Array.from({ length: 1_000 }, (_, n) => `q${n}z`).join(' ');
    expect(await words.count(1, [strange])).toEqual([null]);
  });

  test('stay the same when what was known of many words is forgotten', async () => {
    const database = await databases.open();
    await keepTexts(database, ['one text']);
    const words = new Words(database, 'english');
    for (let round = 0; round < 5; round++) {
      const texts = Array.from({ length: 300 }, (_, n) => {
        const own = Array.from(
          { length: 80 },
          (_, at) => `w${(round * 300 + n) * 80 + at}, Tides.`,
        );
        return [...own, ...own, ...own].join(' ');
      });
      const { counted, wrong } = await compare(database, words, texts, 'english');
      expect(wrong).toEqual([]);
      expect(counted).toBe(texts.length);
    }
  });

  test('are left to the database where a configuration is not one that comes along', async () => {
    const database = await databases.open();
    const text = 'The stars and the tides of the sea, and what the moon does to them. '.repeat(80);
    await keepTexts(database, [text]);
    await database.query(`
      create text search dictionary plain_words (template = pg_catalog.simple);
      create text search configuration own_english (copy = pg_catalog.english);
      create text search configuration plain_english (copy = pg_catalog.english);
      alter text search configuration plain_english alter mapping for asciiword with plain_words`);
    for (const language of ['own_english', 'plain_english'])
      expect(await new Words(database, language).count(1, [text])).toEqual([null]);
    expect(await new Words(database, 'english').count(1, [text])).not.toEqual([null]);
  });

  test('and their weights stand in the sidecar as the database makes them', async () => {
    const database = await databases.open();
    const counted = vi.spyOn(Words.prototype, 'count');
    const texts = await ownDocuments();
    const seed = Math.floor(Math.random() * 1e9);
    const random = seededRandom(seed);
    const { drain } = await keepTexts(database, texts.slice(0, 200));
    // Of the first chunks of a space nobody knows yet how long they are on average.
    const more = [...texts.slice(200), ...Array.from({ length: 200 }, () => nastyText(random))];
    await database.query(
      'insert into texts select 100000 + n, body from unnest($1::text[]) with ordinality given (body, n)',
      [[...more, ...more]],
    );
    await drain();
    await database.query(`update texts set body = body || ' and the moon' where id % 2 = 0`);
    await drain();
    const { rows } = await database.query<{ text: string }>(`
      select text from evervec.chunks_1 chunk cross join evervec.spaces space
      cross join lateral evervec.with_heavy(to_tsvector('english', text), space.heavy_for) own
      where words::text <> own.marked::text or chunk.heavy_for <> space.heavy_for
        or weights::text is distinct from evervec.term_weights(words, average_words)::text`);
    expect(rows, `seed ${seed}`).toEqual([]);
    const all = (await Promise.all(counted.mock.results.map(({ value }) => value))).flat();
    expect(all.length).toBeGreaterThan(600);
    expect(all.filter((one) => one !== null).length).toBeGreaterThan(all.length / 2);
    counted.mockRestore();
  });
});
