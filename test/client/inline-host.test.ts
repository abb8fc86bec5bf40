/** Search in the page, in the thread that asks: what is found, what is said of a query without a vector, and how indexes take each other's place. */
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import type { IndexHost, PageSearchRequest, QueryEmbedder } from '../../src/client/index-host.ts';
import { embedText, type WordVectors } from '../../src/embed/index.ts';
import { decodeIndex, encodeDelta, sha256Hex } from '../../src/format/index.ts';
import { ABOUT, BOOKS, encodeBooks, FINGERPRINT, modelBytes, wordVectors } from './books.ts';

let words: WordVectors;
beforeAll(async () => {
  words = await wordVectors();
});

async function open(embedder?: QueryEmbedder): Promise<IndexHost> {
  const host = createInlineHost({ embedder });
  await host.stage(encodeBooks(words));
  await host.promote();
  return host;
}

async function keys(host: IndexHost, request: PageSearchRequest): Promise<string[]> {
  return (await host.search(request)).hits.map(({ key }) => key);
}

describe('an index in the page', () => {
  it('is searched by words, by meaning and by both', async () => {
    const host = await open();
    await host.loadModel(await modelBytes(), FINGERPRINT);
    const text = await host.search({ query: 'boats', mode: 'text' });
    expect(text.mode).toBe('text');
    expect(text.hits).toMatchObject([
      {
        key: 'harbour',
        title: 'The harbour guide',
        publishedAt: '2024-01-01',
        tags: ['guide', 'sea'],
        chunk: {
          index: 0,
          of: 2,
          start: 0,
          text: 'Gulls wake at dawn and the boats leave the quay.',
        },
        score: 1,
      },
    ]);
    expect(text.hits[0]?.similarity).toBeUndefined();
    const vector = await host.search({ query: 'ships in the morning', mode: 'vector' });
    expect(vector.hits.map(({ key }) => key)[0]).toBe('harbour');
    // Every chunk with a vector is somewhere in it; of each record the best.
    expect(vector.hits).toHaveLength(3);
    expect(vector.hits[0]?.rank).toBeUndefined();
    const hybrid = await host.search({ query: 'brick oven bread' });
    expect(hybrid.mode).toBe('hybrid');
    expect(hybrid.warning).toBeUndefined();
    expect(hybrid.hits[0]).toMatchObject({ key: 'kitchen', chunk: { index: 0 } });
    expect(hybrid.hits[0]?.similarity).toBeGreaterThan(0.3);
    expect(hybrid.hits[0]?.rank).toBeGreaterThan(0);
  });

  it('finds the words of titles and headings, phrases, beginnings, what is misspelled, and not what is excluded', async () => {
    const host = await open();
    const text = async (query: string) => (await keys(host, { query, mode: 'text' })).join(' ');
    expect(await text('guide')).toBe('harbour');
    expect(await text('evening')).toBe('kitchen');
    expect(await text('brick')).toBe('harbour kitchen');
    expect(await text('"red brick"')).toBe('harbour');
    expect(await text('brick -lighthouse')).toBe('kitchen');
    expect(await text('brick -"red brick"')).toBe('kitchen');
    expect(await text('rose*')).toBe('garden');
    expect(await text('lighthuose')).toBe('harbour');
    expect(await text('the and of')).toBe('');
    expect(await text('zebra')).toBe('');
  });

  it('has no vector of a query, and says why', async () => {
    const host = await open();
    expect(await host.search({ query: 'boats' })).toMatchObject({
      mode: 'text',
      warning: { name: 'no-model' },
      hits: [{ key: 'harbour' }],
    });
    await expect(host.loadModel(await modelBytes(), 'another')).rejects.toMatchObject({
      code: 'EVERVEC_FORMAT',
      part: 'model',
    });
    await host.loadModel(await modelBytes(), FINGERPRINT);
    await host.stage(
      encodeBooks(words, BOOKS, { ...ABOUT, model: { ...ABOUT.model, fingerprint: 'later' } }),
    );
    await host.promote();
    expect(await host.search({ query: 'boats', mode: 'vector' })).toMatchObject({
      mode: 'text',
      warning: { name: 'other-model' },
    });
    for (const embed of [
      async () => [1, 2],
      async () => Array.from({ length: 384 }, () => Number.NaN),
      async () => Promise.reject(new Error('private words')),
    ]) {
      const { mode, warning } = await (
        await open({ fingerprint: FINGERPRINT, embed })
      ).search({ query: 'boats' });
      expect([mode, warning?.name]).toEqual(['text', 'model-failed']);
      expect(warning?.message).not.toContain('private');
    }
  });

  it('does not wait for ever for a vector', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const asked = Promise.withResolvers<void>();
    const embed = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    const answer = (await open({ fingerprint: FINGERPRINT, embed })).search({ query: 'boats' });
    await asked.promise;
    vi.advanceTimersByTime(15_000);
    expect(await answer).toMatchObject({
      mode: 'text',
      warning: { name: 'model-failed', message: expect.stringContaining('15 seconds') },
      hits: [{ key: 'harbour' }],
    });
  });

  it("takes the app's vectors, and nothing for a query that is near nothing", async () => {
    const asked: string[] = [];
    const host = await open({
      fingerprint: FINGERPRINT,
      embed: async (query) => {
        asked.push(query);
        return query === 'nothing' ? new Float32Array(384) : embedText(words, query);
      },
    });
    expect((await host.search({ query: 'ships', mode: 'vector' })).mode).toBe('vector');
    expect(await host.search({ query: 'nothing', mode: 'vector' })).toMatchObject({
      hits: [],
      mode: 'vector',
    });
    expect((await host.search({ query: 'boats', mode: 'text' })).mode).toBe('text');
    expect(asked).toEqual(['ships', 'nothing']);
  });

  it('refuses what the server refuses', async () => {
    const host = await open();
    const cases: [PageSearchRequest, RegExp][] = [
      [{ query: ' ' }, /is empty/],
      [{ query: 'x'.repeat(10_001) }, /10001 characters/],
      [{ query: 'x', mode: 'fast' as 'text' }, /mode "fast"/],
      [{ query: 'x', limit: 0 }, /limit 0/],
      [{ query: 'x', limit: 101 }, /limit 101.*/],
      [{ query: 'x', filter: { $or: [] } }, /"\$or" takes an array/],
      [{ query: 'x', filter: { nothing: 1 } }, /no column "nothing"/],
      [{ query: 'x', filter: { year: 'old' } }, /"year" takes another type/],
    ];
    for (const [request, message] of cases)
      await expect(host.search(request), `${message}`).rejects.toMatchObject({
        code: 'EVERVEC_SEARCH_REQUEST',
        isUsage: true,
        message: expect.stringMatching(message),
      });
  });

  it('is staged, proved and promoted, patched, and dropped', async () => {
    const host = createInlineHost();
    await expect(host.search({ query: 'boats' })).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_NO_INDEX',
    });
    await expect(host.promote()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_NO_INDEX' });
    await expect(host.stage(new Uint8Array(100))).rejects.toMatchObject({ code: 'EVERVEC_FORMAT' });
    const before = encodeBooks(words);
    expect(await host.stage(before)).toEqual({
      source: 'books',
      model: { id: 'evervec/near-words@1-2c822c44/384', fingerprint: FINGERPRINT },
      records: 3,
      chunks: 6,
      dimensions: 384,
      kernel: 'wasm',
    });
    expect(
      await host.checkCanaries([
        { query: 'boats', expects: ['harbour'] },
        { query: 'soup', expects: ['harbour'] },
        { query: 'zebra', expects: ['zoo'] },
      ]),
    ).toEqual(['soup', 'zebra']);
    await expect(host.search({ query: 'boats' })).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_NO_INDEX',
    });
    await host.promote();
    expect(await keys(host, { query: 'boats' })).toEqual(['harbour']);

    const later = encodeBooks(words, [...BOOKS, { key: 'zoo', texts: ['A zebra.'] }]);
    const delta = await encodeDelta(before, later);
    const patched = await host.patch(delta);
    expect(await sha256Hex(patched)).toBe(await sha256Hex(later));
    await host.stage(patched);
    expect(await keys(host, { query: 'zebra' })).toEqual([]);
    await host.discard();
    await expect(host.promote()).rejects.toMatchObject({ code: 'EVERVEC_CLIENT_NO_INDEX' });
    await host.stage(later);
    // A search that waits for the words of an index that is replaced is answered by the new one.
    const waiting = keys(host, { query: 'zebra' });
    await host.promote();
    expect(['', 'zoo']).toContain((await waiting).join());
    expect(await keys(host, { query: 'zebra' })).toEqual(['zoo']);
    expect(decodeIndex(later).recordCount).toBe(4);

    const aborted = host.search({ query: 'zebra' }, AbortSignal.abort(new Error('not wanted')));
    await expect(aborted).rejects.toThrow('not wanted');
    host.close();
    await expect(host.search({ query: 'zebra' })).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_CLOSED',
    });
  });
});
