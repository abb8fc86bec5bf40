/** The HTTP interface over a real socket: routes, refusals, guards, limits, and its end. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';

import { afterEach, describe, expect, test } from 'vitest';

import {
  ConfigError,
  DatabaseUnreachableError,
  ModelAnswerError,
  PortInUseError,
  QueryError,
  SearchRequestError,
  UnknownSourceError,
  UnknownRecordError,
} from '../../src/errors/index.ts';
import type { Logger } from '../../src/runtime/index.ts';
import {
  createHandler,
  type HandlerOptions,
  type RunningServer,
  serve,
} from '../../src/server/index.ts';
import { Signal } from '../setup/signal.ts';
import { FakeEngine, OFFER } from './fake-engine.ts';

const running: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(options: HandlerOptions = {}, engine = new FakeEngine()) {
  const server = await serve(createHandler(engine, options), { port: 0 });
  running.push(server);
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const search = (request: unknown, headers?: Record<string, string>) =>
    post(JSON.stringify(request), headers);
  return { ...server, engine, post, search, port: Number(new URL(server.url).port) };
}

interface ErrorBody {
  error: { code: string; message: string; remedy?: string; link: string; requestId: string };
}

async function refusal(response: Response) {
  const { error } = (await response.json()) as ErrorBody;
  expect(error.requestId).toBe(response.headers.get('x-request-id'));
  expect(error.link).toBe(`/docs#${error.code}`);
  return { status: response.status, code: error.code, message: error.message, error };
}

describe('routes', () => {
  test('POST /v1/search asks the engine and gives its answer', async () => {
    const { engine, search } = await start();
    const request = {
      query: 'ski weekend',
      sources: ['offers'],
      mode: 'text',
      filter: { status: 'open', seats: { $gte: 2 }, to_airport: { $in: ['BRN', 'SMV'] } },
      limit: 1,
      offset: 0,
    };
    const response = await search(request);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ hits: [OFFER], mode: 'text', took_ms: 12.34 });
    expect(engine.requests).toEqual([request]);
  });

  test('an expert’s request goes through as it is', async () => {
    const { search, engine } = await start();
    const request = {
      query: 'ski',
      expert: { efSearch: 200, exact: false, rrfK: 60, weights: { vector: 0.3, text: 1 } },
      explain: true,
    };
    expect((await search(request)).status).toBe(200);
    expect(engine.requests).toEqual([request]);
    for (const expert of [{ efSearch: 0 }, { weights: { vector: 1 } }, { ef: 1 }, []])
      expect((await search({ query: 'ski', expert })).status).toBe(400);
  });

  test('POST /v1/similar asks the engine, and is 404 where it knows no such record', async () => {
    const { url, engine } = await start();
    const ask = (body: unknown) =>
      fetch(`${url}/v1/similar`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const request = { source: 'offers', key: '966', limit: 3, filter: { status: 'open' } };
    const response = await ask(request);
    expect([response.status, await response.json()]).toMatchObject([200, { mode: 'vector' }]);
    expect(engine.similarRequests).toEqual([request]);
    for (const body of [
      {},
      { source: 'offers' },
      { source: 'offers', key: '' },
      { ...request, mode: 'text' },
    ])
      expect((await ask(body)).status).toBe(400);
    engine.similar = () =>
      Promise.reject(new UnknownRecordError('no such record', { remedy: 'none', isUsage: true }));
    const unknown = await ask(request);
    expect([unknown.status, await unknown.json()]).toMatchObject([
      404,
      { error: { code: 'EVERVEC_HTTP_NOT_FOUND' } },
    ]);
  });

  test('GET /v1/queue/status, /v1/sources', async () => {
    const { url, engine } = await start();
    const queue = await fetch(`${url}/v1/queue/status`);
    expect(await queue.json()).toEqual(engine.state);
    const sources = await fetch(`${url}/v1/sources`);
    expect(await sources.json()).toEqual({ sources: engine.sourceList });
  });

  test('GET /health is 503 when a check is bad, also when the check itself fails', async () => {
    const { url, engine } = await start();
    const well = await fetch(`${url}/health`);
    expect([well.status, await well.json()]).toEqual([
      200,
      { ok: true, level: 'good', checks: engine.healthNow.checks },
    ]);
    const lanes = { what: 'lanes', level: 'warning' as const, found: 'paused: offers' };
    engine.healthNow = { healthy: true, level: 'warning', checks: [lanes] };
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const bad = { what: 'switch', level: 'bad' as const, found: 'stopped', remedy: 'Start it.' };
    engine.healthNow = { healthy: false, level: 'bad', checks: [bad] };
    const ill = await fetch(`${url}/health`);
    expect([ill.status, await ill.json()]).toEqual([
      503,
      { ok: false, level: 'bad', checks: [bad] },
    ]);
    engine.queue.health = () => Promise.reject(new Error('postgres://user:secret@host'));
    const broken = await fetch(`${url}/health`);
    expect(broken.status).toBe(503);
    expect(await broken.text()).not.toContain('secret');
  });

  test('who asks for /health at once gets the same answer', async () => {
    const { url, engine } = await start();
    const go = new Signal('the go');
    const begun = new Signal('the check');
    let asked = 0;
    engine.queue.health = async () => {
      asked += 1;
      begun.fire();
      await go.fired();
      return engine.healthNow;
    };
    const first = fetch(`${url}/health`);
    await begun.fired();
    const others = [1, 2, 3].map(() => getAs(Number(new URL(url).port), '127.0.0.1', '/health'));
    // The server has taken them all when it has answered one that came after.
    await fetch(`${url}/docs`);
    go.fire();
    expect([(await first).status, ...(await Promise.all(others))]).toEqual([200, 200, 200, 200]);
    expect(asked).toBeLessThan(4);
  });

  test('GET /openapi.json describes every route and shape', async () => {
    const { url } = await start();
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, object>;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.entries(document.paths).map(([path, on]) => [path, Object.keys(on)])).toEqual([
      ['/v1/search', ['post']],
      ['/v1/similar', ['post']],
      ['/v1/sources', ['get']],
      ['/v1/context', ['post']],
      ['/v1/feedback', ['post']],
      ...['status', 'stats', 'health', 'metrics', 'recent', 'failed', 'stuck', 'audit'].map(
        (name) => [`/v1/queue/${name}`, ['get']],
      ),
      ...['retry', 'pause', 'resume', 'stop', 'start', 'reset-stuck', 'clear', 'cleanup'].map(
        (name) => [`/v1/queue/${name}`, ['post']],
      ),
      ['/v1/cost', ['get']],
      ['/metrics', ['get']],
      ['/v1/models', ['get']],
      ...['migrate', 'switch', 'rollback', 'drop'].map((name) => [`/v1/models/${name}`, ['post']]),
      ['/v1/documents', ['post', 'get']],
      ['/v1/documents/{id}', ['get', 'patch', 'delete']],
      ['/v1/documents.jsonl', ['get']],
      ['/v1/documents/{id}/versions', ['get']],
      ['/v1/documents/{id}/diff', ['get']],
      ['/v1/documents/{id}/rollback', ['post']],
      ['/v1/collections', ['get']],
      ['/v1/collections/{name}', ['delete']],
      ['/v1/imports', ['post']],
      ['/v1/tasks', ['get']],
      ['/v1/tasks/{id}', ['get']],
      ['/v1/tasks/{id}/cancel', ['post']],
      ['/health', ['get']],
      ['/cron/update-embeddings', ['get', 'post']],
      ['/v1/releases', ['get']],
      ['/v1/releases/{name}', ['get']],
      ['/v1/releases/{name}/look', ['post']],
      ['/v1/releases/{name}/events', ['get']],
      ['/v1/releases/{name}/reports', ['post']],
      ['/releases/{name}/{file}', ['get']],
    ]);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['SearchRequest', 'SearchAnswer', 'QueueStatus', 'Sources', 'Error']),
    );
    const unresolved = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)]
      .map(([, name = '']) => name)
      .filter((name) => !(name in document.components.schemas));
    expect(unresolved).toEqual([]);
  });

  test('GET / and /docs are pages that load nothing and run only what is in them', async () => {
    const { url } = await start({ examples: ['beds & <quiet>'] });
    for (const path of ['/', '/docs']) {
      const response = await fetch(url + path);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toMatch(/style-src 'sha256-[\w+/=]{44}'/);
      expect(policy).not.toContain('unsafe');
      const html = await response.text();
      expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
      expect(html).not.toMatch(/ (style|on\w+)="/);
    }
    const html = await (await fetch(`${url}/`)).text();
    expect(html).toContain('beds &amp; &lt;quiet&gt;');
    expect(html).toContain('href="?q=beds%20%26%20%3Cquiet%3E"');
  });

  test('every answer has the security headers and none for other origins', async () => {
    const { url } = await start();
    for (const path of ['/', '/docs', '/health', '/v1/sources', '/nowhere']) {
      const { headers } = await fetch(url + path, {
        headers: { origin: 'https://elsewhere.example' },
      });
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('requests that are refused', () => {
  test.each([
    [{}, 'query'],
    [{ query: '  ' }, 'query: must not be blank'],
    [{ query: 'a'.repeat(10_001) }, 'query'],
    [{ query: 'a', limit: 0 }, 'limit'],
    [{ query: 'a', limit: 1_001 }, 'limit'],
    [{ query: 'a', limit: '5' }, 'limit'],
    [{ query: 'a', offset: -1 }, 'offset'],
    [{ query: 'a', mode: 'magic' }, 'mode'],
    [{ query: 'a', sources: 'offers' }, 'sources'],
    [{ query: 'a', sources: [] }, 'sources'],
    [
      { query: 'a', filter: { seats: { $near: 2 } } },
      'filter.seats.$near: is no operator: use one of $eq, $ne,',
    ],
    [{ query: 'a', filter: { seats: [2] } }, 'filter.seats'],
    [{ query: 'a', fliter: {} }, 'Unrecognized key: "fliter"'],
    [[], 'expected object'],
    [null, 'expected object'],
  ])('%j is 400 and named', async (request, fault) => {
    const { search, engine } = await start();
    const { status, code, message } = await refusal(await search(request));
    expect([status, code]).toEqual([400, 'EVERVEC_HTTP_BODY']);
    expect(message).toContain(fault);
    expect(engine.requests).toEqual([]);
  });

  test('a body that is not JSON, or not UTF-8', async () => {
    const { post } = await start();
    const broken = await refusal(await post('{"query": "a",}'));
    expect([broken.status, broken.code]).toEqual([400, 'EVERVEC_HTTP_BODY']);
    expect(broken.message).toMatch(/not JSON: .+/);
    expect((await refusal(await post(''))).message).toMatch(/not JSON/);
    const bytes = await refusal(await post(Uint8Array.of(0x22, 0xff, 0x22)));
    expect(bytes).toMatchObject({ status: 400, message: 'The body is not UTF-8.' });
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonp',
  ])('a body of type %s, which a page of another site could send', async (type) => {
    const { post, engine } = await start();
    const refused = await refusal(await post('{"query":"a"}', { 'content-type': type }));
    expect([refused.status, refused.code]).toEqual([415, 'EVERVEC_HTTP_CONTENT_TYPE']);
    expect(engine.requests).toEqual([]);
  });

  test('takes a content type with a charset', async () => {
    const { post } = await start();
    const type = { 'content-type': 'application/json; charset=utf-8' };
    expect((await post('{"query":"a"}', type)).status).toBe(200);
  });

  test('a body over 1 MB, with and without a stated length', async () => {
    const { url, search } = await start();
    const query = 'a'.repeat(1_048_577);
    const stated = await refusal(await search({ query }));
    expect([stated.status, stated.code]).toEqual([413, 'EVERVEC_HTTP_TOO_LARGE']);
    const chunk = new TextEncoder().encode('a'.repeat(65_536));
    let left = 20;
    const stream = new ReadableStream({
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    const streamed = await fetch(`${url}/v1/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect((await refusal(streamed)).status).toBe(413);
  });

  test('unknown paths and other methods', async () => {
    const { url } = await start();
    const at = async (method: string, path: string) => {
      const response = await fetch(url + path, { method });
      const { status, code } = await refusal(response);
      return [status, code, response.headers.get('allow')];
    };
    expect(await at('GET', '/v1/nothing')).toEqual([404, 'EVERVEC_HTTP_NOT_FOUND', null]);
    expect(await at('GET', '/v1/search/')).toEqual([404, 'EVERVEC_HTTP_NOT_FOUND', null]);
    expect(await at('GET', '/v1/search')).toEqual([405, 'EVERVEC_HTTP_METHOD', 'POST']);
    expect(await at('DELETE', '/v1/sources')).toEqual([405, 'EVERVEC_HTTP_METHOD', 'GET, HEAD']);
    expect(await at('OPTIONS', '/v1/search')).toEqual([405, 'EVERVEC_HTTP_METHOD', 'POST']);
    expect((await fetch(`${url}/health`, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('errors of the engine', () => {
  const failing = async (error: Error, logger?: Logger) => {
    const server = await start(logger ? { logger } : {});
    server.engine.beforeSearch = () => {
      throw error;
    };
    const response = await server.search({ query: 'a' });
    return { ...(await refusal(response)), retryAfter: response.headers.get('retry-after') };
  };

  test('what the caller did wrong is 400, with its remedy', async () => {
    const unknown = await failing(
      new UnknownSourceError('There is no source "x".', { remedy: 'Known are: a.', isUsage: true }),
    );
    expect(unknown).toMatchObject({
      status: 400,
      code: 'EVERVEC_UNKNOWN_SOURCE',
      error: { remedy: 'Known are: a.' },
    });
    const filter = new SearchRequestError('No column "x".', { remedy: 'Fix it.', isUsage: true });
    expect(await failing(filter)).toMatchObject({ status: 400, message: 'No column "x".' });
  });

  test('what passes is 503 with Retry-After', async () => {
    const failed = await failing(
      new DatabaseUnreachableError('localhost:5432 refused', {
        remedy: 'Wait.',
        isRetryable: true,
      }),
    );
    expect(failed).toMatchObject({ status: 503, code: 'EVERVEC_DATABASE_UNREACHABLE' });
    expect(Number(failed.retryAfter)).toBeGreaterThan(0);
  });

  test('what is ours is 500', async () => {
    const failed = await failing(
      new ModelAnswerError('2 of 3 vectors came.', { remedy: 'Check.' }),
    );
    expect(failed).toMatchObject({ status: 500, code: 'EVERVEC_MODEL_ANSWER', retryAfter: null });
  });

  test('neither statement nor stack nor value reaches the client; the log has the request id', async () => {
    const lines: string[] = [];
    const log = (fields: object, message: string) =>
      lines.push(JSON.stringify({ ...fields, message }));
    const logger = { debug: log, info: log, warn: log, error: log };
    const cause = new Error('select secret_column from t');
    const query = new QueryError('A statement failed: select secret_column', {
      remedy: 'See select secret_column.',
      sqlState: '42P01',
      detail: 'secret_column',
      cause,
    });
    const failed = await failing(query, logger);
    expect(failed).toMatchObject({ status: 500, code: 'EVERVEC_QUERY' });
    expect(failed.message).toContain('42P01');
    expect(JSON.stringify(failed)).not.toContain('secret_column');
    expect(lines.join()).toContain(failed.error.requestId);

    lines.length = 0;
    const unforeseen = await failing(new TypeError('row {"iban": "DE00"} is odd'), logger);
    expect(unforeseen).toMatchObject({ status: 500, code: 'EVERVEC_INTERNAL' });
    expect(JSON.stringify(unforeseen)).not.toMatch(/iban|\bat /);
    expect(lines.join()).toMatch(/TypeError.*http\.test\.ts/);
    expect(lines.join()).not.toContain('iban');
  });

  test('a caller that goes away aborts its search', async () => {
    const { engine, url } = await start();
    const begun = new Signal('the search');
    const aborted = new Signal('its abort');
    engine.beforeSearch = (_request, signal) => {
      signal?.addEventListener('abort', () => aborted.fire());
      begun.fire();
      return aborted.fired();
    };
    const controller = new AbortController();
    const answer = fetch(`${url}/v1/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"a"}',
      signal: controller.signal,
    });
    await begun.fired();
    controller.abort();
    await expect(answer).rejects.toThrow('abort');
    await aborted.fired();
  });
});

/** `fetch` sets `Host` itself; this sends the one that is given, or none. */
async function getAs(port: number, host: string | null, path = '/v1/sources'): Promise<number> {
  const request = httpRequest({
    port,
    path,
    host: '127.0.0.1',
    setHost: false,
    headers: host === null ? {} : { host },
  });
  request.end();
  const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

describe('without a token', () => {
  test.each([
    '127.0.0.1',
    '127.0.0.1:80',
    '127.8.9.1',
    'localhost',
    'LOCALHOST:3883',
    '[::1]',
    '[::1]:3883',
  ])('answers to %s', async (host) => {
    const { port } = await start();
    expect(await getAs(port, host)).toBe(200);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.0.7',
    '0.0.0.0',
    '[::]',
  ])('does not answer to %s, not even with the page', async (host) => {
    const { port } = await start();
    expect(await getAs(port, host)).toBe(403);
    expect(await getAs(port, `${host}:${port}`, '/')).toBe(403);
  });

  test('does not answer without a host', async () => {
    const { port } = await start();
    expect(await getAs(port, null)).toBe(400);
  });

  test('refuses to listen where others reach it', async () => {
    expect(() => createHandler(new FakeEngine(), { host: '0.0.0.0' })).toThrow(ConfigError);
    const handler = createHandler(new FakeEngine());
    for (const host of ['0.0.0.0', '::', '192.168.0.7', 'example.com'])
      await expect(serve(handler, { host, port: 0 })).rejects.toThrow(ConfigError);
  });
});

describe('with a token', () => {
  const token = 'correct-horse-battery-staple';
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

  test('every route but the pages and /health asks for it', async () => {
    const { url, search } = await start({ token });
    for (const path of ['/v1/sources', '/v1/queue/status', '/openapi.json', '/nowhere']) {
      const response = await fetch(url + path);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      const refused = await refusal(response);
      expect([refused.status, refused.code]).toEqual([401, 'EVERVEC_HTTP_UNAUTHORIZED']);
    }
    expect((await search({ query: 'a' })).status).toBe(401);
    for (const path of ['/health', '/', '/docs'])
      expect((await fetch(url + path)).status).toBe(200);
    expect((await fetch(`${url}/v1/sources`, { headers: bearer(token) })).status).toBe(200);
    expect((await search({ query: 'a' }, bearer(token))).status).toBe(200);
    expect((await search({ query: 'a' }, { authorization: `bearer ${token}` })).status).toBe(200);
  });

  test.each([
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    'Bearer ',
    'Bearer',
    token,
    `Basic ${token}`,
    `Bearer ${token} ${token}`,
  ])('"%s" is not it', async (authorization) => {
    const { url } = await start({ token });
    expect((await fetch(`${url}/v1/sources`, { headers: { authorization } })).status).toBe(401);
  });

  test('answers to any name, and may listen on any address', async () => {
    const { port } = await start({ token });
    expect(await getAs(port, 'search.example.com', '/health')).toBe(200);
    const handler = createHandler(new FakeEngine(), { token, host: '0.0.0.0' });
    const server = await serve(handler, { host: '0.0.0.0', port: 0 });
    running.push(server);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${server.url}/v1/sources`, { headers: bearer(token) })).status).toBe(200);
  });

  test.each(['', ' ', 'two words and more', 'schlüssel-schlüssel', 'fifteen-letters'])(
    '"%s" is none',
    (wrong) => {
      expect(() => createHandler(new FakeEngine(), { token: wrong })).toThrow(ConfigError);
    },
  );
});

describe('listening', () => {
  test('says that the port is taken, and how to choose another', async () => {
    const { port } = await start();
    const second = serve(createHandler(new FakeEngine()), { port });
    await expect(second).rejects.toThrow(PortInUseError);
    await expect(second).rejects.toMatchObject({
      isUsage: true,
      remedy: expect.stringContaining('--port'),
    });
  });

  test('says that an address is not of this machine', async () => {
    const handler = createHandler(new FakeEngine(), { token: 'sixteen-letters!' });
    await expect(serve(handler, { host: '192.0.2.1', port: 0 })).rejects.toThrow(ConfigError);
  });

  test('closing lets a request finish, then takes no more; twice is harmless', async () => {
    const server = await start();
    const begun = new Signal('the search');
    const go = new Signal('the go');
    server.engine.beforeSearch = () => {
      begun.fire();
      return go.fired();
    };
    const answer = server.search({ query: 'a' });
    await begun.fired();
    const closed = server.close();
    await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed');
    go.fire();
    expect((await answer).status).toBe(200);
    await closed;
    await server.close();
  });

  test('closing does not wait for ever', async () => {
    const engine = new FakeEngine();
    const begun = new Signal('the search');
    engine.beforeSearch = () => {
      begun.fire();
      return new Promise(() => {});
    };
    const server = await serve(createHandler(engine), { port: 0, closeDeadlineMs: 50 });
    const answer = fetch(`${server.url}/v1/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"a"}',
    });
    answer.catch(() => {});
    await begun.fired();
    await server.close();
    await expect(answer).rejects.toThrow('fetch failed');
  });

  test('an idle connection does not hold it open', async () => {
    const server = await start();
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const ended = once(socket, 'close');
    const began = performance.now();
    await server.close();
    await ended;
    // The deadline is five seconds: it was not needed.
    expect(performance.now() - began).toBeLessThan(2_500);
  });
});
