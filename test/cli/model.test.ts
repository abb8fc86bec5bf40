/** `evervec model`, and what a model that can't be had looks like: a remedy, no stack trace, no key. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { commandFolder } from '../setup/command.ts';

/** Where nobody listens. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

const KEY = 'sk-a-secret-that-nobody-may-see';

test('lists what is known, tries what is configured', { timeout: 120_000 }, async () => {
  await using folder = await commandFolder();
  const list = JSON.parse((await folder.run(['model', 'list', '--json'])).stdout);
  expect(list).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ provider: 'evervec', model: 'near-words', dimensions: 384 }),
      expect.objectContaining({
        provider: 'evervec',
        model: 'hashed-words',
        pricePerMillionTokens: 0,
      }),
      expect.objectContaining({
        provider: 'openai',
        model: 'text-embedding-3-small',
        dimensions: 1536,
      }),
      expect.objectContaining({ provider: 'ollama', model: 'nomic-embed-text' }),
    ]),
  );
  await folder.write('evervec.config.ts', 'export default { sources: {} };');
  const tried = await folder.run(['model', 'test', '--json']);
  expect({ ...tried, stdout: JSON.parse(tried.stdout) }).toMatchObject({
    code: 0,
    stdout: { calls: [{ kind: 'document', dimensions: 384, norm: 1 }, { kind: 'query' }] },
  });

  const nowhere = await freeAddress();
  const gone = { EMBEDDING_PROVIDER: 'ollama', OLLAMA_BASE_URL: nowhere };
  const down = {
    EMBEDDING_PROVIDER: 'openai',
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: nowhere,
  };
  for (const [args, env, code, message] of [
    [['model', 'test'], { EMBEDDING_PROVIDER: 'openai' }, 2, /OPENAI_API_KEY/],
    [['model', 'test'], { EMBEDDING_PROVIDER: 'acme' }, 2, /EMBEDDING_PROVIDER/],
    [
      ['model', 'test'],
      { EMBEDDING_PROVIDER: 'cohere', COHERE_API_KEY: KEY, EMBEDDING_MODEL: 'none' },
      2,
      /"none"/,
    ],
    [['model', 'test'], gone, 1, /ollama can't be reached/],
    [['model', 'test'], down, 1, /openai can't be reached/],
    [['setup'], { EMBEDDING_PROVIDER: 'openai' }, 2, /OPENAI_API_KEY/],
  ] as const) {
    const outcome = await folder.run(args, env);
    expect({ args, env, code: outcome.code }).toEqual({ args, env, code });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
    expect(outcome.stdout + outcome.stderr).not.toContain(KEY);
  }
  const checked = await folder.run(['check', '--json'], { EMBEDDING_PROVIDER: 'openai' });
  expect(checked.code).toBe(3);
  expect(JSON.parse(checked.stdout).verdicts).toContainEqual(
    expect.objectContaining({ what: 'model', level: 'bad', remedy: expect.any(String) }),
  );
});
