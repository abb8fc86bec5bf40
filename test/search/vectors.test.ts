/** The vectors' side of search: which way is taken through them, what experts may say, what a search tells of itself. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { EmbeddingModel } from '../../src/embed/index.ts';
import { createEvervec, type Evervec } from '../../src/engine/index.ts';
import { EvervecError } from '../../src/errors/index.ts';
import { fuseRanks } from '../../src/ranking/index.ts';
import type {
  SearchAnswer,
  SearchExpert,
  SearchReport,
  SearchRequest,
} from '../../src/search/index.ts';
import { INDEX_FROM_CHUNKS } from '../../src/space/index.ts';
import type { SourceOptions } from '../../src/source/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const WIDTH = 32;

/** Numbers from -0.5 to 0.5 that look like chance, the same in each run. */
function vectorOf(seed: number): number[] {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return Array.from({ length: WIDTH }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

/** `#7 …` has the vector of 7. */
const model: EmbeddingModel = {
  provider: 'test',
  modelId: 'numbered',
  id: `test/numbered@${WIDTH}`,
  dimensions: WIDTH,
  maxEmbeddingsPerCall: undefined,
  supportsParallelCalls: true,
  maxInputTokens: undefined,
  maxBatchTokens: undefined,
  maxBatchBytes: undefined,
  fusionWeight: 0.5,
  doEmbed: async ({ values }) => ({
    embeddings: values.map((text) => vectorOf(Number.parseInt(text.slice(1), 10))),
    usage: undefined,
  }),
};

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function keys({ hits }: SearchAnswer): string[] {
  return hits.map((hit) => hit.key);
}

function reportOf(answer: SearchAnswer): SearchReport {
  const report = answer.explain?.searches[0]?.database;
  if (!report) throw new Error('the search was not explained');
  return report;
}

async function open(database: Database, options: Partial<SourceOptions> = {}): Promise<Evervec> {
  return await createEvervec(
    { model, sources: { items: { table: 'items', text: ['body'], ...options } } },
    { database },
  );
}

/** `items` of ids from 0; `n` in no order of the vectors. */
async function fill(database: Database, count: number): Promise<Evervec> {
  await database.query(`create table items (id integer primary key, n integer, body text)`);
  await database.query(`insert into items select i, (i * 7919) % ${count},
    '#' || i || ' word' || case when i % 3 = 0 then ' third' else '' end || case when i % 5 = 0 then ' fifth fifth' else '' end
    from generate_series(0, ${count - 1}) i`);
  await database.query('analyze items');
  const evervec = await open(database);
  await evervec.setup();
  await evervec.backfill();
  await (await evervec.worker()).drain();
  return evervec;
}

async function refusal(answer: Promise<unknown>): Promise<EvervecError> {
  const error = await answer.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(EvervecError.isInstance(error), `${String(error)}`).toBe(true);
  return error as EvervecError;
}

/** A graph is searched as widely as vectors weigh, as long as there are words to find enough by. */
async function expectViewByWeight(evervec: Evervec, kind: string): Promise<void> {
  const inView = async (request: Partial<SearchRequest>) => {
    const answer = await evervec.search({ query: '#7 third', explain: true, ...request });
    expect(answer.hits).toHaveLength(request.limit ?? 10);
    return reportOf(answer).ef_search;
  };
  const weighing = (vector: number) => ({ weights: { vector, text: 1 - vector } });
  // By single bits four times the candidates are compared.
  const expected = (narrow: number) => (kind === 'hnsw' ? narrow : 400);
  expect(await inView({})).toBe(expected(100));
  expect(await inView({ expert: weighing(0.2) })).toBe(expected(40));
  expect(await inView({ expert: weighing(0.3) })).toBe(expected(60));
  expect(await inView({ expert: weighing(0) })).toBe(expected(40));
  expect(await inView({ expert: weighing(1) })).toBe(expected(100));
  if (kind !== 'hnsw') return;
  expect(await inView({ expert: weighing(0.2), limit: 20 })).toBe(160);
  // A word that is in one chunk alone, one that is in none, and words that have to stand together or not at all.
  for (const query of ['#7', '#7 nowhere', '"word third"', 'third -fifth', '#7 thi*'])
    expect([query, await inView({ query, expert: weighing(0.2) })]).toEqual([query, 100]);
  expect(await inView({ expert: { ...weighing(0.2), rrfK: 60 } })).toBe(100);
  expect(await inView({ expert: { ...weighing(0.2), efSearch: 70 } })).toBe(70);
  expect(await inView({ expert: weighing(0.2), filter: { n: { $gte: 0 } } })).toBe(100);
  expect(await inView({ mode: 'vector' })).toBe(100);
}

describeEachDatabase('the way through the vectors', (databases) => {
  const COUNT = INDEX_FROM_CHUNKS;
  const QUERY = '#123456 nothing';

  function nearest(isShown: (n: number) => boolean, limit: number): string[] {
    const asked = vectorOf(123_456);
    return Array.from({ length: COUNT }, (_, id) => id)
      .filter((id) => isShown((id * 7_919) % COUNT))
      .map((id) => ({ key: String(id), near: cosine(asked, vectorOf(id)) }))
      .sort((a, b) => b.near - a.near)
      .slice(0, limit)
      .map(({ key }) => key);
  }

  test(
    'is that of the index or an exact one, by what passes, and gives all hits that there are',
    { timeout: 300_000 },
    async () => {
      const database = await databases.open();
      let evervec = await fill(database, COUNT);
      const isNew = (
        await database.query<{ version: string }>(
          `select extversion as version from pg_extension where extname = 'vector'`,
        )
      ).rows[0]?.version;
      expect(isNew).toBeDefined();
      const kinds = [
        ['hnsw', {}],
        ['ivfflat', { index: { type: 'ivfflat' } }],
        ['binary', { index: { quantize: 'binary', m: 8, efConstruction: 32 } }],
      ] as const;
      for (const [kind, options] of kinds) {
        if (kind !== 'hnsw') {
          evervec = await open(database, options);
          expect(await evervec.reindex()).toMatchObject([{ source: 'items', is_built: true }]);
        }
        const ask = async (below: number, expert: SearchExpert = {}, limit = 10) =>
          await evervec.search({
            query: QUERY,
            mode: 'vector',
            explain: true,
            limit,
            expert,
            ...(below < COUNT && { filter: { n: { $lt: below } } }),
          });
        if (kind !== 'ivfflat') await expectViewByWeight(evervec, kind);
        const all = await ask(COUNT);
        expect(reportOf(all).sources['items'], `${kind}`).toMatchObject({
          index: kind,
          scan: 'index',
        });
        expect(all.hits, `${kind}`).toHaveLength(10);
        const exact = await ask(COUNT, { exact: true });
        expect(reportOf(exact).sources['items']).toMatchObject({ index: 'none', scan: 'exact' });
        expect(keys(exact), `${kind}`).toEqual(nearest(() => true, 10));
        for (const below of [COUNT / 2, COUNT / 10, COUNT / 100, COUNT / 1_000, 3]) {
          const answer = await ask(below);
          const limit = Math.min(10, below);
          expect(answer.hits, `${kind}, ${below} pass`).toHaveLength(limit);
          const source = reportOf(answer).sources['items'];
          if (below <= COUNT / 100) {
            expect(source).toMatchObject({ index: 'none', scan: 'exact' });
            expect(source?.estimated_chunks).toBeLessThan(COUNT / 20);
            expect(keys(answer)).toEqual(nearest((n) => n < below, limit));
          }
          if (below === COUNT / 2) expect(source).toMatchObject({ index: kind, scan: 'iterative' });
        }
        // More than the index gives at once.
        expect((await ask(COUNT / 2, {}, 1_000)).hits, `${kind}`).toHaveLength(1_000);
        expect((await ask(COUNT, { efSearch: 1, probes: 1, candidates: 1 }, 50)).hits).toHaveLength(
          50,
        );
      }
      const { rows } = await database.query(
        `select built_with ->> 'quantize' as quantize, index_settings is null as is_default,
          (select indexdef from pg_indexes where indexname = 'chunks_1_embedding') as definition from evervec.spaces`,
      );
      expect(rows).toEqual([
        {
          quantize: 'binary',
          is_default: false,
          definition: expect.stringMatching(/hnsw.*bit\(32\).*bit_hamming_ops.*m='?8/),
        },
      ]);
    },
  );

  test('of several sources, each is searched as widely as it takes by itself', async () => {
    const database = await databases.open();
    const sources = ['common', 'rare'];
    for (const [name, share] of [
      ['common', 3],
      ['rare', COUNT / 2],
    ] as const)
      await database.query(`create table ${name} as
        select i as id, '#' || i || case when i % ${share} = 0 then ' third' else '' end as body from generate_series(0, ${COUNT - 1}) i;
        alter table ${name} add primary key (id);
        analyze ${name}`);
    const evervec = await createEvervec(
      {
        model,
        sources: Object.fromEntries(sources.map((name) => [name, { table: name, text: ['body'] }])),
      },
      { database },
    );
    await evervec.setup();
    await evervec.backfill();
    await (await evervec.worker()).drain();
    const expert = { weights: { vector: 0.2, text: 0.8 } };
    const inView = async (sources: string[]) =>
      reportOf(await evervec.search({ query: 'third', explain: true, sources, expert })).ef_search;
    expect(await inView(['common'])).toBe(40);
    expect(await inView(['rare'])).toBe(100);
    // That of the last leg, before which the other has said less.
    expect(await inView(['common', 'rare'])).toBe(100);
  });
});

describeEachDatabase('an expert’s search', (databases) => {
  test('is refused out of range, with what would do', async () => {
    const evervec = await fill(await databases.open(), 20);
    const cases: [unknown, RegExp][] = [
      [{ efSearch: 0 }, /efSearch 0 .*from 1 to 1000/],
      [{ efSearch: 1_001 }, /efSearch 1001 .*1 to 1000/],
      [{ efSearch: 1.5 }, /efSearch 1.5/],
      [{ efSearch: '40' }, /efSearch 40/],
      [{ probes: 0 }, /probes 0 .*1 to 32768/],
      [{ candidates: 10_001 }, /candidates 10001 .*1 to 10000/],
      [{ rrfK: -1 }, /rrfK -1 .*1 to 10000/],
      [{ exact: 'yes' }, /exact is yes.*true or false/],
      [{ weights: { vector: 0, text: 0 } }, /not both 0/],
      [{ weights: { vector: 2, text: 0 } }, /0 to 1/],
      [{ weights: { vector: 1 } }, /undefined for text/],
      [{ weights: { vector: 1, text: 1, other: 1 } }, /two numbers/],
      [{ ef: 1 }, /no expert.ef.*efSearch/],
      [[], /not an object/],
    ];
    for (const [expert, message] of cases) {
      const error = await refusal(
        evervec.search({ query: '#1 word', expert: expert as SearchExpert }),
      );
      const { code, isUsage, remedy } = error;
      expect({ code, isUsage }).toEqual({ code: 'EVERVEC_SEARCH_REQUEST', isUsage: true });
      expect(`${error.message} ${remedy}`).toMatch(message);
    }
  });

  test('is refused by SQL, too', async () => {
    const database = await databases.open();
    await fill(database, 20);
    for (const expert of [
      '{"efSearch": 0}',
      '{"efSearch": 1.5}',
      '{"probes": "1"}',
      '{"candidates": 1e9}',
      '{"rrfK": []}',
      '{"exact": 1}',
      '{"weights": {"vector": 0, "text": 0}}',
      '{"weights": {"vector": 1, "words": 0}}',
      '{"weights": 1}',
      '{"other": 1}',
      '[]',
      '1',
    ])
      await expect(
        database.query(`select * from evervec.search('items', 'word', null, $1::jsonb)`, [
          { expert: JSON.parse(expert) },
        ]),
        `${expert}`,
      ).rejects.toMatchObject({ sqlState: '22023' });
  });

  test('fuses by ranks, and by other weights', async () => {
    const evervec = await fill(await databases.open(), 60);
    const query = '#999 third fifth';
    const all = await evervec.search({ query, limit: 60, expert: { rrfK: 60 } });
    expect(all.hits).toHaveLength(60);
    const vector = all.hits.map(({ scores }) => scores.vector ?? -1);
    const text = all.hits.map(({ scores }) => scores.text ?? -1);
    // The rule of `src/ranking`, but that equal ranks are one rank here, and that the best there can be has 1.
    const fused = fuseRanks([vector], 60);
    const ranks = text.map((score) => 1 + text.filter((other) => other > score).length);
    all.hits.forEach(({ score, scores }, i) => {
      const words = scores.text === null ? 0 : 1 / (60 + (ranks[i] ?? 0));
      expect(score).toBeCloseTo((61 / 2) * ((fused[i] ?? 0) + words), 6);
    });
    const weighed = async (weights: { vector: number; text: number }) =>
      keys(await evervec.search({ query, limit: 60, expert: { weights } }));
    const byMeaning = await evervec.search({ query, mode: 'vector', limit: 10 });
    expect((await weighed({ vector: 1, text: 0 })).slice(0, 5)).toEqual(
      keys(byMeaning).slice(0, 5),
    );
    const [best] = await weighed({ vector: 0, text: 1 });
    expect(Number(best) % 15).toBe(0);
  });
});

describeEachDatabase('an explained search', (databases) => {
  test('says of each step what it did', async () => {
    const evervec = await fill(await databases.open(), 40);
    const query = '#7 third';
    const first = await evervec.search({ query, explain: true });
    expect(first.explain).toEqual({
      searches: [
        {
          model: model.id,
          query_vector: 'made',
          embed_ms: expect.any(Number),
          database_ms: expect.any(Number),
          database: {
            rounds: 1,
            // Nobody has counted the chunks yet.
            candidates: 100,
            ef_search: 100,
            probes: expect.any(Number),
            sql_ms: expect.any(Number),
            plan_ms: expect.any(Number),
            sources: {
              items: {
                index: 'none',
                scan: 'exact',
                estimated_chunks: null,
                candidates: { vector: 40, text: 15, visible: 40 },
              },
            },
          },
        },
      ],
    });
    const plain = await evervec.search({ query });
    expect(plain.explain).toBeUndefined();
    expect(plain.hits).toEqual(first.hits);
    const again = await evervec.search({ query, explain: true });
    expect(again.explain?.searches[0]?.query_vector).toBe('kept');
    const words = await evervec.search({ query: 'third', mode: 'text', explain: true });
    expect(words.explain?.searches[0]).toMatchObject({ model: null, query_vector: 'none' });
    expect(reportOf(words).sources['items']).toMatchObject({ scan: 'off' });
    const nothing = await evervec.search({ query: 'absent', mode: 'text', explain: true });
    expect(nothing.hits).toEqual([]);
    expect(reportOf(nothing).sources['items']?.candidates).toEqual({
      vector: null,
      text: 0,
      visible: 0,
    });
  });
});

describeEachDatabase('what a session keeps of a search', (databases) => {
  const kept = `select name, statement from pg_prepared_statements where name ~ '^evervec_' order by prepare_time`;

  test('is one statement for each shape, bounded, and none that another wrote', async () => {
    const database = await databases.open();
    const evervec = await fill(database, 50);
    await database.transaction(async (tx) => {
      const ask = async (limit: number) =>
        (
          await tx.query<{ record_key: string }>(
            `select record_key from evervec.search('items', null, $1::text::vector.vector, $2::jsonb)`,
            [JSON.stringify(vectorOf(3)), { mode: 'vector', limit }],
          )
        ).rows.map((row) => row.record_key);
      const five = await ask(5);
      expect(five[0]).toBe('3');
      await ask(5);
      const { rows } = await tx.query<{ name: string; statement: string }>(kept);
      expect(rows).toHaveLength(1);
      // Of the same name, by whoever began the session: nobody else runs it.
      const { name = '' } = rows[0] ?? {};
      await tx.query(`deallocate "${name}"`);
      await tx.query(`prepare "${name}" (text, vector.vector, integer, text[]) as
        select array[]::evervec.search_hit[], false, null::jsonb`);
      await tx.query(`create role "evervec_other_${process.pid}" superuser`);
      await tx.query(`set local role "evervec_other_${process.pid}"`);
      expect(await ask(5)).toEqual(five);
      await tx.query('reset role');
      await tx.query(`drop role "evervec_other_${process.pid}"`);
      for (let limit = 1; limit <= 45; limit++) expect(await ask(limit)).toHaveLength(limit);
      expect((await tx.query(kept)).rows.length).toBeLessThanOrEqual(32);
      for (const { name: one } of (await tx.query<{ name: string }>(kept)).rows)
        await tx.query(`deallocate "${one}"`);
      expect(await ask(5)).toEqual(five);
    });
    // What was changed meanwhile is seen.
    const before = keys(await evervec.search({ query: '#3 x', mode: 'vector', limit: 3 }));
    await database.query('delete from items where id = $1', [Number(before[0])]);
    const after = await evervec.search({ query: '#3 x', mode: 'vector', limit: 2 });
    expect(keys(after)).toEqual(before.slice(1));
    await database.query('alter table items add column more text default $$new$$');
    await evervec.setup();
    const [hit] = (await evervec.search({ query: '#3 x', mode: 'vector', limit: 2 })).hits;
    expect(hit?.record).toMatchObject({ more: 'new' });
  });

  test('is not run for what only looks like the same search', async () => {
    const database = await databases.open();
    await fill(database, 50);
    const refused = database.transaction(async (tx) => {
      const ask = async (query: string | null, vector: readonly number[]) =>
        (
          await tx.query<{ record_key: string; vector_score: number | null }>(
            `select record_key, vector_score from evervec.search('items', $1, $2::text::vector.vector, $3::jsonb)`,
            [query, JSON.stringify(vector), { mode: 'hybrid' }],
          )
        ).rows;
      const nowhere = Array.from(vectorOf(3), () => 0);
      const first = await ask('word', nowhere);
      expect(first.length).toBeGreaterThan(0);
      for (let time = 0; time < 3; time++)
        expect((await ask('word', vectorOf(3)))[0]).toMatchObject({ record_key: '3' });
      // Near nothing: by words alone, as before.
      expect(await ask('word', nowhere)).toEqual(first);
      expect(first.every((hit) => hit.vector_score === null)).toBe(true);
      await ask(null, vectorOf(3));
    });
    await expect(refused).rejects.toMatchObject({ sqlState: '22023' });
  });

  test('shows the query to nobody who reads an error', async () => {
    const database = await databases.open();
    await fill(database, 20);
    await database.query('alter table items rename column body to gone');
    const error = (await database
      .query(`select * from evervec.search('items', $1)`, ['secret lighthouse'])
      .catch((reason: unknown) => reason)) as Error & { cause?: unknown };
    expect(error).toBeInstanceOf(Error);
    const cause = error.cause as Record<string, unknown> | undefined;
    expect(
      `${error.message} ${error.stack} ${JSON.stringify(cause)} ${String(cause?.['where'])}`,
    ).not.toContain('lighthouse');
  });
});

describeEachDatabase('records similar to one', (databases) => {
  test('are the nearest to it, without it', async () => {
    const database = await databases.open();
    const evervec = await fill(database, 50);
    const near = Array.from({ length: 50 }, (_, id) => id)
      .filter((id) => id !== 7)
      .map((id) => ({ key: String(id), at: cosine(vectorOf(7), vectorOf(id)) }))
      .sort((a, b) => b.at - a.at)
      .map(({ key }) => key);
    const answer = await evervec.similar({ source: 'items', key: '7', limit: 5 });
    expect(keys(answer)).toEqual(near.slice(0, 5));
    expect(answer).toMatchObject({ mode: 'vector', space: { items: model.id } });
    expect(keys(await evervec.similar({ source: 'items', key: '7', limit: 5, offset: 3 }))).toEqual(
      near.slice(3, 8),
    );
    expect(keys(await evervec.similar({ source: 'items', key: '7', limit: 1_000 }))).toEqual(near);
    const few = await evervec.similar({ source: 'items', key: '7', filter: { id: { $lt: 10 } } });
    expect(keys(few)).toEqual(near.filter((key) => Number(key) < 10));
    for (const [request, code] of [
      [{ source: 'items', key: '51' }, 'EVERVEC_UNKNOWN_RECORD'],
      [{ source: 'items', key: `7' or true --` }, 'EVERVEC_UNKNOWN_RECORD'],
      [{ source: 'other', key: '7' }, 'EVERVEC_UNKNOWN_SOURCE'],
      [{ source: 'items', key: '7', limit: 0 }, 'EVERVEC_SEARCH_REQUEST'],
      [{ source: 'items', key: '7', filter: { nothing: 1 } }, 'EVERVEC_SEARCH_REQUEST'],
    ] as const)
      expect(await refusal(evervec.similar(request))).toMatchObject({ code, isUsage: true });
    await database.query('delete from items where id = 7');
    const gone = await refusal(evervec.similar({ source: 'items', key: '7' }));
    expect(gone).toMatchObject({ code: 'EVERVEC_UNKNOWN_RECORD' });
  });

  test('of a record of several chunks: by their mean', async () => {
    const database = await databases.open();
    await database.query('create table items (id integer primary key, body text)');
    const chunk = (id: number) => `#${id} ${'and so on '.repeat(6)}`;
    const bodies = [
      `${chunk(1)}\n\n${chunk(2)}`,
      chunk(1),
      chunk(2),
      ...Array.from({ length: 10 }, (_, n) => chunk(n + 10)),
    ];
    await database.query(
      `insert into items select n, body from unnest($1::text[]) with ordinality as given (body, n)`,
      [bodies],
    );
    const evervec = await open(database, { chunk: { maxChars: 80 } });
    await evervec.setup();
    await evervec.backfill();
    await (await evervec.worker()).drain();
    const { hits } = await evervec.similar({ source: 'items', key: '1', limit: 2 });
    expect(hits.map(({ key }) => key).sort()).toEqual(['2', '3']);
    const half = Math.sqrt((1 + cosine(vectorOf(1), vectorOf(2))) / 2);
    for (const { score } of hits) expect(score).toBeCloseTo(half, 2);
  });

  test('shows nothing of tiers that are not asked for', async () => {
    const database = await databases.open();
    await database.query(`create table items (id integer primary key, level text, body text)`);
    await database.query(
      `insert into items select n, case when n % 2 = 0 then 'open' else 'closed' end, '#' || n || ' word' from generate_series(1, 20) n`,
    );
    const evervec = await open(database, { tier: 'level' });
    await evervec.setup();
    await evervec.backfill();
    await (await evervec.worker()).drain();
    const tiers = ['open'];
    const shown = keys(await evervec.similar({ source: 'items', key: '2', tiers, limit: 20 }));
    expect(shown.map(Number).sort((a, b) => a - b)).toEqual([4, 6, 8, 10, 12, 14, 16, 18, 20]);
    const hidden = await refusal(evervec.similar({ source: 'items', key: '3', tiers }));
    const unknown = await refusal(evervec.similar({ source: 'items', key: '33', tiers }));
    expect(hidden.message).toBe(unknown.message.replace('33', '3'));
    expect(hidden.code).toBe('EVERVEC_UNKNOWN_RECORD');
    const none = await refusal(evervec.similar({ source: 'items', key: '2', tiers: [] }));
    expect(none.code).toBe('EVERVEC_UNKNOWN_RECORD');
  });
});
