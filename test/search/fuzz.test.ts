/**
 * Whatever is sent to `POST /v1/search`: an answer, or a refusal that says what is wrong; never a fault of the server, and
 * nothing of a statement or of a schema in it. 1,000 requests, and `EVERVEC_FAULT_ROUNDS` times as many.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHandler } from '../../src/server/index.ts';
import { dice, rounds, tell } from '../faults/rounds.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep } from '../source/fixture.ts';

const RUNS = rounds(1_000);
const { seed } = dice();

const TOKENS = {
  chief: { scope: 'admin', token: 'token-of-chief-001' },
  anyone: { scope: 'read', token: 'token-of-anyone-01' },
} as const;

/** Of the statements and the schema that answer a search, and of this machine. */
const INNER =
  /\b(select|insert|update|pg_catalog|plpgsql|chunks_\d+|search_sql|tsquery|node_modules)\b|evervec\.\w+\(|operator\(|\bat \w+ \(/i;

const NASTY = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a\udc00b',
  '🐋',
  "'; drop table notes; --",
  "' or 1=1 --",
  '$1',
  '$$',
  '%L %s',
  '\\',
  '"',
  '{}',
  '[1]',
  'null',
  '-0',
  '1e400',
  '9'.repeat(40),
  'NaN',
  'infinity',
  '2024-13-45',
  '__proto__',
  'constructor',
  'toString',
  'thing1',
  'whale & ! (',
  '<->',
];

function requests(): fc.Arbitrary<unknown> {
  const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 30 }));
  const scalar = fc.oneof(
    text,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom(0, -1, 1.5, 1e9, 2 ** 53, 1e308),
  );
  const json = fc.oneof(scalar, fc.jsonValue({ maxDepth: 4 }), fc.array(scalar, { maxLength: 5 }));
  const column = fc.constantFrom('id', 'body', 'year', 'at', 'active', 'tags', 'price', 'more');
  const field = fc.oneof(
    { weight: 4, arbitrary: column },
    { weight: 2, arbitrary: fc.tuple(column, text).map(([name, path]) => `${name}.${path}`) },
    { weight: 1, arbitrary: text },
  );
  const operator = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        '$eq',
        '$ne',
        '$gt',
        '$gte',
        '$lt',
        '$lte',
        '$in',
        '$exists',
        '$contains',
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom('$like', '$where', '$not', '$', '__proto__', '') },
  );
  const condition = fc.oneof(
    scalar,
    entries(operator, fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }), json), 3),
  );
  const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4 },
      entries(field, condition, 3),
      entries(fc.constantFrom('$and', '$or'), fc.array(tie('filter'), { maxLength: 3 }), 1),
      entries(fc.constant('$not'), tie('filter'), 1),
      json,
    ),
  }));
  const deep = fc.integer({ min: 1, max: 600 }).map((depth) => {
    let nested: unknown = { id: 1 };
    for (let n = 0; n < depth; n++) nested = n % 2 === 0 ? { $not: nested } : { $or: [nested] };
    return nested;
  });
  const wide = fc
    .tuple(fc.constantFrom('$in', '$contains', '$or'), fc.integer({ min: 500, max: 20_000 }))
    .map(([name, count]) => {
      const many = Array.from({ length: count }, (_, n) => (name === '$or' ? { id: n } : n));
      return name === '$or' ? { $or: many } : { id: { [name]: many } };
    });
  const query = fc.oneof(
    { weight: 6, arbitrary: text },
    { weight: 6, arbitrary: fc.constantFrom('thing1', 'a note', 'thing2 note') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('x'.repeat(10_000), 'x y '.repeat(2_500), 'x'.repeat(10_001)),
    },
    { weight: 1, arbitrary: json },
  );
  const count = fc.oneof(
    fc.integer({ min: -2, max: 12 }),
    fc.constantFrom(0, 1_000, 1_001, 1e9, 1.5, '5', null, true),
  );
  // What fits, most of the time: else the first refusal hides the others.
  const or = (fits: fc.Arbitrary<unknown>, other: fc.Arbitrary<unknown>, weight = 9) =>
    fc.oneof({ weight, arbitrary: fits }, { weight: 1, arbitrary: other });
  const sound = entries(
    fc.constantFrom('body', 'more.deep.er', 'more.n', 'more.nothing', 'more.deep'),
    fc.oneof(
      fc.constantFrom('x', 3, true, null, { $exists: true }, { $ne: 4 }, { $in: ['x', 3, null] }),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.string({ unit: 'grapheme', maxLength: 5 }).map((one) => ({ $gt: one, $ne: one })),
    ),
    2,
  );
  const typed = fc.oneof(
    sound,
    fc.constantFrom(
      { tags: { $contains: 'a' } },
      { more: { $contains: { n: 3 } } },
      { year: { $gt: 2004 } },
    ),
    fc
      .tuple(sound, sound)
      .map(([one, other]) => ({ $or: [{ id: 1, ...one }, { $not: { id: 2, ...other } }] })),
    fc.array(text, { minLength: 1, maxLength: 3 }).map((list) => ({ tags: { $contains: list } })),
    text.map((one) => ({ more: { $contains: { [`k${one}`]: one } } })),
  );
  const plausible = fc.record(
    {
      query: or(query, json),
      sources: or(fc.constant(['notes']), fc.oneof(fc.array(text, { maxLength: 3 }), json)),
      mode: or(fc.constantFrom('hybrid', 'vector', 'text'), json),
      filter: or(typed, fc.oneof(filter, deep, wide), 3),
      limit: or(fc.integer({ min: 1, max: 20 }), count),
      offset: or(fc.integer({ min: 0, max: 5 }), count),
      highlight: or(fc.boolean(), json),
      neighbors: or(fc.integer({ min: 0, max: 5 }), json),
    },
    { requiredKeys: ['query'] },
  );
  const narrow = fc.record({
    query: fc.constantFrom('thing1', 'note'),
    filter: fc.oneof(typed, filter),
  });
  const strange = entries(
    fc.oneof(fc.constantFrom('query', 'tiers', 'options', 'explain', '__proto__'), text),
    json,
    4,
  );
  return fc.oneof(
    { weight: 4, arbitrary: plausible },
    { weight: 4, arbitrary: narrow },
    strange,
    json,
  );
}

/** Objects with keys of their own, whatever they are called. */
function entries<Value>(key: fc.Arbitrary<string>, value: fc.Arbitrary<Value>, maxLength: number) {
  return fc
    .array(fc.tuple(key, value), { maxLength, minLength: maxLength === 1 ? 1 : 0 })
    .map((pairs) => {
      const made: Record<string, Value> = {};
      for (const [name, one] of pairs)
        Object.defineProperty(made, name, {
          value: one,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      return made;
    });
}

/** JSON, or nearly. */
function bodies(): fc.Arbitrary<string> {
  const json = requests().map((request) => JSON.stringify(request));
  const cut = fc
    .tuple(json, fc.nat(60), fc.constantFrom('', '}', '\\u0000', '\ufeff', ','))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));
  const raw = fc.constantFrom(
    '',
    'null',
    '[]',
    '{"query": "a", "query": "thing1"}',
    '{"query": "\\ud800 thing1"}',
    '{"query": "a", "limit": 1e999}',
    `{"query": "${'x'.repeat(1_048_577)}"}`,
    `{"query": "${'word '.repeat(200_000)}"}`,
    `{"query": "a", "filter": ${'{"$not":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
  );
  return fc.oneof(
    { weight: 30, arbitrary: json },
    { weight: 2, arbitrary: cut },
    { weight: 1, arbitrary: raw },
  );
}

describeEachDatabase(`${RUNS} searches of every kind`, ({ open }) => {
  test(
    'none is a fault of the server, and each refusal says why',
    { timeout: 300_000 + RUNS * 60 },
    async () => {
      const database = await open();
      for (const statement of [
        `create table notes (id integer primary key, body text, year integer, at timestamptz, active boolean, tags text[],
        price numeric, more jsonb)`,
        `insert into notes select n, 'A note about thing' || n % 3, 2000 + n, '2024-01-01', n % 2 = 0, array['a', 'b' || n],
        n * 1.5, jsonb_build_object('n', n, 'deep', jsonb_build_object('er', 'x')) from generate_series(1, 12) n`,
      ])
        await database.query(statement);
      const { evervec } = await keep(
        database,
        { notes: { table: 'notes', text: ['body'] } },
        { search: { cache: {} } },
      );
      const handler = createHandler(evervec, { tokens: TOKENS });
      const statuses = new Map<number, number>();
      const codes = new Set<string>();
      const ask = async (body: string, token: string) => {
        const response = await handler(
          new Request('http://127.0.0.1/v1/search', {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body,
          }),
        );
        return { status: response.status, text: await response.text() };
      };
      // A failure prints it: EVERVEC_SEED repeats the run.
      await fc.assert(
        fc.asyncProperty(
          bodies(),
          fc.constantFrom(...Object.values(TOKENS)),
          async (body, { token }) => {
            const { status, text } = await ask(body, token);
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            expect(status, `${text.slice(0, 500)}`).toBeLessThan(500);
            if (status === 200) return;
            const { error } = JSON.parse(text);
            codes.add(error.code);
            expect(error.code).toMatch(/^EVERVEC_[A-Z_]+$/);
            expect(error.message.length, `${error.message}`).toBeGreaterThan(10);
            expect(error.message.length).toBeLessThan(2_000);
            expect(error.remedy.length).toBeGreaterThan(10);
            // What was sent may come back; nothing else may look like this.
            const sent = body + JSON.stringify(body) + unescaped(body);
            const told = `${error.message} ${error.remedy}`;
            const inner = INNER.exec(told)?.[0];
            if (inner !== undefined) expect(sent, `${told}`).toContain(inner);
          },
        ),
        { numRuns: RUNS, seed },
      );
      tell('searches of every kind', seed, { ...Object.fromEntries(statuses), codes: [...codes] });
      expect(statuses.get(200) ?? 0, `${JSON.stringify([...statuses])}`).toBeGreaterThan(RUNS / 5);
      expect([...codes]).toContain('EVERVEC_SEARCH_REQUEST');
      const { rows } = await database.query<{ rows: number }>(
        'select count(*)::integer as rows from notes',
      );
      expect(rows).toEqual([{ rows: 12 }]);
      const { status, text } = await ask('{"query": "thing1", "mode": "text"}', TOKENS.chief.token);
      expect([status, JSON.parse(text).hits.length]).toEqual([200, 4]);
    },
  );
});

function unescaped(body: string): string {
  try {
    return JSON.parse(`"${body.replaceAll('"', '\\"').replaceAll('\\\\"', '\\"')}"`);
  } catch {
    return '';
  }
}
