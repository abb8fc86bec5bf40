/** What `up` makes of the configuration and the environment: tokens, the cron secret, limits. */
import { expect, test } from 'vitest';

import { commandFolder } from '../setup/command.ts';

const ADMIN = 'the-token-of-an-admin';
const SECRET = 'a-secret-for-the-scheduler';

const config = (tokens: string) => `export default {
  sources: { airports: { table: 'airports', text: ['name'] } },
  server: { tokens: ${tokens}, searchConcurrency: 4, searchTimeoutMs: 20_000 },
};`;

test('tokens that are missing or the same keep the server from starting; other commands need none', async () => {
  await using folder = await commandFolder();
  const tokens = `{
    dashboard: { scope: 'read', token: process.env.DASHBOARD_TOKEN },
    oncall: { scope: 'write', token: '${ADMIN}' },
  }`;
  await folder.write('evervec.config.mjs', config(tokens));
  const env = { AUTH_TOKEN: ADMIN };
  const refused = await folder.run(['up', '--port', '0'], env);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('dashboard is missing or empty');
  expect(refused.stderr).toContain('token and oncall are the same');
  expect(refused.stderr).not.toContain(ADMIN);
  const looked = await folder.run(['queue', 'health'], env);
  expect(looked.code).toBe(3);
  await folder.write('evervec.config.mjs', config(`{ Root: { scope: 'root' } }`));
  const shaped = await folder.run(['up', '--port', '0'], env);
  expect(shaped.code).toBe(2);
  expect(shaped.stderr).toMatch(/server\.tokens\.Root.*a-z/);
}, 120_000);

test('up serves them, the limits and the cron endpoint, until it is stopped', async () => {
  await using folder = await commandFolder();
  const env = { AUTH_TOKEN: ADMIN, CRON_SECRET: SECRET };
  const up = folder.start(['up', '--sample', '--port', '0'], env);
  const [, url = ''] = await up.until(/is up: (http:\S+)/);
  const ask = (path: string, token: string) =>
    fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask('/v1/queue/status', 'another-token-of-it')).status).toBe(401);
  expect((await ask('/v1/queue/status', ADMIN)).status).toBe(200);
  expect((await ask('/cron/update-embeddings', ADMIN)).status).toBe(401);
  const drained = await ask('/cron/update-embeddings?seconds=5', SECRET);
  expect(await drained.json()).toMatchObject({ done: 0, pending: 0, reason: 'empty' });
  expect((await ask('/health', '')).status).toBe(200);
  up.kill('SIGTERM');
  expect(await up.ended).toMatchObject({ code: 0 });
}, 300_000);
