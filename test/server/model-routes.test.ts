/** Changes of model over HTTP: the whole way on a database, scopes, confirmation, what is refused. */
import { afterEach, describe, expect, test } from 'vitest';

import type { Database } from '../../src/database/index.ts';
import { createEmbeddedModel } from '../../src/embed/index.ts';
import { type Config, createEvervec, type Evervec } from '../../src/engine/index.ts';
import { createHandler, type HandlerOptions } from '../../src/server/index.ts';
import { KEY, startWireServer } from '../providers/wire-server.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { FakeEngine } from './fake-engine.ts';

const ADMIN = 'admin-token-00001';
const READER = 'reader-token-0001';
const WRITER = 'writer-token-0001';
const OPTIONS: HandlerOptions = {
  token: ADMIN,
  tokens: {
    dashboard: { scope: 'read', token: READER },
    oncall: { scope: 'write', token: WRITER },
  },
};
const HASHED = { provider: 'evervec', model: 'hashed-words' };

type Engine = Parameters<typeof createHandler>[0];

/** What is looked into of any of the answers. */
interface Answer {
  error: { code: string; message: string; remedy?: string };
  sources: { second: object | null }[];
  hits: object[];
  space: Record<string, string>;
}

function asking(engine: Engine, options = OPTIONS) {
  const handle = createHandler(engine, options);
  return async (method: 'GET' | 'POST', path: string, body?: unknown, token = ADMIN) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const request = new Request(`http://127.0.0.1${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: text }),
    });
    const response = await handle(request);
    return { status: response.status, answer: (await response.json()) as Answer };
  };
}

const opened: Evervec[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((evervec) => evervec.close()));
});

/** Twenty notes, embedded. */
async function notes(database: Database, config: Partial<Config> = {}) {
  await database.query('create table notes (id integer primary key, body text)');
  await database.query(
    `insert into notes select n, 'note number ' || n from generate_series(1, 20) n`,
  );
  const sources = { notes: { table: 'notes', text: ['body'] } };
  const evervec = await createEvervec({ sources, ...config }, { database });
  opened.push(evervec);
  await evervec.setup();
  await evervec.backfill();
  const drain = async () => await (await evervec.worker()).drain();
  await drain();
  return { evervec, drain, ask: asking(evervec) };
}

async function modelOf(ask: ReturnType<typeof asking>): Promise<string | undefined> {
  const { status, answer } = await ask('POST', '/v1/search', { query: 'note', mode: 'vector' });
  expect(status).toBe(200);
  expect(answer.hits.length).toBeGreaterThan(0);
  return answer.space['notes'];
}

describeEachDatabase('over HTTP', (databases) => {
  test('a source goes to another model, back, and the second space is dropped', async () => {
    const { evervec, drain, ask } = await notes(await databases.open());
    const source = 'notes';
    const [near, hashed] = [createEmbeddedModel().id, createEmbeddedModel('hashed-words').id];
    expect(await ask('GET', '/v1/models')).toMatchObject({
      status: 200,
      answer: { sources: [{ source, model: near, differs: [], second: null }] },
    });
    const planned = await ask('POST', '/v1/models/migrate', { source, to: HASHED, dryRun: true });
    expect(planned).toMatchObject({
      status: 200,
      answer: { plans: [{ source, from: near, to: hashed, records: 20, chunks: 20, cost: 0 }] },
    });
    expect((await ask('GET', '/v1/models')).answer.sources[0]?.second).toBeNull();

    // It is free: no confirmation is wanted.
    expect(await ask('POST', '/v1/models/migrate', { source, to: HASHED })).toMatchObject({
      status: 202,
      answer: {
        sources: [{ model: near, second: { model: hashed, state: 'filling', pending: 20 } }],
      },
    });
    expect(await modelOf(ask)).toBe(near);
    expect(await ask('POST', '/v1/models/switch', { source })).toMatchObject({
      status: 400,
      answer: {
        error: { code: 'EVERVEC_MIGRATION', message: expect.stringContaining('not ready') },
      },
    });
    await drain();
    expect(await ask('GET', '/v1/models?source=notes')).toMatchObject({
      answer: { sources: [{ second: { state: 'full', pending: 0 } }] },
    });
    expect(await ask('POST', '/v1/models/migrate', { source, to: HASHED })).toMatchObject({
      status: 202,
      answer: { sources: [{ second: { state: 'full', pending: 0 } }] },
    });

    expect(await ask('POST', '/v1/models/switch', { source, keepDays: 2 })).toMatchObject({
      status: 200,
      answer: { sources: [{ model: hashed, second: { model: near, state: 'kept' } }] },
    });
    expect(await modelOf(ask)).toBe(hashed);
    expect(await ask('POST', '/v1/models/rollback', { source })).toMatchObject({
      status: 200,
      answer: { sources: [{ model: near, second: { model: hashed, state: 'kept' } }] },
    });
    expect(await modelOf(ask)).toBe(near);
    const refused = await ask('POST', '/v1/models/drop', { source });
    expect(refused).toMatchObject({
      status: 400,
      answer: { error: { code: 'EVERVEC_HTTP_CONFIRM' } },
    });
    const drop = async () => await ask('POST', '/v1/models/drop', { source, confirm: true });
    expect(await drop()).toEqual({ status: 200, answer: { dropped: { notes: true } } });
    expect(await drop()).toEqual({ status: 200, answer: { dropped: { notes: false } } });
    // To where it is already.
    expect(await ask('POST', '/v1/models/migrate', { source })).toMatchObject({
      status: 200,
      answer: { sources: [{ model: near, second: null }] },
    });
    const audit = await evervec.queue.audit({ limit: 20 });
    const done = audit.filter(({ action }) => action.startsWith('m'));
    expect(done.map(({ action, actor, target }) => [action, actor, target]).toReversed()).toEqual(
      ['migrate', 'model switch', 'model rollback', 'model drop'].map((action) => [
        action,
        'http token',
        'source notes',
      ]),
    );
  });

  test('a model that costs wants a confirmation; its address and key are the configured ones', async () => {
    await using server = await startWireServer();
    const { drain, ask } = await notes(await databases.open(), {
      providers: { openai: { baseUrl: `${server.url}/v1`, apiKey: KEY } },
    });
    const to = { provider: 'openai', model: 'text-embedding-3-small', dimensions: 8 };
    const asked = await ask('POST', '/v1/models/migrate', { source: 'notes', to });
    expect(asked).toMatchObject({
      status: 400,
      answer: { error: { code: 'EVERVEC_HTTP_CONFIRM' } },
    });
    expect(asked.answer.error.message).toMatch(
      /^This would embed some 20 texts of \d+ tokens with openai\/text-embedding-3-small\/8 for about US\$ 0\.\d{4}; nothing was done\.$/,
    );
    expect((await ask('GET', '/v1/models')).answer.sources[0]?.second).toBeNull();
    expect(server.calls).toBe(0);
    const begun = await ask('POST', '/v1/models/migrate', { source: 'notes', to, confirm: true });
    expect(begun.status).toBe(202);
    await drain();
    expect(server.paid.size).toBe(20);
    const switched = await ask('POST', '/v1/models/switch', { source: 'notes' });
    expect(switched).toMatchObject({
      status: 200,
      answer: { sources: [{ model: 'openai/text-embedding-3-small/8' }] },
    });
    expect(await modelOf(ask)).toBe('openai/text-embedding-3-small/8');
    const second = { ...to, dimensions: 4 };
    const other = await ask('POST', '/v1/models/migrate', {
      source: 'notes',
      to: second,
      confirm: true,
    });
    expect(other.answer.error.message).toMatch(/has a second space already/);
    expect(JSON.stringify([asked, begun, switched, other])).not.toContain(KEY);
  });

  test('says what it can not do', async () => {
    const { ask } = await notes(await databases.open());
    const source = 'notes';
    for (const [path, body, code, message] of [
      ['migrate', { source: 'nots' }, 'EVERVEC_UNKNOWN_SOURCE', /"nots"/],
      ['switch', { source: 'nots' }, 'EVERVEC_UNKNOWN_SOURCE', /"nots"/],
      ['drop', { source: 'nots', confirm: true }, 'EVERVEC_UNKNOWN_SOURCE', /"nots"/],
      ['migrate', { source, to: { ...HASHED, model: 'no-words' } }, 'EVERVEC_CONFIG', /no-words/],
      ['migrate', { source, to: { ...HASHED, dimensions: 12 } }, 'EVERVEC_CONFIG', /12/],
      ['migrate', { source, to: { provider: 'openai' } }, 'EVERVEC_CONFIG', /OPENAI_API_KEY/],
      ['switch', { source }, 'EVERVEC_MIGRATION', /no second space/],
      ['rollback', { source }, 'EVERVEC_MIGRATION', /no second space/],
    ] as const) {
      const { status, answer } = await ask('POST', `/v1/models/${path}`, body);
      expect({ path, body, status, code: answer.error.code }).toEqual({
        path,
        body,
        status: 400,
        code,
      });
      expect(answer.error.message + (answer.error.remedy ?? '')).toMatch(message);
    }
    expect((await ask('GET', '/v1/models?source=nots')).status).toBe(400);
  });
});

describe('the routes of models', () => {
  const ACTIONS: [string, object][] = [
    ['migrate', { source: 'offers', confirm: true }],
    ['switch', { source: 'offers', force: true }],
    ['rollback', { source: 'offers', keepDays: 0 }],
    ['drop', { source: 'offers', confirm: true }],
  ];

  test('are for admins, but what only reads', async () => {
    const engine = new FakeEngine();
    const ask = asking(engine);
    const statuses = async (method: 'GET' | 'POST', path: string, body?: object) =>
      await Promise.all(
        [READER, WRITER, ADMIN].map(async (one) => (await ask(method, path, body, one)).status),
      );
    expect(await statuses('GET', '/v1/models')).toEqual([200, 200, 200]);
    for (const [name, body] of ACTIONS)
      expect([name, await statuses('POST', `/v1/models/${name}`, body)]).toEqual([
        name,
        [403, 403, name === 'migrate' ? 202 : 200],
      ]);
    expect(engine.acted.filter(([action]) => action !== 'status')).toEqual([
      ['plan', 'offers', undefined],
      ['begin', 'offers', undefined, 'http token'],
      ['queue', 'offers', { by: 'http token' }],
      ['switch', 'offers', { force: true, by: 'http token' }],
      ['rollback', 'offers', { keepDays: 0, by: 'http token' }],
      ['drop', 'offers', 'http token'],
    ]);
  });

  test('a price that nobody knows wants a confirmation, too; nothing to do wants none', async () => {
    const engine = new FakeEngine();
    const ask = asking(engine);
    engine.plan = { ...engine.plan, cost: null };
    const asked = await ask('POST', '/v1/models/migrate', { source: 'offers' });
    expect(asked.status).toBe(400);
    expect(asked.answer.error.message).toContain('at a price that is not known; nothing was done');
    engine.plan = { ...engine.plan, differs: [] };
    expect((await ask('POST', '/v1/models/migrate', { source: 'offers' })).status).toBe(200);
    expect(engine.acted.map(([action]) => action)).toEqual(['plan', 'plan', 'status']);
  });

  const source = 'offers';
  test.each([
    ['migrate', {}, 'source'],
    ['migrate', { source: '' }, 'source'],
    ['migrate', { source, to: 'embedded' }, 'to'],
    ['migrate', { source, to: { provider: 'acme' } }, 'to.provider'],
    ['migrate', { source, to: { provider: 'openai', dimensions: 0 } }, 'to.dimensions'],
    ['migrate', { source, to: { provider: 'openai', baseUrl: 'http://a.b' } }, '"baseUrl"'],
    ['migrate', { source, to: { provider: 'openai', apiKey: 'sk' } }, '"apiKey"'],
    ['migrate', { source, to: { provider: 'transformers', folder: '/' } }, '"folder"'],
    ['migrate', { source, yes: true }, 'Unrecognized key: "yes"'],
    ['switch', { source, keepDays: -1 }, 'keepDays'],
    ['switch', { source, keepDays: 366 }, 'keepDays'],
    ['switch', { source, force: 'yes' }, 'force'],
    ['rollback', { source, force: true }, 'Unrecognized key: "force"'],
    ['drop', { sources: [source], confirm: true }, 'source'],
    ['drop', '{"source":', 'not JSON'],
  ])('%s %j is 400 and named', async (name, body, fault) => {
    const engine = new FakeEngine();
    const { status, answer } = await asking(engine)('POST', `/v1/models/${name}`, body);
    expect([status, answer.error.code]).toEqual([400, 'EVERVEC_HTTP_BODY']);
    expect(answer.error.message).toContain(fault);
    expect(engine.acted).toEqual([]);
  });

  test('a body that is too large is refused, and one that is no JSON by its type', async () => {
    const engine = new FakeEngine();
    const large = { source: 'a'.repeat(1_100_000) };
    expect((await asking(engine)('POST', '/v1/models/switch', large)).status).toBe(413);
    expect((await asking(engine)('POST', '/v1/models/switch')).status).toBe(415);
    expect((await asking(engine)('GET', '/v1/models?sources=a')).status).toBe(400);
    expect(engine.acted).toEqual([]);
  });
});
