/** What hybrid search makes of both legs, in the database: the rule of `src/ranking`, and what it leaves out. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { EmbeddingModel } from '../../src/embed/index.ts';
import { createEvervec, type Evervec } from '../../src/engine/index.ts';
import { fuseScores } from '../../src/ranking/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const WEIGHT = 0.3;

/** Reads its vector from the text: `… [1,0,…]`. */
function createSpokenModel(dimensions: number): EmbeddingModel {
  return {
    provider: 'test',
    modelId: 'spoken',
    id: `test/spoken@${dimensions}`,
    dimensions,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: WEIGHT,
    doEmbed: async ({ values }) => ({
      embeddings: values.map((text) => JSON.parse(text.slice(text.indexOf('['))) as number[]),
      usage: undefined,
    }),
  };
}

/** Numbers around 0 that look like chance, the same in each run. */
function createChance(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

const WIDTH = 16;
const COUNT = 300;

describeEachDatabase('a hybrid search', (databases) => {
  async function open(vectorOf: (id: number) => number[]): Promise<Evervec> {
    const database: Database = await databases.open();
    await database.query('create table texts (id integer primary key, body text)');
    const bodies = Array.from({ length: COUNT }, (_, id) => {
      const word = id % 7 === 0 ? 'lantern '.repeat(1 + (id % 3)) : '';
      return `${word}text ${JSON.stringify(vectorOf(id))}`;
    });
    await database.query(
      'insert into texts select n - 1, body from unnest($1::text[]) with ordinality as given (body, n)',
      [bodies],
    );
    const model = createSpokenModel(WIDTH);
    const sources = { texts: { table: 'texts', text: ['body'], record: ['id'] } };
    const evervec = await createEvervec({ model, sources }, { database });
    await evervec.setup();
    await evervec.backfill();
    await (await evervec.worker()).drain();
    return evervec;
  }
  const axis = Array.from({ length: WIDTH }, (_, i) => (i === 0 ? 1 : 0));
  const query = `lantern ${JSON.stringify(axis)}`;

  test('scores as the pure rule does', async () => {
    const chance = createChance();
    // Some are near the query, most have nothing to do with it.
    const evervec = await open((id) =>
      axis.map((value, i) => (i === 0 && id % 50 === 3 ? value * 2 : 0) + chance()),
    );
    // Every text is a candidate of the first leg; an index is not there.
    const all = { query, limit: 1_000 };
    const { hits } = await evervec.search({ ...all, mode: 'vector' });
    expect(hits).toHaveLength(COUNT);
    const byWords = (await evervec.search({ ...all, mode: 'text' })).hits;
    const ranks = new Map(byWords.map(({ key, scores }) => [key, scores.text ?? 0]));
    const fused = fuseScores(
      hits.map(({ key }) => ranks.get(key) ?? 0),
      hits.map(({ scores }) => scores.vector ?? 0),
      WEIGHT,
    );
    const hybrid = new Map(
      (await evervec.search({ ...all, limit: 50 })).hits.map((hit) => [hit.key, hit.score]),
    );
    expect(hybrid.size).toBe(50);
    const best = hits
      .map(({ key }, i) => ({ key, score: fused[i] ?? 0 }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 40);
    for (const { key, score } of best) expect(hybrid.get(key)).toBeCloseTo(score, 3);
  });

  test('gives vectors that are no nearer than chance next to no say', async () => {
    const chance = createChance();
    const evervec = await open(() => axis.map(chance));
    const { hits } = await evervec.search({ query, limit: 50 });
    const byWords = new Set(
      (await evervec.search({ query, limit: 50, mode: 'text' })).hits.map(({ key }) => key),
    );
    expect(byWords.size).toBe(Math.ceil(COUNT / 7));
    // Had the nearest the whole weight of .3, it would come before texts with the word.
    expect(hits.slice(0, byWords.size).every(({ key }) => byWords.has(key))).toBe(true);
    const next = hits[byWords.size];
    expect(next?.score).toBeLessThan(WEIGHT / 2);
  });

  test('without a word in common follows the vectors to the last hit', async () => {
    const chance = createChance();
    const evervec = await open(() => axis.map(chance));
    const only = { query: `unheard ${JSON.stringify(axis)}`, limit: 100 };
    const hybrid = await evervec.search(only);
    const vector = await evervec.search({ ...only, mode: 'vector' });
    expect(hybrid.hits.map(({ key }) => key)).toEqual(vector.hits.map(({ key }) => key));
  });
});
