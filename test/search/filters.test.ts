/** Filters beyond a comparison with a column: joined, into jsonb, on arrays; what they mean and what they refuse. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Evervec } from '../../src/engine/index.ts';
import { EvervecError } from '../../src/errors/index.ts';
import type { Filter, SearchAnswer } from '../../src/search/index.ts';
import { describeEachDatabase, type Databases } from '../setup/each-database.ts';
import { keep, type Kept } from '../source/fixture.ts';
import { CASES, ROWS } from './filter-cases.ts';

async function open({ open }: Databases): Promise<Kept> {
  const database = await open();
  await database.query(`create table books (id integer primary key, body text, lang text, year integer, at date,
    tags text[], numbers integer[], metadata jsonb, raw json, "a.b" text, "metadata.flat" text)`);
  for (const [id, lang, year, at, tags, metadata] of ROWS)
    await database.query(
      `insert into books values ($1, 'A book', $2, $3, $4, $5, array[$1, 7], $6::text::jsonb, '{}', 'dot', 'flat')`,
      [id, lang, year, at, tags, metadata === null ? null : JSON.stringify(metadata)],
    );
  return await keep(database, { books: { table: 'books', text: ['body'], record: ['id'] } });
}

async function found(evervec: Evervec, filter: Filter): Promise<string> {
  const answer: SearchAnswer = await evervec.search({ query: 'book', mode: 'text', filter });
  return answer.hits
    .map(({ key }) => key)
    .sort()
    .join('');
}

describeEachDatabase('filters', (databases) => {
  test('mean what the documentation says', async () => {
    const { evervec, database } = await open(databases);
    for (const [filter, expected] of CASES) {
      expect(await found(evervec, filter), `${JSON.stringify(filter)}`).toBe(expected);
      // One does, or the other, never both, whatever is null.
      const not = await found(evervec, { $not: filter });
      expect([...expected, ...not].sort().join(''), `not ${JSON.stringify(filter)}`).toBe('123456');
    }
    const { rows } = await database.query<{ record_key: string }>(
      `select record_key from evervec.search('books', 'book', options =>
        '{"filter": {"$or": [{"tags": {"$contains": "whale"}}, {"metadata.n": "1"}]}}') order by 1`,
    );
    expect(rows.map((row) => row.record_key)).toEqual(['1', '2']);
  });

  test('what can not be meant is refused by name, with what there is', async () => {
    const { evervec, database } = await open(databases);
    const deep = (levels: number): Filter =>
      levels === 0 ? { id: 1 } : { $not: deep(levels - 1) };
    const wide = (count: number): Filter => ({
      $or: Array.from({ length: count }, (_, id) => ({ id })),
    });
    const cases: [unknown, RegExp, RegExp][] = [
      [{ $nor: [{ id: 1 }] }, /"\$nor"|no column/, /\$and, \$or, \$not/],
      [{ $or: [{ id: 1 }, { nothing: 2 }] }, /no column "nothing"/, /its columns are .*tags/],
      [{ $or: [] }, /"\$or" takes an array of one or more/, /./],
      [{ $or: { id: 1 } }, /"\$or" takes an array/, /./],
      [{ $and: [{}] }, /"\$and.0" is empty/, /./],
      [{ $not: {} }, /"\$not" is empty/, /./],
      [{ $not: [{ id: 1 }] }, /"\$not" must be an object/, /./],
      [
        { $or: [{ $and: [{ id: { $near: 1 } }] }] },
        /"\$or.0.\$and.0.id.\$near" is no operator/,
        /./,
      ],
      [{ id: { $exists: 'yes' } }, /"id.\$exists" takes true or false/, /./],
      [{ id: { $contains: 1 } }, /"id" can't be/, /no array and no jsonb/],
      [{ lang: { $contains: 'e' } }, /"lang" can't be/, /words in a text/],
      [{ tags: { $contains: null } }, /takes no null/, /./],
      [{ tags: { $contains: [] } }, /is empty/, /./],
      [{ tags: { $contains: { a: 1 } } }, /"tags" can't be/, /\$contains with an element/],
      [{ tags: { $in: ['sea'] } }, /"tags" can't be/, /\{"\$or": \[\{"tags": \{"\$contains"/],
      [
        { numbers: { $contains: 'x' } },
        /"numbers" takes another type.*integer: "x"/,
        /of type integer/,
      ],
      [{ year: 'x' }, /"year" takes another type.*integer: "x"/, /of type integer/],
      [{ year: { $in: [1, 'x'] } }, /"year" takes another type.*integer: "x"/, /of type integer/],
      [{ 'lang.x': 1 }, /no paths into column "lang"/, /columns of jsonb: metadata/],
      [{ 'raw.x': 1 }, /no paths into column "raw"/, /./],
      [{ 'metadata.': 1 }, /empty part/, /\$contains/],
      [{ 'metadata..x': 1 }, /empty part/, /./],
      [{ 'metadata.n': { $gt: true } }, /"metadata.n" can't be/, /./],
      [JSON.parse('{"__proto__": 1}'), /no column "__proto__"/, /./],
      [deep(11), /nests more than 10/, /./],
      [wide(201), /beyond 200 conditions/, /./],
      [{ id: { $in: Array.from({ length: 1_001 }, (_, n) => n) } }, /1001 values/, /./],
    ];
    for (const [filter, message, remedy] of cases) {
      const what = JSON.stringify(filter).slice(0, 100);
      const error = await evervec
        .search({ query: 'book', mode: 'text', filter: filter as Filter })
        .then(
          () => null,
          (reason: unknown) => reason,
        );
      expect(EvervecError.isInstance(error) && error.isUsage, `${what}: ${String(error)}`).toBe(
        true,
      );
      expect((error as EvervecError).message, `${what}`).toMatch(message);
      expect((error as EvervecError).remedy, `${what}`).toMatch(remedy);
    }
    expect(await found(evervec, deep(10))).toBe('1');
    expect(await found(evervec, wide(200))).toBe('123456');
    // SQL alone is as strict.
    for (const [filter, message] of [
      [deep(11), /more than 10 deep/],
      [wide(201), /more than 200 conditions/],
      [{ $or: [] }, /\$or of a filter says nothing/],
      [{ $not: [{ id: 1 }] }, /not array/],
      [{ $and: [{ id: 1 }, {}] }, /\$and of a filter says nothing/],
      [{ id: { $near: 1 } }, /can't be \{"\$near": 1\}/],
    ] as const)
      await expect(
        database.query(`select from evervec.search('books', 'book', options => $1)`, [{ filter }]),
      ).rejects.toThrow(message);
  });

  test('tiers that are asked for hide nothing of a source that has none', async () => {
    const { evervec } = await open(databases);
    for (const tiers of [['public'], []]) {
      const { hits } = await evervec.search({
        query: 'book',
        tiers,
        neighbors: 1,
        filter: { id: 1 },
      });
      expect(hits.map(({ key }) => key)).toEqual(['1']);
    }
  });

  test('whatever a value is, it is a value', { timeout: 120_000 }, async () => {
    const { evervec } = await open(databases);
    const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((one) => !one.includes('\0'));
    const value = fc.oneof(
      text,
      fc.constantFrom("'", "''); drop table books; --", '$1', '%L', '\\', '{', '"', "E'\\''"),
    );
    await fc.assert(
      fc.asyncProperty(value, text, async (one, key) => {
        const filters: Filter[] = [
          { lang: one },
          { lang: { $in: [one] } },
          { tags: { $contains: one } },
          { 'metadata.author.name': one },
          { 'metadata.author.name': { $gt: one, $in: [one, one] } },
          { 'metadata.tags': { $contains: [one] } },
          { metadata: { $contains: { [key]: one } } },
          { [`metadata.x${key.replaceAll('.', '')}`]: one },
        ];
        // None of these rows has a made-up text that is longer than a few letters.
        const hits = await found(evervec, { $or: filters.slice(0, 4).concat(filters.slice(5)) });
        expect(hits.length).toBeLessThanOrEqual(3);
        await found(evervec, filters[4] as Filter);
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
    expect(await found(evervec, {})).toBe('123456');
  });
});
