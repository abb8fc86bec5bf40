/** A re-ranker orders the best hits, over Cohere's wire format or as a function; where it fails, the search is as it was. */
import { createCohere } from '@ai-sdk/cohere';
import { expect, test } from 'vitest';
import { ConfigError, SearchRequestError } from '../../src/errors/index.ts';
import type { Config } from '../../src/engine/index.ts';
import type { Logger } from '../../src/runtime/index.ts';
import type { SearchAnswer } from '../../src/search/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { keep, type Kept } from '../source/fixture.ts';
import { type RerankPlay, startRerankServer } from '../providers/rerank-server.ts';

const KEY = 'co-test-0123456789';

const keys = ({ hits }: SearchAnswer) => hits.map((hit) => hit.key).join('');

describeEachDatabase('re-ranking', (databases) => {
  async function openHarbours(reranker?: Config['reranker']): Promise<Kept> {
    const database = await databases.open();
    await database.query('create table harbours (id integer primary key, body text)');
    // By words the shortest is the best, and then on.
    for (let id = 1; id <= 8; id++)
      await database.query('insert into harbours values ($1, $2)', [
        id,
        `harbour${' and its boats'.repeat(id)}`,
      ]);
    const source = { table: 'harbours', text: ['body'], record: ['id'] };
    return await keep(database, { harbours: source }, reranker ? { reranker } : {});
  }

  const ask = { query: 'harbour', mode: 'text' } as const;

  test("over Cohere's wire format: the model's order, with the scores of each leg and its own", async () => {
    await using server = await startRerankServer();
    const client = createCohere({ apiKey: KEY, baseURL: server.url });
    const { evervec, database } = await openHarbours(client.reranking('rerank-v3.5'));
    const plain = await evervec.search(ask);
    expect(keys(plain)).toBe('12345678');
    expect(server.asked).toEqual([]);
    const answer = await evervec.search({ ...ask, rerank: true, limit: 3 });
    expect(keys(answer)).toBe('876');
    expect(answer).not.toHaveProperty('warning');
    expect(answer.hits[0]?.scores).toEqual({ ...plain.hits[7]?.scores, rerank: 1 });
    expect(answer.hits[0]?.record).toEqual({ id: 8 });
    expect(server.asked).toEqual([
      {
        path: '/v2/rerank',
        authorization: `Bearer ${KEY}`,
        body: {
          model: 'rerank-v3.5',
          query: 'harbour',
          documents: plain.hits.map(({ chunk }) => chunk.text),
        },
      },
    ]);
    expect(keys(await evervec.search({ ...ask, rerank: true, limit: 3, offset: 6 }))).toBe('21');
    // Billed by the search, at a price that nobody told: not 0.
    const report = await evervec.cost({ by: 'model' });
    expect(report.rows.find(({ name }) => name.startsWith('cohere'))).toMatchObject({
      money: null,
    });
    const { rows } = await database.query(
      `select model, provider, cause, source, calls::integer, texts::integer, tokens::integer, failed::integer, price
      from evervec.calls where provider like 'cohere%'`,
    );
    expect(rows).toEqual([
      {
        model: 'cohere.reranking/rerank-v3.5',
        provider: 'cohere.reranking',
        cause: 'query',
        source: 'harbours',
        calls: 2,
        texts: 16,
        tokens: 0,
        failed: 0,
        price: null,
      },
    ]);
  });

  test('what fails, is late or makes no sense leaves the order as it was, with a warning', async () => {
    await using server = await startRerankServer();
    const client = createCohere({ apiKey: KEY, baseURL: server.url });
    const model = client.reranking('rerank-v3.5');
    const kept = await openHarbours();
    const logged: unknown[] = [];
    const log = (entry: unknown) => void logged.push(entry);
    const logger: Logger = { debug: log, info: log, warn: log, error: log } as unknown as Logger;
    const evervec = await createEvervec(
      {
        model: createDigestModel(),
        sources: { harbours: { table: 'harbours', text: ['body'], record: ['id'] } },
        reranker: { model, timeoutMs: 300 },
      },
      { database: kept.database, logger },
    );
    const plays: [RerankPlay, RegExp][] = [
      ['hang', /did not answer within 300 ms/],
      ['cut', /can't be reached|failed/],
      [{ status: 429 }, /answered 429/],
      [{ status: 401 }, /answered 401/],
      [{ status: 400 }, /failed/],
      [{ results: 'none' }, /failed/],
      [{ results: [] }, /no scores that fit/],
      [() => [{ index: 8, relevance_score: 1 }], /no scores that fit/],
      [() => [{ index: -1, relevance_score: 1 }], /no scores that fit/],
      [() => [0, 0].map((index) => ({ index, relevance_score: 1 })), /no scores that fit/],
    ];
    for (const [play, warning] of plays) {
      server.play = play;
      const answer = await evervec.search({ ...ask, rerank: true, limit: 4 });
      expect(keys(answer)).toBe('1234');
      expect(answer.warning).toMatch(warning);
      expect(answer.hits[0]?.scores).not.toHaveProperty('rerank');
    }
    expect(logged).toHaveLength(plays.length);
    expect(JSON.stringify(logged)).not.toMatch(/boats|co-test/);
    // Some servers leave out what they find unfit.
    server.play = () => [{ index: 2, relevance_score: 0.5 }];
    expect(keys(await evervec.search({ ...ask, rerank: true, limit: 4 }))).toBe('3124');
    await evervec.cost();
    const { rows } = await kept.database.query<{ failed: number }>(
      'select sum(failed)::integer as failed from evervec.calls',
    );
    expect(rows[0]?.failed).toBe(plays.length);
  });

  test('a function, of the best hits alone; who gives up waiting gets nothing', async () => {
    const sent: number[] = [];
    const { evervec } = await openHarbours({
      candidates: 3,
      model: async (query, texts, { signal }) => {
        expect(query).toBe('harbour');
        signal.throwIfAborted();
        sent.push(texts.length);
        return texts.map((text) => text.length);
      },
    });
    const found = async (more: object) =>
      keys(await evervec.search({ ...ask, rerank: true, ...more }));
    expect(await found({})).toBe('32145678');
    expect(await found({ limit: 2 })).toBe('32');
    expect(await found({ limit: 3, offset: 2 })).toBe('145');
    expect(sent).toEqual([3, 3, 3]);
    const context = await evervec.context({ ...ask, rerank: true, limit: 2 });
    expect(context.citations.map(({ key }) => key)).toEqual(['3', '2']);
    await expect(evervec.search({ ...ask, rerank: true }, AbortSignal.abort())).rejects.toThrow(
      /abort/,
    );
    for (const wrong of [
      { limit: 1_000, offset: 1 },
      { limit: 0 },
      { limit: 0.5 },
      { limit: -5 },
      { offset: -1 },
    ])
      await expect(found(wrong)).rejects.toThrow(SearchRequestError);
  });

  test('a function that fails says nothing of what it was asked', async () => {
    const answers = [
      () => {
        throw new Error('harbour and its boats');
      },
      () => [1, 2],
      () => Array<number>(8).fill(Number.NaN),
      () => 'harbour' as never,
    ];
    const { evervec } = await openHarbours(() => (answers.shift() as () => never)());
    for (let left = answers.length; left > 0; left--) {
      const { warning = '', ...answer } = await evervec.search({ ...ask, rerank: true });
      expect(keys(answer)).toBe('12345678');
      expect(warning).toMatch(/^not re-ranked: /);
      expect(warning).not.toMatch(/boats/);
    }
  });

  test('asked for where there is none, or configured wrongly, it is refused', async () => {
    const { evervec, database } = await openHarbours();
    await expect(evervec.search({ ...ask, rerank: true })).rejects.toThrow(/no re-ranker/);
    for (const reranker of [3, 'rerank-v3.5', {}, { model: 3 }, { model: () => [], candidates: 0 }])
      await expect(
        createEvervec({ sources: {}, reranker: reranker as never }, { database }),
      ).rejects.toThrow(ConfigError);
  });
});
