/** Local models: the real library and runtime on a model that the test makes, without a network. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTinyModel, TINY_VOCABULARY, TINY_WIDTH, tinyRow } from '../../scripts/tiny-model.ts';
import { embedTexts, resolveModel, splitLongTexts } from '../../src/embed/index.ts';
import { createTransformersModel } from '../../src/embed/providers/transformers.ts';
import { ConfigError, ProviderError, TextTooLongError } from '../../src/errors/index.ts';

const library = process.env['EVERVEC_TEST_TRANSFORMERS'];

/** What the pooled vector has to be, by the tokens: the mean that the model adds makes it longer, and no other. */
function expected(...tokens: string[]): number[] {
  const rows = ['[CLS]', ...tokens, '[SEP]'].map((token) =>
    tinyRow(TINY_VOCABULARY.indexOf(token)),
  );
  const mean = Array.from({ length: TINY_WIDTH }, (_, at) =>
    rows.reduce((sum, row) => sum + (row[at] ?? 0) / rows.length, 0),
  );
  const length = Math.hypot(...mean);
  return mean.map((value) => value / length);
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - (b[at] ?? Infinity))));
}

test('without the library the command that installs it is named', async () => {
  const settings = { provider: 'transformers', model: 'gte-small' } as const;
  const error: unknown = await resolveModel(settings).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({
    remedy: 'Run "npm install @huggingface/transformers".',
    isUsage: true,
  });
});

test('its settings are refused for other providers', async () => {
  const settings = { provider: 'ollama', model: 'x', pooling: 'cls' } as const;
  await expect(resolveModel(settings)).rejects.toThrow('takes no pooling');
});

describe.skipIf(library === undefined)('a local model', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'evervec-models-'));
    for (const name of ['gte-small', 'mine']) makeTinyModel(path.join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const open = (settings: object = {}) =>
    createTransformersModel(
      { provider: 'transformers', model: 'gte-small', folder, ...settings },
      library,
    );

  test('gives the mean of its tokens, whatever they are padded with, off the event loop', async () => {
    const model = await open();
    expect(model).toMatchObject({
      id: 'transformers/gte-small/384',
      dimensions: 384,
      pricePerMillionTokens: 0,
    });
    const texts = ['The cat', 'the dog sat on the mat', 'dogs'];
    const calling = embedTexts(model, texts);
    let turns = 0;
    const turn = () => {
      turns += 1;
      immediate = setImmediate(turn);
    };
    let immediate = setImmediate(turn);
    const vectors = await calling;
    clearImmediate(immediate);
    expect(turns).toBeGreaterThan(10);
    expect(difference(vectors[0] ?? [], expected('the', 'cat'))).toBeLessThan(1e-5);
    expect(
      difference(vectors[1] ?? [], expected('the', 'dog', 'sat', 'on', 'the', 'mat')),
    ).toBeLessThan(1e-5);
    expect(difference(vectors[2] ?? [], expected('dog', '##s'))).toBeLessThan(1e-5);
    const [alone] = await embedTexts(model, ['the cat']);
    expect(difference(alone ?? [], vectors[0] ?? [])).toBeLessThan(1e-6);
  });

  test('puts prefixes before texts, pools as told, and says both in its id', async () => {
    const prefix = { document: 'passage: ', query: 'query: ' };
    const model = await open({ model: 'mine', prefix, pooling: 'cls' });
    expect(model.id).toBe('transformers/mine/384/cls/["passage: ","query: "]');
    const mean = await open({ model: 'mine', prefix });
    const [document] = await embedTexts(mean, ['cat']);
    const [query] = await embedTexts(mean, ['cat'], { kind: 'query' });
    expect(difference(document ?? [], expected('passage', ':', 'cat'))).toBeLessThan(1e-5);
    expect(difference(query ?? [], expected('query', ':', 'cat'))).toBeLessThan(1e-5);
    const [first] = await embedTexts(model, ['cat']);
    expect(difference(first ?? [], document ?? [])).toBeGreaterThan(0.01);
  });

  test('refuses a text that the library would cut, which is then embedded in parts', async () => {
    const model = await open();
    const long = 'the cat sat on the mat. '.repeat(10).trim();
    await expect(embedTexts(model, [long])).rejects.toThrow(TextTooLongError);
    const [vector] = await embedTexts(splitLongTexts(model), [long]);
    expect(Math.hypot(...(vector ?? []))).toBeCloseTo(1, 5);
  });

  test('says what is missing where its files are not, and goes on when they are', async () => {
    const model = await open({ model: 'later', dimensions: 384 });
    const error: unknown = await model
      .doEmbed({ values: ['a'], kind: 'query' })
      .catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ remedy: expect.stringContaining('onnx/model.onnx') });
    makeTinyModel(path.join(folder, 'later'));
    expect(await embedTexts(model, ['a'])).toHaveLength(1);
  });

  test('an aborted call rejects at once, and the next is answered', async () => {
    const model = await open();
    const control = new AbortController();
    const call = model.doEmbed({
      values: ['a'],
      kind: 'query',
      abortSignal: control.signal,
    });
    const reason = new Error('enough');
    control.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await embedTexts(model, ['the cat'])).toHaveLength(1);
  });
});
