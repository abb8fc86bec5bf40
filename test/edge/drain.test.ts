/** The cron endpoint on real queues: what it does in its time, what it gives back, and whom it answers. */
import { expect, test } from 'vitest';

import type { Database } from '../../src/database/index.ts';
import { createDrainHandler, type DrainAnswer } from '../../src/edge/index.ts';
import type { EmbeddingModel } from '../../src/embed/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { ConfigError, HttpRequestError, ProviderError } from '../../src/errors/index.ts';
import { createHandler } from '../../src/server/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { Signal } from '../setup/signal.ts';

const SECRET = 'a-secret-for-the-scheduler';
const AT = 'http://127.0.0.1/cron/update-embeddings';
const SOURCES = { items: { table: 'items', text: ['body'] } };

function request(query = '', secret = SECRET): Request {
  return new Request(AT + query, { headers: { authorization: `Bearer ${secret}` } });
}

async function waiting(database: Database, model: EmbeddingModel = createDigestModel()) {
  await database.query('create table items (id integer primary key, body text)');
  // However slow the machine, no try is made again within one call.
  const worker = { retryBaseMs: 60_000 };
  const evervec = await createEvervec({ model, sources: SOURCES, worker }, { database });
  await evervec.setup();
  await database.query(`insert into items select id, 'item ' || id from generate_series(1, 3) id`);
  return evervec;
}

/** Embeds nothing: waits until it is told that its time is over. */
function endlessModel(begun: Signal): EmbeddingModel {
  return {
    ...createDigestModel(),
    doEmbed: ({ abortSignal }) =>
      new Promise((_, reject) => {
        abortSignal?.addEventListener('abort', () => reject(abortSignal.reason));
        begun.fire();
      }),
  };
}

async function bodyOf(response: Response): Promise<DrainAnswer> {
  expect(response.status).toBe(200);
  return (await response.json()) as DrainAnswer;
}

async function leased(database: Database): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    'select count(*)::integer as count from evervec.jobs where state = 1 or attempts > 0',
  );
  return rows[0]?.count ?? -1;
}

describeEachDatabase('the cron endpoint', (databases) => {
  test('works the queue off and says so', async () => {
    const evervec = await waiting(await databases.open());
    const handle = createDrainHandler(async () => evervec, { secret: SECRET });
    const first = await bodyOf(await handle(request()));
    expect(first).toMatchObject({ done: 3, failed: 0, postponed: 0, pending: 0, reason: 'empty' });
    expect(first.took_ms).toBeGreaterThan(0);
    expect(await bodyOf(await handle(request()))).toMatchObject({ done: 0, reason: 'empty' });
    expect((await evervec.queue.status()).workers).toEqual([]);
  });

  test('ends in its time, and what was not done is given back untried', async () => {
    const database = await databases.open();
    const evervec = await waiting(database, endlessModel(new Signal('the model')));
    const handle = createDrainHandler(async () => evervec, { secret: SECRET });
    const answer = await bodyOf(await handle(request('?seconds=1')));
    expect(answer).toMatchObject({ done: 0, failed: 0, pending: 3, reason: 'time' });
    expect(await leased(database)).toBe(0);
    expect((await evervec.queue.status()).workers).toEqual([]);
  });

  test('a second call while one runs does nothing twice; the end of the process ends it', async () => {
    const database = await databases.open();
    const begun = new Signal('the model');
    const evervec = await waiting(database, endlessModel(begun));
    const end = new AbortController();
    const options = { secret: SECRET, signal: end.signal };
    const handle = createDrainHandler(async () => evervec, options);
    const first = handle(request('?seconds=4'));
    await begun.fired();
    const second = await bodyOf(await handle(request()));
    expect(second).toMatchObject({ done: 0, pending: 3, reason: 'running' });
    end.abort();
    expect(await bodyOf(await first)).toMatchObject({ done: 0, reason: 'stopped' });
    expect(await leased(database)).toBe(0);
    expect(await bodyOf(await handle(request()))).toMatchObject({ done: 0, reason: 'stopped' });
  });

  test.each([
    [new ProviderError('busy', { remedy: 'Wait.', retryAfterMs: 60_000 }), { postponed: 3 }],
    [new TypeError('the text of a record'), { failed: 3 }],
  ])('tells what was put off and what failed: %s', async (fault, expected) => {
    const model = { ...createDigestModel(), doEmbed: () => Promise.reject(fault) };
    const evervec = await waiting(await databases.open(), model);
    const handle = createDrainHandler(async () => evervec, { secret: SECRET });
    const answer = await bodyOf(await handle(request()));
    const none = { done: 0, failed: 0, postponed: 0, pending: 3, reason: 'empty' };
    expect(answer).toMatchObject({ ...none, ...expected });
    expect(JSON.stringify(answer)).not.toContain('the text');
  });

  test('obeys the switch and the lanes', async () => {
    const evervec = await waiting(await databases.open());
    const handle = createDrainHandler(async () => evervec, { secret: SECRET });
    await evervec.queue.stop();
    expect(await bodyOf(await handle(request()))).toMatchObject({ done: 0, reason: 'stopped' });
    await evervec.queue.start();
    await evervec.queue.pause('all');
    const paused = await bodyOf(await handle(request()));
    expect(paused).toMatchObject({ done: 0, pending: 3, reason: 'paused' });
    await evervec.queue.resume('all');
    expect(await bodyOf(await handle(request()))).toMatchObject({ done: 3, reason: 'empty' });
  });

  test('in the server: guarded by its own secret, whatever other tokens there are', async () => {
    const evervec = await waiting(await databases.open());
    const token = 'the-token-of-an-admin';
    const handler = createHandler(evervec, { token, cron: { secret: SECRET } });
    expect((await handler(request('', token))).status).toBe(401);
    expect((await handler(new Request(AT))).status).toBe(401);
    expect((await handler(request('?seconds=0'))).status).toBe(400);
    expect((await handler(request('?seconds=301'))).status).toBe(400);
    const posted = new Request(request(), { method: 'POST' });
    expect(await bodyOf(await handler(posted))).toMatchObject({ done: 3 });
    const off = await createHandler(evervec, { token })(request());
    expect(off.status).toBe(404);
    expect(await off.text()).toContain('CRON_SECRET');
  });

  test('over HTTP the audit log names the token, and the queue does what was asked', async () => {
    const evervec = await waiting(await databases.open());
    const tokens = { oncall: { scope: 'admin', token: 'oncall-token-0001' } } as const;
    const handler = createHandler(evervec, { tokens });
    const ask = async (method: string, name: string, body?: object) => {
      const init = {
        method,
        headers: {
          authorization: 'Bearer oncall-token-0001',
          'content-type': 'application/json',
        },
        ...(body && { body: JSON.stringify(body) }),
      };
      const response = await handler(new Request(`http://127.0.0.1/v1/queue/${name}`, init));
      return { status: response.status, body: await response.json() };
    };
    expect((await ask('POST', 'stop', { confirm: true })).body).toEqual({
      changed: true,
      stopped: true,
    });
    expect((await ask('GET', 'health')).body).toMatchObject({ healthy: false, level: 'bad' });
    expect((await handler(new Request('http://127.0.0.1/health'))).status).toBe(503);
    await ask('POST', 'start', {});
    expect((await handler(new Request('http://127.0.0.1/health'))).status).toBe(200);
    expect((await ask('POST', 'pause', { lanes: ['items'] })).body).toEqual({ lanes: ['items'] });
    expect((await ask('POST', 'pause', { lanes: ['none'] })).status).toBe(400);
    expect((await ask('POST', 'clear', { confirm: true })).body).toMatchObject({ logged: 3 });
    expect((await ask('POST', 'retry', { all: true })).body).toEqual({ retried: 0 });
    expect((await ask('POST', 'retry', { ids: ['0'] })).status).toBe(400);
    expect((await ask('POST', 'cleanup', { confirm: true, days: 3 })).body).toMatchObject({
      days: 3,
    });
    expect((await ask('POST', 'reset-stuck', { confirm: true })).body).toEqual({ reset: 0 });
    for (const name of ['status', 'stats', 'metrics', 'recent', 'failed', 'stuck'])
      expect([name, (await ask('GET', name)).status]).toEqual([name, 200]);
    expect((await ask('GET', 'stats?source=none')).status).toBe(400);
    const { body } = await ask('GET', 'audit?limit=100');
    const { audit } = body as { audit: { actor: string; action: string }[] };
    expect(new Set(audit.map((entry) => entry.actor))).toEqual(new Set(['http oncall']));
    expect(audit.map((entry) => entry.action)).toEqual(
      expect.arrayContaining(['stop', 'start', 'pause', 'clear', 'cleanup']),
    );
  });
});

test('who has not the secret learns nothing and opens nothing', async () => {
  let opened = 0;
  const open = async () => {
    opened += 1;
    throw new Error('opened');
  };
  const handle = createDrainHandler(open, { secret: SECRET });
  for (const wrong of [`${SECRET}x`, SECRET.slice(1), 'x'])
    await expect(handle(request('', wrong))).rejects.toMatchObject({ status: 401 });
  await expect(handle(new Request(AT))).rejects.toThrow(HttpRequestError);
  const off = createDrainHandler(open, {});
  await expect(off(request())).rejects.toMatchObject({ status: 404 });
  expect(opened).toBe(0);
});

test.each(['', 'short', 'a secret with spaces', 'geheimnis-schlüssel'])(
  '"%s" is no secret',
  (secret) => {
    const create = () => createDrainHandler(async () => Promise.reject(new Error()), { secret });
    expect(create).toThrow(ConfigError);
    expect(create).toThrow('CRON_SECRET');
  },
);
