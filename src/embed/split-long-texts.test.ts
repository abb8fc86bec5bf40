import { describe, expect, test } from 'vitest';
import { ModelAnswerError, TextTooLongError } from '../errors/index.ts';
import { embedTexts } from './embed-texts.ts';
import type { EmbeddingModel } from './model.ts';
import { splitLongTexts } from './split-long-texts.ts';
import { isTooLong } from './too-long.ts';

/** Takes `most` units in one text; a vector is what shares of a text's letters are a, b and other. */
function shortModel(most: number, answer?: EmbeddingModel['doEmbed']) {
  const answered: string[] = [];
  let refused = 0;
  const model: EmbeddingModel = {
    provider: 'test',
    modelId: 'short',
    id: 'test/short/3',
    dimensions: 3,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: false,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    doEmbed: async (call) => {
      if (answer !== undefined) return await answer(call);
      const { values } = call;
      if (values.some((text) => text.length > most)) {
        refused += 1;
        throw new TextTooLongError('too long', { remedy: 'none' });
      }
      answered.push(...values);
      const share = (text: string, letter: string) => text.split(letter).length - 1;
      const embeddings = values.map((text) => [share(text, 'a'), share(text, 'b'), 0]);
      return { embeddings, usage: { tokens: values.length } };
    },
  };
  return { model: splitLongTexts(model), answered, refusals: () => refused };
}

describe('splitLongTexts', () => {
  test('embeds a text in parts, cut at a sentence, and nothing of it is left out', async () => {
    const { model, answered } = shortModel(60);
    const text = `${'a'.repeat(30)} a. ${'B b '.repeat(8)}`.trim();
    const [vector] = await embedTexts(model, [text]);
    expect(answered).toEqual([`${'a'.repeat(30)} a.`, 'B b '.repeat(8).trim()]);
    // 33 units of the first against 31 of the second.
    const length = Math.hypot(33, 31);
    expect(vector?.[0]).toBeCloseTo(33 / length, 5);
    expect(vector?.[1]).toBeCloseTo(31 / length, 5);
  });

  test('finds the long text among others, and asks for none of them twice', async () => {
    const { model, answered } = shortModel(40);
    const texts = ['a', 'b', 'ab', 'a'.repeat(100), 'aab', 'abb', 'bbb'];
    const vectors = await embedTexts(model, texts);
    expect(vectors).toHaveLength(7);
    expect([...(vectors[3] ?? [])]).toEqual([1, 0, 0]);
    for (const text of texts.filter((one) => one.length < 40))
      expect(answered.filter((one) => one === text)).toHaveLength(1);
    expect(answered.join('').length).toBe(texts.join('').length);
  });

  test('gives up where the parts are refused however short, with what was said', async () => {
    const { model, refusals } = shortModel(-1);
    await expect(embedTexts(model, ['a'.repeat(1_000)])).rejects.toThrow(TextTooLongError);
    expect(refusals()).toBeLessThan(20);
  });

  test('lets other faults through as they are', async () => {
    const fault = new ModelAnswerError('other', { remedy: 'none' });
    const { model } = shortModel(10, () => Promise.reject(fault));
    await expect(model.doEmbed({ values: ['a', 'b'], kind: 'query' })).rejects.toBe(fault);
  });
});

describe('isTooLong', () => {
  test.each([
    [400, "This model's maximum context length is 8192 tokens, however you requested 8610 tokens"],
    [400, "Invalid 'input[0]': maximum input length is 8192 tokens"],
    [400, 'Requested 403821 tokens, max 300000 tokens per request'],
    [
      400,
      'invalid request: text at index 0 is too long: total number of tokens (600) cannot exceed 512',
    ],
    [400, 'the input length exceeds the context length'],
    [413, 'Input validation error: `inputs` must have less than 512 tokens. Given: 527'],
    [422, 'Input validation error: `inputs` must have less than 512 tokens. Given: 527'],
    [400, 'Illegal param: prefill 744 tokens exceed n_ctx_per_seq'],
    [500, 'the input length exceeds the context length'],
    [500, 'input is too large to process. increase the physical batch size'],
  ])('%i %s', (status, said) => {
    expect(isTooLong(status, said)).toBe(true);
  });

  test.each([
    [400, 'invalid type for input'],
    [400, "'dimensions' is not supported by this model"],
    [401, 'Incorrect API key provided, maximum length of a key'],
    [429, 'Rate limit reached: too many tokens per minute'],
    [500, 'context deadline exceeded'],
    [500, 'internal error, too many requests'],
  ])('not %i %s', (status, said) => {
    expect(isTooLong(status, said)).toBe(false);
  });
});
