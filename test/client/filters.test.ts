/** Filters in a page: what the server's tests say of them holds here, and what can't be meant is refused with the same words. */
import { beforeAll, expect, it } from 'vitest';
import type { IndexHost, PageSearchRequest } from '../../src/client/index-host.ts';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import { encodeIndex } from '../../src/format/index.ts';
import { CASES, ROWS } from '../search/filter-cases.ts';
import { ABOUT } from './books.ts';

let host: IndexHost;
beforeAll(async () => {
  const text = 'A book';
  const records = ROWS.map(([id, lang, year, at, tags, metadata]) => ({
    key: String(id),
    tags: tags ?? [],
    columns: {
      id,
      lang,
      year,
      at,
      tags,
      metadata,
      numbers: [id, 7],
      raw: {},
      'a.b': 'dot',
      'metadata.flat': 'flat',
    },
    chunks: [{ index: 0, text, start: 0, end: text.length, vector: [1, 0] }],
  }));
  host = createInlineHost();
  await host.stage(encodeIndex(ABOUT, 2, records));
  await host.promote();
});

async function found(filter: unknown): Promise<string> {
  const request = { query: 'book', mode: 'text', filter } as PageSearchRequest;
  const { hits } = await host.search(request);
  return hits
    .map(({ key }) => key)
    .sort()
    .join('');
}

it('mean what they mean on the server', async () => {
  for (const [filter, expected] of CASES) {
    expect(await found(filter), `${JSON.stringify(filter)}`).toBe(expected);
    const not = await found({ $not: filter });
    expect([...expected, ...not].sort().join(''), `not ${JSON.stringify(filter)}`).toBe('123456');
  }
});

it('are about what every record has, too', async () => {
  expect(await found({ key: { $in: ['2', '4'] } })).toBe('24');
  expect(await found({ title: null, publishedAt: { $exists: false } })).toBe('123456');
  expect(await found({ year: { $gte: '1800' } })).toBe('156');
  expect(await found({ at: { $gt: '2024-04-01T00:00:00Z' } })).toBe('56');
});

it('are refused by name where they can not be meant, with what there is', async () => {
  const cases: [unknown, RegExp, RegExp][] = [
    [{ $nor: [{ id: 1 }] }, /"\$nor"/, /\$and, \$or, \$not/],
    [{ $nor: 1 }, /no column "\$nor"/, /\$and, \$or, \$not/],
    [{ $or: [{ id: 1 }, { nothing: 2 }] }, /no column "nothing"/, /its columns are .*tags/],
    [{ $or: [] }, /"\$or" takes an array of one or more/, /./],
    [{ id: { $exists: 'yes' } }, /"id.\$exists" takes true or false/, /./],
    [{ id: { $contains: 1 } }, /"id" can't be/, /no array and no JSON/],
    [{ lang: { $contains: 'e' } }, /"lang" can't be/, /words in a text/],
    [{ tags: { $contains: { a: 1 } } }, /"tags" can't be/, /\$contains with an element/],
    [{ tags: { $in: ['sea'] } }, /"tags" can't be/, /\{"\$or": \[\{"tags": \{"\$contains"/],
    [{ numbers: { $contains: 'x' } }, /"numbers" takes another type/, /of type number/],
    [{ year: 'x' }, /"year" takes another type/, /of type number/],
    [{ year: { $in: [1, 'x'] } }, /"year" takes another type/, /of type number/],
    [{ at: 'soon' }, /"at" takes another type/, /of type date/],
    [{ 'lang.x': 1 }, /no paths into column "lang"/, /JSON/],
    [{ 'metadata..x': 1 }, /empty part/, /./],
    [{ 'metadata.n': { $gt: true } }, /"metadata.n" can't be/, /./],
    [JSON.parse('{"__proto__": 1}'), /no column "__proto__"/, /./],
    [{ id: { $in: Array.from({ length: 1_001 }, (_, n) => n) } }, /1001 values/, /./],
  ];
  for (const [filter, message, remedy] of cases)
    await expect(found(filter), `${JSON.stringify(filter).slice(0, 100)}`).rejects.toMatchObject({
      code: 'EVERVEC_SEARCH_REQUEST',
      isUsage: true,
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
});
