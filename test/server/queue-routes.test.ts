/** Operating the queue over HTTP: scopes, parameters, confirmation, guards, limits. */
import { afterEach, describe, expect, test } from 'vitest';

import { ConfigError } from '../../src/errors/index.ts';
import {
  createHandler,
  type HandlerOptions,
  type RunningServer,
  serve,
  type TokenOptions,
} from '../../src/server/index.ts';
import { Signal } from '../setup/signal.ts';
import { FakeEngine } from './fake-engine.ts';

const TOKENS = {
  dashboard: { scope: 'read', token: 'dashboard-token-1' },
  oncall: { scope: 'write', token: 'oncall-token-0001' },
} as const;
const ADMIN = 'admin-token-00001';

const running: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(options: HandlerOptions = { token: ADMIN, tokens: TOKENS }) {
  const engine = new FakeEngine();
  const server = await serve(createHandler(engine, options), { port: 0 });
  running.push(server);
  const ask = async (method: string, path: string, token?: string, body?: unknown) => {
    const response = await fetch(server.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { error?: { code: string; message: string } };
    return { status: response.status, answer, error: answer.error, headers: response.headers };
  };
  return { engine, ask, url: server.url };
}

const READS = ['status', 'stats', 'health', 'metrics', 'recent', 'failed', 'stuck', 'audit'];
const WRITES: [string, object][] = [
  ['retry', { all: true }],
  ['pause', { lanes: ['offers'] }],
  ['resume', { lanes: 'all' }],
];
const ADMINS: [string, object][] = [
  ['stop', { confirm: true }],
  ['start', {}],
  ['reset-stuck', { confirm: true }],
  ['clear', { confirm: true }],
  ['cleanup', { confirm: true }],
];

describe('scopes', () => {
  test('each includes those before it; nobody goes further', async () => {
    const { ask, engine } = await start();
    const tokens = [TOKENS.dashboard.token, TOKENS.oncall.token, ADMIN];
    const statuses = async (method: string, name: string, body?: object) =>
      await Promise.all(
        tokens.map(async (one) => (await ask(method, `/v1/queue/${name}`, one, body)).status),
      );
    for (const name of READS)
      expect([name, await statuses('GET', name)]).toEqual([name, [200, 200, 200]]);
    for (const [name, body] of WRITES)
      expect([name, await statuses('POST', name, body)]).toEqual([name, [403, 200, 200]]);
    for (const [name, body] of ADMINS)
      expect([name, await statuses('POST', name, body)]).toEqual([name, [403, 403, 200]]);
    const search = await ask('POST', '/v1/search', TOKENS.dashboard.token, { query: 'a' });
    expect(search.status).toBe(200);
    const acts = engine.acted.filter(([action]) => !READS.includes(action));
    expect(acts.length).toBe(2 * WRITES.length + ADMINS.length);
  });

  test('a refusal names the scope that is needed and the one that is there', async () => {
    const { ask } = await start();
    const { status, error } = await ask('POST', '/v1/queue/clear', TOKENS.oncall.token, {
      confirm: true,
    });
    expect(status).toBe(403);
    expect(error).toMatchObject({
      code: 'EVERVEC_HTTP_FORBIDDEN',
      message: 'This needs a token of scope admin; "oncall" has write.',
    });
    expect((await ask('POST', '/v1/queue/clear', undefined, { confirm: true })).status).toBe(401);
    expect((await ask('GET', '/v1/queue/status', `${ADMIN}x`)).status).toBe(401);
  });

  test('who acts is known by the name of the token', async () => {
    const { ask, engine } = await start();
    await ask('POST', '/v1/queue/pause', TOKENS.oncall.token, { lanes: ['offers'] });
    await ask('POST', '/v1/queue/start', ADMIN);
    expect(engine.acted).toEqual([
      ['pause', ['offers'], 'http oncall'],
      ['start', 'http token'],
    ]);
    const open = await start({});
    await open.ask('POST', '/v1/queue/stop', undefined, { confirm: true });
    expect(open.engine.acted).toEqual([['stop', 'http local']]);
  });

  test('every fault of the tokens is told at once, and no token', () => {
    const tokens = {
      empty: { scope: 'read', token: '' },
      missing: { scope: 'read' },
      short: { scope: 'read', token: 'short' },
      spaced: { scope: 'read', token: 'a token with spaces' },
      odd: { scope: 'root', token: 'odd-token-0000001' },
      twin: { scope: 'write', token: ADMIN },
      token: { scope: 'read', token: 'token-token-token' },
    } as unknown as Record<string, TokenOptions>;
    const create = () => createHandler(new FakeEngine(), { token: ADMIN, tokens });
    expect(create).toThrow(ConfigError);
    const { message } = ((): Error => {
      try {
        create();
      } catch (error) {
        return error as Error;
      }
      throw new Error('taken');
    })();
    for (const fault of [
      'empty is missing or empty',
      'missing is missing or empty',
      'short is shorter than 16',
      'spaced has spaces',
      'odd has no scope of read, write, admin',
      'the name token is taken',
    ])
      expect(message).toContain(fault);
    expect(message).not.toMatch(/admin-token|odd-token|token with spaces/);
    const twins = {
      one: { scope: 'read', token: ADMIN },
      two: { scope: 'admin', token: ADMIN },
    } as const;
    expect(() => createHandler(new FakeEngine(), { tokens: twins })).toThrow(
      'one and two are the same',
    );
  });

  test('/health tells figures only to who has a token', async () => {
    const { ask } = await start();
    const anyone = await ask('GET', '/health');
    expect(anyone.answer).toEqual({
      ok: true,
      level: 'good',
      checks: [{ what: 'database', level: 'good' }],
    });
    const known = await ask('GET', '/health', TOKENS.dashboard.token);
    expect(known.answer).toMatchObject({ checks: [{ found: 'answers in 3 ms' }] });
  });
});

describe('parameters', () => {
  test('reach the queue', async () => {
    const { ask, engine } = await start();
    const asked = [
      'stats?source=offers,airports',
      'metrics?source=offers&minutes=180&step=10&limit=5',
      'recent?kind=failure&limit=1000',
      'failed?error=TypeError&source=offers',
      'stuck?limit=1',
      'audit?action=retry&limit=3',
    ];
    for (const path of asked)
      expect((await ask('GET', `/v1/queue/${path}`, ADMIN)).status).toBe(200);
    expect(engine.acted).toEqual([
      ['stats', { sources: ['offers', 'airports'] }],
      ['metrics', { sources: ['offers'], spanMinutes: 180, stepMinutes: 10, limit: 5 }],
      ['recent', { kind: 'failure', limit: 1000 }],
      ['failed', { error: 'TypeError', sources: ['offers'] }],
      ['stuck', { limit: 1 }],
      ['audit', { action: 'retry', limit: 3 }],
    ]);
  });

  test.each([
    ['recent?limit=0', 'limit'],
    ['recent?limit=1001', 'limit'],
    ['recent?limit=1e3', 'limit: not a whole number'],
    ['recent?limit=5&limit=6', 'limit: given more than once'],
    ['recent?kind=both', 'kind'],
    ['recent?source=', 'source'],
    ['recent?sources=a', 'Unrecognized key: "sources"'],
    ['metrics?minutes=0', 'minutes'],
    ['audit?source=a', 'Unrecognized key'],
    ['health?max_age=soon', 'max_age'],
  ])('%s is 400 and named', async (path, fault) => {
    const { ask, engine } = await start();
    const { status, error } = await ask('GET', `/v1/queue/${path}`, ADMIN);
    expect([status, error?.code]).toEqual([400, 'EVERVEC_HTTP_QUERY']);
    expect(error?.message).toContain(fault);
    expect(engine.acted).toEqual([]);
  });

  test.each([
    ['pause', {}, 'lanes'],
    ['pause', { lanes: [] }, 'lanes'],
    ['retry', { ids: [12] }, 'ids'],
    ['clear', { confirm: true, states: ['leased'] }, 'states'],
    ['cleanup', { confirm: true, days: 0 }, 'days'],
    ['stop', { confirm: 'yes' }, 'confirm'],
    ['start', { confirm: true }, 'Unrecognized key'],
  ])('%s %j is 400 and named', async (name, body, fault) => {
    const { ask, engine } = await start();
    const { status, error } = await ask('POST', `/v1/queue/${name}`, ADMIN, body);
    expect([status, error?.code]).toEqual([400, 'EVERVEC_HTTP_BODY']);
    expect(error?.message).toContain(fault);
    expect(engine.acted).toEqual([]);
  });

  test('what cleanup keeps is as configured', async () => {
    const { ask, engine } = await start({ token: ADMIN, retentionDays: 7 });
    await ask('POST', '/v1/queue/cleanup', ADMIN, { confirm: true });
    await ask('POST', '/v1/queue/cleanup', ADMIN, { confirm: true, days: 90 });
    expect(engine.acted.map(([, days]) => days)).toEqual([7, 90]);
  });
});

describe('guards', () => {
  test.each(['stop', 'reset-stuck', 'clear', 'cleanup'])(
    '%s without a confirmation does nothing',
    async (name) => {
      const { ask, engine } = await start();
      for (const body of [undefined, {}, { confirm: false }]) {
        const { status, error } = await ask('POST', `/v1/queue/${name}`, ADMIN, body);
        expect([status, error?.code]).toEqual([400, 'EVERVEC_HTTP_CONFIRM']);
        expect(error?.message).toContain('nothing was done');
      }
      expect(engine.acted).toEqual([]);
    },
  );

  test('an open server takes no POST that a page of another site could send', async () => {
    const { url, engine } = await start({});
    const bodies: RequestInit[] = [
      {},
      { body: '{}', headers: { 'content-type': 'text/plain' } },
      { body: new URLSearchParams({ lanes: 'all' }) },
      { body: new Blob(['{}']) },
    ];
    for (const init of bodies) {
      const response = await fetch(`${url}/v1/queue/start`, { method: 'POST', ...init });
      expect(response.status).toBe(415);
    }
    expect(engine.acted).toEqual([]);
    const json = { body: '{}', headers: { 'content-type': 'application/json' } };
    expect((await fetch(`${url}/v1/queue/start`, { method: 'POST', ...json })).status).toBe(200);
  });

  test('with a bearer token a POST needs no body, but a body needs its type', async () => {
    const { url, ask } = await start();
    expect((await ask('POST', '/v1/queue/start', ADMIN)).status).toBe(200);
    const response = await fetch(`${url}/v1/queue/start`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN}` },
      body: new Blob(['{}']),
    });
    expect(response.status).toBe(415);
  });
});

describe('limits of search', () => {
  const wanted = { query: 'a' };

  test('one too many is 503 with Retry-After; the next after one has ended is not', async () => {
    const { ask, engine } = await start({ search: { concurrency: 1 } });
    const [begun, go] = [new Signal('the search'), new Signal('the go')];
    engine.beforeSearch = () => {
      begun.fire();
      return go.fired();
    };
    const first = ask('POST', '/v1/search', undefined, wanted);
    await begun.fired();
    const second = await ask('POST', '/v1/search', undefined, wanted);
    expect([second.status, second.error?.code]).toEqual([503, 'EVERVEC_HTTP_BUSY']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    go.fire();
    expect((await first).status).toBe(200);
    expect((await ask('POST', '/v1/search', undefined, wanted)).status).toBe(200);
  });

  test('one that takes too long is 503 and aborted, and keeps its place until it ends', async () => {
    const { ask, engine } = await start({ search: { concurrency: 1, timeoutMs: 20 } });
    const [aborted, go] = [new Signal('its abort'), new Signal('the go')];
    engine.beforeSearch = (_request, signal) => {
      signal?.addEventListener('abort', () => aborted.fire());
      return go.fired();
    };
    const slow = await ask('POST', '/v1/search', undefined, wanted);
    expect([slow.status, slow.error?.code]).toEqual([503, 'EVERVEC_HTTP_TIME_LIMIT']);
    await aborted.fired();
    const next = await ask('POST', '/v1/search', undefined, wanted);
    expect(next.error?.code).toBe('EVERVEC_HTTP_BUSY');
    go.fire();
  });
});
