import { describe, expect, it } from 'vitest';
import { ModelAnswerError } from '../errors/index.ts';
import { embedTexts } from './embed-texts.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from './model.ts';

/** A model of two dimensions that embeds a text as (its length, 1) and remembers its calls. */
function lengthModel(changes: Partial<EmbeddingModel> = {}) {
  const calls: EmbedCall[] = [];
  const model: EmbeddingModel = {
    provider: 'test',
    modelId: 'length',
    id: 'test/length@1/2',
    dimensions: 2,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: false,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    doEmbed: async (call) => {
      calls.push(call);
      return answer(call.values.map((value) => [value.length, 1]));
    },
    ...changes,
  };
  return { model, calls };
}

function answer(embeddings: EmbedAnswer['embeddings']): EmbedAnswer {
  return { embeddings, usage: undefined };
}

function answering(embeddings: EmbedAnswer['embeddings']) {
  return lengthModel({ doEmbed: async () => answer(embeddings) }).model;
}

async function faultOf(promise: Promise<unknown>): Promise<ModelAnswerError> {
  const fault = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof ModelAnswerError)) throw new Error('expected a ModelAnswerError');
  return fault;
}

describe('embedTexts', () => {
  it('gives a unit vector per text, in order', async () => {
    const { model } = lengthModel();
    const vectors = await embedTexts(model, ['abc', '', 'a']);
    expect(vectors.map((vector) => Array.from(vector))).toEqual([
      [Math.fround(3 / Math.sqrt(10)), Math.fround(1 / Math.sqrt(10))],
      [0, 1],
      [Math.fround(Math.SQRT1_2), Math.fround(Math.SQRT1_2)],
    ]);
  });

  it('keeps what was paid before, whatever becomes of it meanwhile', async () => {
    const paid = new Map([['abc', Float32Array.of(0, 1)]]);
    const { model } = lengthModel({
      doEmbed: async (call) => {
        paid.clear();
        return answer(call.values.map(() => [1, 0]));
      },
    });
    const vectors = await embedTexts(model, ['abc', 'a'], { paid });
    expect(vectors.map((vector) => Array.from(vector))).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect([...paid.keys()]).toEqual(['a']);
  });

  it('asks nothing for nothing', async () => {
    const { model, calls } = lengthModel();
    expect(await embedTexts(model, [])).toEqual([]);
    expect(calls).toHaveLength(0);
  });

  it('sends equal texts once and gives them the same vector (I5)', async () => {
    const { model, calls } = lengthModel();
    const vectors = await embedTexts(model, ['b', 'aa', 'b', 'b']);
    expect(calls.map((call) => call.values)).toEqual([['b', 'aa']]);
    expect(vectors[0]).toBe(vectors[3]);
    expect(vectors[1]).not.toEqual(vectors[0]);
  });

  it('passes on whether the texts are documents or queries', async () => {
    const { model, calls } = lengthModel();
    await embedTexts(model, ['a']);
    await embedTexts(model, ['a'], { kind: 'query' });
    expect(calls.map((call) => call.kind)).toEqual(['document', 'query']);
  });

  it('keeps a zero vector zero, also one of negative zeros', async () => {
    const [vector] = await embedTexts(answering([[0, -0]]), ['a']);
    expect(vector?.every((value) => value === 0)).toBe(true);
  });

  it('normalises what overflows or underflows when squared', async () => {
    for (const value of [1e300, 1e-300, 5e-324]) {
      const [vector] = await embedTexts(answering([[value, 0]]), ['a']);
      expect([...(vector ?? [])]).toEqual([1, 0]);
    }
  });

  it("leaves a unit vector's bytes alone", async () => {
    const unit = Float32Array.of(Math.fround(0.6), Math.fround(0.8));
    expect((await embedTexts(answering([unit]), ['a']))[0]).toEqual(unit);
  });
});

describe('calls', () => {
  const texts = ['one', 'three', 'twelve', 'x', 'yy'];

  it('stay within the count', async () => {
    const { model, calls } = lengthModel({ maxEmbeddingsPerCall: 2 });
    await embedTexts(model, texts);
    expect(calls.map((call) => call.values.length)).toEqual([2, 2, 1]);
  });

  it('stay within the bytes, and a text over the limit goes alone', async () => {
    const { model, calls } = lengthModel({ maxBatchBytes: 4 });
    await embedTexts(model, ['€', 'a', 'twelve', 'x', 'é😀', 'é']);
    expect(calls.map((call) => call.values)).toEqual([
      ['€', 'a'],
      ['twelve'],
      ['x'],
      ['é😀'],
      ['é'],
    ]);
  });

  it('stay within the estimated tokens, and the estimate rejects nothing', async () => {
    const { model, calls } = lengthModel({ maxBatchTokens: 2 });
    await embedTexts(model, ['aaaa', 'bbbb', 'c', 'd'.repeat(100), 'e']);
    expect(calls.map((call) => call.values.length)).toEqual([2, 1, 1, 1]);
  });

  it('run side by side where the model supports it, never more than asked', async () => {
    for (const supportsParallelCalls of [true, false]) {
      let running = 0;
      let most = 0;
      const { model } = lengthModel({
        supportsParallelCalls,
        maxEmbeddingsPerCall: 1,
        doEmbed: async ({ values }) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          return answer(values.map((value) => [value.length, 1]));
        },
      });
      const vectors = await embedTexts(model, texts, { parallelCalls: 3 });
      expect(vectors).toHaveLength(5);
      expect(most).toBe(supportsParallelCalls ? 3 : 1);
    }
  });

  it('that fail stop the others, and the first fault comes out', async () => {
    const fault = new Error('the provider is down');
    const started: string[] = [];
    const aborted: string[] = [];
    const { model } = lengthModel({
      supportsParallelCalls: true,
      maxEmbeddingsPerCall: 1,
      doEmbed: ({ values: [value = ''], abortSignal }) => {
        started.push(value);
        if (value === 'three') return Promise.reject(fault);
        return new Promise((_, reject) => {
          abortSignal?.addEventListener('abort', () => {
            aborted.push(value);
            reject(new Error('aborted'));
          });
        });
      },
    });
    await expect(embedTexts(model, texts, { parallelCalls: 2 })).rejects.toBe(fault);
    expect(started).toEqual(['one', 'three']);
    expect(aborted).toEqual(['one']);
  });

  it('stop when the caller aborts, before and during', async () => {
    const { model, calls } = lengthModel();
    const reason = new Error('shutdown');
    await expect(embedTexts(model, texts, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(calls).toHaveLength(0);
    const control = new AbortController();
    const hanging = lengthModel({
      doEmbed: ({ abortSignal }) =>
        new Promise((_, reject) => {
          abortSignal?.addEventListener('abort', () => reject(new Error('cut off')));
        }),
    }).model;
    const pending = embedTexts(hanging, texts, { signal: control.signal });
    control.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });
});

describe('a wrong answer', () => {
  const secret = 'the text must not be told';

  it.each([
    ['too few', [[1, 2]], '1 embeddings for 2 texts'],
    [
      'too many',
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      '3 embeddings for 2 texts',
    ],
    ['too narrow', [[1, 2], [1]], '1 dimensions instead of 2 in embedding 1'],
    [
      'too wide',
      [
        [1, 2, 3],
        [1, 2],
      ],
      '3 dimensions instead of 2 in embedding 0',
    ],
    [
      'NaN',
      [
        [1, 2],
        [1, NaN],
      ],
      'NaN at dimension 1 of embedding 1',
    ],
    [
      'infinite',
      [
        [-Infinity, 2],
        [1, 1],
      ],
      '-Infinity at dimension 0 of embedding 0',
    ],
    [
      'no number',
      [
        [1, 2],
        [null as unknown as number, 1],
      ],
      'object at dimension 0 of embedding 1',
    ],
  ])('(%s) is refused, with model and position and without the text', async (_, found, message) => {
    const fault = await faultOf(embedTexts(answering(found), [secret, 'b']));
    expect(fault.message).toContain('test/length@1/2');
    expect(fault.message).toContain(message);
    expect(`${fault.message}${fault.remedy}`).not.toContain(secret);
    expect(fault.isRetryable).toBe(false);
  });
});
