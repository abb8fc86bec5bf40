import { expect, test } from 'vitest';
import { ConfigError } from '../errors/index.ts';
import { applyEnvironment, readEnvironment } from './environment.ts';

test('retention comes from the environment, over the file', () => {
  const file = { sources: {}, worker: { cleanupRetentionDays: 90, cleanupIntervalHours: 12 } };
  const environment = readEnvironment({ EMBEDDING_CLEANUP_RETENTION_DAYS: '7' });
  expect(applyEnvironment(file, environment).worker).toEqual({
    cleanupRetentionDays: 7,
    cleanupIntervalHours: 12,
  });
  const hourly = readEnvironment({ EMBEDDING_CLEANUP_INTERVAL: '1' });
  expect(applyEnvironment(file, hourly).worker).toMatchObject({ cleanupIntervalHours: 1 });
});

test.each(['0', '-1', '1.5', 'soon'])('days that are no number: %s', (value) => {
  expect(() => readEnvironment({ EMBEDDING_CLEANUP_RETENTION_DAYS: value })).toThrow(ConfigError);
});

test('a secret that is too short is refused, and not shown', () => {
  const read = () => readEnvironment({ CRON_SECRET: 'fifteen-letters', AUTH_TOKEN: 'short-one' });
  expect(read).toThrow('AUTH_TOKEN is shorter than 16 characters; CRON_SECRET is shorter');
  expect(read).not.toThrow(/fifteen|short-one/);
  expect(readEnvironment({ CRON_SECRET: 'sixteen-letters!' }).CRON_SECRET).toBe('sixteen-letters!');
});

test('the time-out of a model call comes from the environment, over the file', () => {
  const file = { sources: {}, worker: { timeoutMs: 5_000 } };
  const environment = readEnvironment({ EMBEDDING_WORKER_TIMEOUT: '250' });
  expect(applyEnvironment(file, environment).worker?.timeoutMs).toBe(250);
  expect(applyEnvironment(file, readEnvironment({})).worker?.timeoutMs).toBe(5_000);
  expect(() => readEnvironment({ EMBEDDING_WORKER_TIMEOUT: '0' })).toThrow(ConfigError);
});

const modelOf = (variables: Record<string, string>, file: object = {}) =>
  applyEnvironment({ sources: {}, ...file }, readEnvironment(variables)).model;

test('provider, model, address and key come from the environment, over the file', () => {
  const file = { model: { provider: 'openai', model: 'text-embedding-3-large', dimensions: 256 } };
  expect(modelOf({}, file)).toEqual(file.model);
  expect(modelOf({ OPENAI_API_KEY: 'k' }, file)).toEqual({ ...file.model, apiKey: 'k' });
  expect(modelOf({ EMBEDDING_MODEL: 'text-embedding-3-small' }, file)).toMatchObject({
    provider: 'openai',
    model: 'text-embedding-3-small',
    dimensions: undefined,
  });
  const ollama = { EMBEDDING_PROVIDER: 'ollama', OLLAMA_BASE_URL: 'http://127.0.0.1:9' };
  expect(modelOf({ ...ollama, OPENAI_API_KEY: 'k' }, file)).toEqual({
    provider: 'ollama',
    baseUrl: 'http://127.0.0.1:9',
  });
  expect(modelOf({ EMBEDDING_PROVIDER: 'embedded' }, file)).toBe('embedded');
  expect(modelOf({ EMBEDDING_PROVIDER: 'evervec', EMBEDDING_MODEL: 'hashed-words' }, file)).toEqual(
    {
      provider: 'evervec',
      model: 'hashed-words',
      dimensions: undefined,
    },
  );
  expect(modelOf({})).toBeUndefined();
});

test('OpenAI’s key goes to no other server unless that is named beside it', () => {
  const file = { model: { provider: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1' } };
  expect(modelOf({ OPENAI_API_KEY: 'k' }, file)).toEqual(file.model);
  const named = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://127.0.0.1:8/v1' };
  expect(modelOf(named, file)).toMatchObject({ apiKey: 'k', baseUrl: 'http://127.0.0.1:8/v1' });
});

test('an unknown provider, and a model without one, are refused by name', () => {
  expect(() => readEnvironment({ EMBEDDING_PROVIDER: 'acme' })).toThrow(/EMBEDDING_PROVIDER/);
  expect(() => modelOf({ EMBEDDING_MODEL: 'x' })).toThrow(ConfigError);
});
