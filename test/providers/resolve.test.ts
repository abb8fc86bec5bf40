/** What each provider is asked in its wire format, what is stamped on a space, and what is refused before any call. */
import { expect, test } from 'vitest';
import { fromAiSdk, type ProviderSettings, resolveModel } from '../../src/embed/index.ts';
import { parseConfig } from '../../src/engine/index.ts';
import { ConfigError, ProviderError } from '../../src/errors/index.ts';
import { WIDTH } from '../faults/model-server.ts';
import { KEY, startWireServer } from './wire-server.ts';

test('OpenAI is asked for base64 and for dimensions that are not its own', async () => {
  await using server = await startWireServer();
  const model = await resolveModel({
    provider: 'openai',
    dimensions: 256,
    baseUrl: `${server.url}/v1`,
    apiKey: KEY,
  });
  expect(model.id).toBe('openai/text-embedding-3-small/256');
  await model.doEmbed({ values: ['a'], kind: 'document' });
  expect(server.asked[0]).toMatchObject({
    path: '/v1/embeddings',
    authorization: `Bearer ${KEY}`,
    body: { encoding_format: 'base64', dimensions: 256, input: ['a'] },
  });
});

test.each(['openai', 'openai-compatible'] as const)(
  '%s may answer base64, numbers or both: exactly what was encoded, in order',
  async (provider) => {
    await using server = await startWireServer();
    const model = await resolveModel({
      provider,
      model: 'text-embedding-3-small',
      dimensions: 3,
      baseUrl: `${server.url}/v1`,
      apiKey: KEY,
    });
    const numbers = [Math.fround(0.1), -1e-38, 1.5];
    const encoded = Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
    server.play = () => ({ vectors: () => [encoded, [1, 2, 3], encoded] });
    const { embeddings } = await model.doEmbed({ values: ['a', 'b', 'c'], kind: 'document' });
    const first = [...Float32Array.from(numbers)];
    expect(embeddings.map((one) => [...one])).toEqual([first, [1, 2, 3], first]);
    server.play = () => ({ vectors: () => ['AAAA'] });
    const call = model.doEmbed({ values: ['a'], kind: 'document' });
    await expect(call).rejects.toThrow(/no base64 of numbers/);
  },
);

test('Cohere is told what a text is for, and to refuse one that is too long', async () => {
  await using server = await startWireServer();
  const baseUrl = `${server.url}/v2`;
  const model = await resolveModel({ provider: 'cohere', baseUrl, apiKey: KEY });
  expect(model).toMatchObject({ id: 'cohere/embed-v4.0/1536', maxEmbeddingsPerCall: 96 });
  await model.doEmbed({ values: ['a'], kind: 'document' });
  await model.doEmbed({ values: ['a'], kind: 'query' });
  expect(server.asked.map(({ body }) => body)).toMatchObject([
    { input_type: 'search_document', truncate: 'NONE' },
    { input_type: 'search_query', truncate: 'NONE' },
  ]);
});

test('Ollama gets the prefixes of a model, which are part of its id', async () => {
  await using server = await startWireServer();
  const model = await resolveModel({ provider: 'ollama', baseUrl: `${server.url}/` });
  expect(model.id).toBe('ollama/nomic-embed-text/768/prefixed');
  await model.doEmbed({ values: ['a'], kind: 'document' });
  await model.doEmbed({ values: ['a'], kind: 'query' });
  expect(server.asked.map(({ texts }) => texts[0])).toEqual([
    'search_document: a',
    'search_query: a',
  ]);
  expect(server.asked[0]).toMatchObject({ path: '/api/embed', body: { truncate: false } });
});

test('Evervec’s own are had by name, the trained one by default', async () => {
  const model = await resolveModel({ provider: 'evervec' });
  expect(model.id).toBe((await resolveModel('embedded')).id);
  expect(model.id).toMatch(/^evervec\/near-words@1-[0-9a-f]{8}\/384$/);
  const earlier = await resolveModel({ provider: 'evervec', model: 'hashed-words' });
  expect(earlier.id).toBe('evervec/hashed-words@1/384');
});

const WRONG: [string, ProviderSettings, RegExp][] = [
  [
    'a model that Evervec has not',
    { provider: 'evervec', model: 'x', dimensions: 384 },
    /no model "x"/,
  ],
  ['another width of Evervec’s', { provider: 'evervec', dimensions: 256 }, /does not answer 256/],
  ['a key that is missing', { provider: 'openai' }, /needs a key/],
  ['a key with a line break', { provider: 'cohere', apiKey: `${KEY}\n` }, /beyond ASCII/],
  ['an unknown model', { provider: 'openai', model: 'x', apiKey: KEY }, /no model "x"/],
  [
    'a width it has not',
    { provider: 'openai', model: 'text-embedding-ada-002', dimensions: 5, apiKey: KEY },
    /does not answer 5/,
  ],
  ['no address', { provider: 'openai-compatible', model: 'x' }, /address/],
];
test.each(WRONG)('%s is refused', async (_name, settings, message) => {
  const error: unknown = await resolveModel(settings).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({ message: expect.stringMatching(message), isUsage: true });
  expect(String(error)).not.toContain(KEY);
});

test('a key that is refused comes out as the provider, without the key', async () => {
  await using server = await startWireServer();
  server.play = () => ({ status: 401 });
  const baseUrl = `${server.url}/v1`;
  const model = await resolveModel({ provider: 'openai', baseUrl, apiKey: KEY });
  const call = model.doEmbed({ values: ['a secret text'], kind: 'document' });
  const error: unknown = await call.catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ isRefusal: true });
  expect((error as Error).cause).toBeUndefined();
  expect(JSON.stringify(error) + String(error)).not.toMatch(/sk-test|secret/);
});

test.each(['v2', 'v3', 'v4'])('an AI SDK object of specification %s fits in', async (version) => {
  const sdkModel = {
    specificationVersion: version,
    provider: 'mine',
    modelId: 'one',
    maxEmbeddingsPerCall: Promise.resolve(3),
    supportsParallelCalls: false,
    doEmbed: async ({ values }: { values: string[] }) => ({
      embeddings: values.map(() => Array.from({ length: WIDTH }, () => 1)),
    }),
  };
  const config = parseConfig({ model: sdkModel, sources: {} }, 'test');
  expect(await resolveModel(config.model)).toMatchObject({
    id: `mine/one/${WIDTH}`,
    dimensions: WIDTH,
    maxEmbeddingsPerCall: 3,
    supportsParallelCalls: false,
  });
  expect(await fromAiSdk(sdkModel, { dimensions: 2, id: 'told' })).toMatchObject({ id: 'told' });
});

test('a wrong field of a provider is named', () => {
  const parse = (model: unknown) => () => parseConfig({ model, sources: {} }, 'test');
  expect(parse({ provider: 'nope' })).toThrow(/model\.provider/);
  expect(parse({ provider: 'openai', baseUrl: 'ftp://x' })).toThrow(/model\.baseUrl/);
  expect(parse(7)).toThrow(/"embedded"/);
});
