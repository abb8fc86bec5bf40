import { describe, expect, test } from 'vitest';
import type { EmbedCall, EmbeddingModel } from './model.ts';
import { QueryVectors } from './query-vectors.ts';

/** A model whose calls end when the test says so. */
function heldModel(id = 'test/held/2') {
  const calls: { call: EmbedCall; answer: () => void; fail: (error: Error) => void }[] = [];
  const model: EmbeddingModel = {
    provider: 'test',
    modelId: 'held',
    id,
    dimensions: 2,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    doEmbed: (call) => {
      const { promise, resolve, reject } =
        Promise.withResolvers<Awaited<ReturnType<EmbeddingModel['doEmbed']>>>();
      const answer = () => resolve({ embeddings: call.values.map(() => [3, 4]), usage: undefined });
      calls.push({ call, answer, fail: reject });
      call.abortSignal?.addEventListener('abort', () => reject(new Error('the call was aborted')));
      return promise;
    },
  };
  return { model, calls };
}

/** A model that answers at once. */
function readyModel() {
  let calls = 0;
  const held = heldModel().model;
  const model: EmbeddingModel = {
    ...held,
    doEmbed: async ({ values }) => {
      calls += 1;
      return { embeddings: values.map((text) => [text.length, 1]), usage: undefined };
    },
  };
  return { model, calls: () => calls };
}

describe('QueryVectors', () => {
  test('asks once for a query, whatever blanks are around it, and again for each model', async () => {
    const { model, calls } = readyModel();
    const queries = new QueryVectors();
    const first = await queries.of(model, 'dark matter');
    expect(await queries.of(model, ' dark matter\n')).toBe(first);
    expect(calls()).toBe(1);
    await queries.of(Object.create(model, { id: { value: 'another' } }), 'dark matter');
    expect(calls()).toBe(2);
    expect(queries.stats).toMatchObject({ asked: 3, called: 2, count: 2 });
  });

  test('shares a call under way, also when one who waits gives up', async () => {
    const { model, calls } = heldModel();
    const queries = new QueryVectors();
    const control = new AbortController();
    const reason = new Error('gone away');
    const impatient = queries.of(model, 'a', control.signal);
    const patient = queries.of(model, 'a');
    control.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    expect(calls[0]?.call.abortSignal?.aborted).toBe(false);
    calls[0]?.answer();
    expect((await patient)[0]).toBeCloseTo(0.6);
    expect(calls).toHaveLength(1);
  });

  test('ends the call when all who wait have given up, and asks anew', async () => {
    const { model, calls } = heldModel();
    const queries = new QueryVectors();
    const control = new AbortController();
    const both = [queries.of(model, 'a', control.signal), queries.of(model, 'a', control.signal)];
    control.abort(new Error('stop'));
    await expect(Promise.all(both)).rejects.toThrow('stop');
    await Promise.allSettled(both);
    expect(calls[0]?.call.abortSignal?.aborted).toBe(true);
    const again = queries.of(model, 'a');
    calls[1]?.answer();
    expect(await again).toHaveLength(2);
  });

  test('keeps nothing of a call that failed', async () => {
    const { model, calls } = heldModel();
    const queries = new QueryVectors();
    const both = [queries.of(model, 'a'), queries.of(model, 'a')];
    calls[0]?.fail(new Error('down'));
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = queries.of(model, 'a');
    calls[1]?.answer();
    await again;
    expect(queries.stats).toMatchObject({ asked: 3, called: 2, count: 1 });
  });

  test('drops the least recently used beyond its count and its bytes', async () => {
    const { model, calls } = readyModel();
    const queries = new QueryVectors({ maxCount: 2 });
    for (const query of ['a', 'b', 'a', 'c', 'a']) await queries.of(model, query);
    expect(calls()).toBe(3);
    await queries.of(model, 'b');
    expect(calls()).toBe(4);
    expect(queries.stats.count).toBe(2);

    const small = new QueryVectors({ maxBytes: 100 });
    for (const query of ['a', 'b', 'c', 'd']) await small.of(model, query);
    expect(small.stats.bytes).toBeLessThanOrEqual(100);
    expect(small.stats.count).toBeGreaterThan(0);
    const none = new QueryVectors({ maxCount: 0 });
    await none.of(model, 'a');
    expect(none.stats).toMatchObject({ count: 0, bytes: 0 });
  });

  test('forgets what is old', async () => {
    const { model, calls } = readyModel();
    let now = 0;
    const clock = { now: () => now, sleep: async () => {} };
    const queries = new QueryVectors({ maxAgeMs: 1_000, clock });
    await queries.of(model, 'a');
    now = 999;
    await queries.of(model, 'a');
    expect(calls()).toBe(1);
    now = 1_000;
    await queries.of(model, 'a');
    expect(calls()).toBe(2);
  });
});
