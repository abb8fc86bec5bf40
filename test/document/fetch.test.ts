import { gzipSync, brotliCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Fetched } from '../../src/document/fetch/index.ts';
import { ManualClock } from './manual-clock.ts';
import { failure, fetcher, redirect, secureServer, text, webServer } from './web-server.ts';
import { CERTIFICATE } from './loopback-certificate.ts';

function body(fetched: Fetched): string {
  if (fetched.status !== 'changed') throw new Error(fetched.status);
  return Buffer.from(fetched.bytes).toString();
}

describe('a document', () => {
  test('comes with what the server says of it', async () => {
    const server = await webServer({
      '/a/report%20one.html': text('<p>Hello', {
        'content-type': 'Text/HTML; Charset="UTF-8"',
        etag: 'W/"7"',
        'last-modified': 'Tue, 01 Jan 2030 00:00:00 GMT',
      }),
    });
    const fetched = await fetcher().fetch(`${server.origin}/a/report%20one.html#part`);
    expect(fetched).toEqual({
      status: 'changed',
      bytes: expect.any(Uint8Array),
      url: `${server.origin}/a/report%20one.html`,
      mediaType: 'text/html',
      charset: 'utf-8',
      name: 'report one.html',
      etag: 'W/"7"',
      lastModified: 'Tue, 01 Jan 2030 00:00:00 GMT',
    });
    expect(body(fetched)).toBe('<p>Hello');
    await server.idle();
  });

  test('is decompressed', async () => {
    const server = await webServer({
      '/gzip': (_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('one')),
      '/br': (_, response) =>
        response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('two')),
    });
    const web = fetcher();
    expect(body(await web.fetch(`${server.origin}/gzip`))).toBe('one');
    expect(body(await web.fetch(`${server.origin}/br`))).toBe('two');
  });

  test('is asked for without cookies, credentials or a referrer', async () => {
    const server = await webServer({
      '/': (_, response) =>
        response.writeHead(302, { location: '/next', 'set-cookie': 'session=1' }).end(),
      '/next': text('here'),
    });
    const fetched = await fetcher({ respectRobots: false }).fetch(server.origin);
    expect(fetched).toMatchObject({ status: 'changed', url: `${server.origin}/next` });
    expect(Object.keys(server.requests[1]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(server.requests[1]?.headers['user-agent']).toMatch(/^evervec\/\d/);
  });

  test('comes over TLS from a server whose certificate holds', async () => {
    const server = await secureServer({ '/': text('safe') });
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const web = fetcher({}, { ca: CERTIFICATE, lookup });
    expect(body(await web.fetch(`https://documents.test:${server.port}/`))).toBe('safe');
    expect((await failure(web.fetch(`https://other.test:${server.port}/`))).reason).toBe('TLS');
    expect((await failure(fetcher().fetch(server.origin))).reason).toBe('TLS');
    const plain = await webServer({});
    expect((await failure(web.fetch(`https://documents.test:${plain.port}/`))).reason).toBe('TLS');
  });
});

describe('a document that is known', () => {
  const LAST_MODIFIED = 'Tue, 01 Jan 2030 00:00:00 GMT';

  test.each([
    [{ etag: '"1"', lastModified: null }, { 'if-none-match': '"1"' }],
    [{ etag: 'W/"1"', lastModified: null }, { 'if-none-match': 'W/"1"' }],
    [{ etag: null, lastModified: LAST_MODIFIED }, { 'if-modified-since': LAST_MODIFIED }],
  ])('is asked for with %o', async (known, headers) => {
    const server = await webServer({ '/': (_, response) => response.writeHead(304).end() });
    const fetched = await fetcher({ respectRobots: false }).fetch(server.origin, known);
    expect(fetched).toEqual({ status: 'unchanged', ...known });
    expect(server.requests[0]?.headers).toMatchObject(headers);
  });

  test('may have got a new validator meanwhile', async () => {
    const server = await webServer({
      '/': (_, response) => response.writeHead(304, { etag: '"2"' }).end(),
    });
    const known = { etag: '"1"', lastModified: LAST_MODIFIED };
    expect(await fetcher().fetch(server.origin, known)).toEqual({
      status: 'unchanged',
      etag: '"2"',
      lastModified: LAST_MODIFIED,
    });
  });

  test('is not unchanged where that was not asked', async () => {
    const server = await webServer({ '/': (_, response) => response.writeHead(304).end() });
    expect((await failure(fetcher().fetch(server.origin))).reason).toBe('PROTOCOL');
    const unusable = { etag: 'a\r\nb: c', lastModified: null };
    expect((await failure(fetcher().fetch(server.origin, unusable))).reason).toBe('PROTOCOL');
  });
});

describe('a redirect', () => {
  test('is followed up to the limit', async () => {
    const server = await webServer({
      '/1': redirect('/2?x=1', 301),
      '/2': redirect('3', 307),
      '/3': redirect('./4', 308),
      '/4': text('end'),
    });
    expect(body(await fetcher({ maxRedirects: 3 }).fetch(`${server.origin}/1`))).toBe('end');
    expect(body(await fetcher({ maxRedirects: 0 }).fetch(`${server.origin}/4`))).toBe('end');
    expect(await failure(fetcher({ maxRedirects: 2 }).fetch(`${server.origin}/1`))).toMatchObject({
      reason: 'REDIRECT',
      isRetryable: false,
    });
  });

  test('in a circle, to nowhere and from https to http are refused', async () => {
    const plain = await webServer({
      '/a': redirect('/b'),
      '/b': redirect('/a'),
      '/none': (_, response) => response.writeHead(302).end(),
    });
    const secure = await secureServer({ '/': redirect(`${plain.origin}/secret`) });
    const web = fetcher({}, { ca: CERTIFICATE });
    for (const url of [`${plain.origin}/a`, `${plain.origin}/none`, secure.origin])
      expect((await failure(web.fetch(url))).reason).toBe('REDIRECT');
    expect(plain.asked).not.toContain('/secret');
    await plain.idle();
    await secure.idle();
  });
});

describe('a status', () => {
  test.each([
    [404, 'GONE', false],
    [410, 'GONE', false],
    [401, 'FORBIDDEN', false],
    [403, 'FORBIDDEN', false],
    [451, 'FORBIDDEN', false],
    [408, 'BUSY', true],
    [429, 'BUSY', true],
    [503, 'BUSY', true],
    [500, 'SERVER', true],
    [502, 'SERVER', true],
    [206, 'PROTOCOL', false],
    [400, 'STATUS', false],
    [204, 'STATUS', false],
  ])('%i is %s', async (status, reason, isRetryable) => {
    const server = await webServer({ '/': (_, response) => response.writeHead(status).end() });
    const error = await failure(fetcher().fetch(server.origin));
    expect(error).toMatchObject({ reason, isRetryable, status, retryAfterMs: null });
    expect(error.code).toBe(`EVERVEC_FETCH_${reason}`);
    expect(error.remedy).not.toBe('');
  });

  test('that asks to wait says how long, and the host is left alone until then', async () => {
    const clock = new ManualClock();
    let isBusy = true;
    const server = await webServer({
      '/': (_, response) =>
        isBusy
          ? response.writeHead(429, { 'retry-after': '120' }).end()
          : response.writeHead(200).end('free'),
    });
    const web = fetcher({ clock, respectRobots: false });
    expect((await failure(web.fetch(server.origin))).retryAfterMs).toBe(120_000);
    clock.advance(20_000);
    const held = await failure(web.fetch(`${server.origin}/other`));
    expect(held).toMatchObject({ reason: 'BUSY', retryAfterMs: 100_000 });
    expect(server.asked).toEqual(['/']);
    clock.advance(100_000);
    isBusy = false;
    expect(body(await web.fetch(server.origin))).toBe('free');
  });

  test('may name a date', async () => {
    const clock = new ManualClock();
    const date = new Date(clock.now() + 90_000).toUTCString();
    const server = await webServer({
      '/': (_, response) => response.writeHead(503, { 'retry-after': date }).end(),
    });
    expect((await failure(fetcher({ clock }).fetch(server.origin))).retryAfterMs).toBe(90_000);
  });
});

test('no error shows a credential or a query', async () => {
  const server = await webServer({});
  const web = fetcher();
  const urls = [
    `${server.origin}/a?token=hidden#hidden`,
    `http://hidden:hidden@127.0.0.1:${server.port}/`,
    `http://hidden@10.0.0.1/`,
    `ftp://hidden:hidden@example.com/?hidden`,
    `http://[hidden`,
    `http://10.0.0.1/?hidden`,
  ];
  for (const url of urls) {
    const error = await failure(web.fetch(url));
    const shown = [error.message, error.stack, error.remedy, String(error.cause)].join('\n');
    expect(shown.replaceAll(/at .*/g, '')).not.toContain('hidden');
    expect(JSON.stringify(error)).not.toContain('hidden');
  }
});
