import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { eventually, Signal } from '../setup/signal.ts';
import { ManualClock } from './manual-clock.ts';
import { failure, fetcher, tcpServer, text, webServer } from './web-server.ts';

const MIB = 2 ** 20;

/** Writes for as long as somebody takes it. */
function endless(response: ServerResponse, part: Buffer): void {
  const more = () => {
    if (!response.destroyed && response.write(part)) setImmediate(more);
  };
  response.on('drain', more);
  more();
}

describe('what is too large is refused at the limit, and its connection closed', () => {
  test.each([
    ['endless', {}, Buffer.alloc(65_536)],
    ['endless and compressed', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(65_536, 1))],
    ['of a length that is a lie', { 'content-length': String(2 ** 40) }, Buffer.alloc(10)],
  ])('%s', async (_, headers, part) => {
    const server = await webServer({
      '/': (_, response) => endless(response.writeHead(200, headers), part),
    });
    const error = await failure(fetcher({ maxBytes: MIB }).fetch(server.origin));
    expect(error).toMatchObject({ reason: 'TOO_LARGE', isRetryable: false });
    await server.idle();
  });

  test('a bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(128 * MIB), { level: 1 });
    expect(bomb.length).toBeLessThan(MIB);
    const server = await webServer({
      '/': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    });
    const before = process.memoryUsage().rss;
    const error = await failure(fetcher({ maxBytes: 2 * MIB }).fetch(server.origin));
    expect(error.reason).toBe('TOO_LARGE');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
    await server.idle();
  });

  test('compressed to more than it was', async () => {
    const noise = gzipSync(Buffer.from('x'.repeat(50)), { level: 0 });
    const server = await webServer({
      '/': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(noise),
    });
    expect((await failure(fetcher({ maxBytes: 60 }).fetch(server.origin))).reason).toBe(
      'TOO_LARGE',
    );
  });

  test('what just fits is taken, and no timer is left', async () => {
    const clock = new ManualClock();
    const server = await webServer({ '/': text('12345') });
    const fetched = await fetcher({ maxBytes: 5, clock }).fetch(server.origin);
    expect(fetched).toMatchObject({ status: 'changed', bytes: Buffer.from('12345') });
    expect(clock.sleeping).toBe(0);
    expect((await failure(fetcher({ maxBytes: 4 }).fetch(server.origin))).reason).toBe('TOO_LARGE');
  });
});

test.each([302, 404, 500])('the endless body of a %i is not read', async (status) => {
  const server = await webServer({
    '/': (_, response) =>
      endless(response.writeHead(status, { location: '/next' }), Buffer.alloc(65_536)),
    '/next': text('next'),
  });
  const work = fetcher().fetch(server.origin);
  if (status === 302) expect(await work).toMatchObject({ status: 'changed' });
  else expect((await failure(work)).status).toBe(status);
  await server.idle();
});

describe('what takes too long', () => {
  const TIMES = { timeoutMs: 30_000, idleTimeoutMs: 7_000, connectTimeoutMs: 5_000 };

  test('to connect', async () => {
    const clock = new ManualClock();
    const silent = await tcpServer((socket) => socket.resume(), 'https');
    const work = failure(fetcher({ clock, ...TIMES }).fetch(silent.origin));
    await clock.asleep(5_000);
    clock.advance(5_000);
    expect(await work).toMatchObject({ reason: 'TIME_LIMIT', isRetryable: true });
    await silent.idle();
    expect(clock.sleeping).toBe(0);
  });

  test('to look up', async () => {
    const clock = new ManualClock();
    const lookup = () => new Promise<never>(() => {});
    const work = failure(fetcher({ clock, ...TIMES }, { lookup }).fetch('http://slow.test/'));
    await clock.asleep(5_000);
    clock.advance(5_000);
    expect((await work).reason).toBe('TIME_LIMIT');
  });

  test('to answer', async () => {
    const clock = new ManualClock();
    const asked = new Signal('the request');
    const server = await webServer({ '/': () => asked.fire() });
    const work = failure(fetcher({ clock, ...TIMES }).fetch(server.origin));
    await asked.fired();
    clock.advance(30_000);
    expect((await work).reason).toBe('TIME_LIMIT');
    await server.idle();
  });

  test('to go on', async () => {
    const clock = new ManualClock();
    const server = await webServer({ '/': (_, response) => void response.write('a') });
    const work = failure(fetcher({ clock, ...TIMES }).fetch(server.origin));
    await clock.asleep(7_000);
    clock.advance(7_000);
    expect((await work).message).toContain('7000 ms');
    await server.idle();
    expect(clock.sleeping).toBe(0);
  });

  test('drop by drop', async () => {
    const clock = new ManualClock();
    const answering = new Signal<ServerResponse>('the request');
    const server = await webServer({ '/': (_, response) => answering.fire(response) });
    const web = fetcher({ clock, ...TIMES, respectRobots: false });
    const work = failure(web.fetch(server.origin));
    const response = await answering.fired();
    for (let drops = 1; drops <= 5; drops++) {
      const before = clock.begun(7_000);
      response.write('.');
      await eventually('the drop read', () => clock.begun(7_000) > before || undefined);
      clock.advance(6_000);
    }
    expect((await work).message).toContain('time limit');
    await server.idle();
  });

  test('with its redirects together', async () => {
    const clock = new ManualClock();
    const server = await webServer({
      '/': (_, response) => {
        clock.advance(20_000);
        response.writeHead(302, { location: '/next' }).end();
      },
      '/next': () => clock.advance(20_000),
    });
    const web = fetcher({ clock, ...TIMES, respectRobots: false });
    expect((await failure(web.fetch(server.origin))).reason).toBe('TIME_LIMIT');
  });
});

describe('what is not HTTP as it should be', () => {
  test('a compressed body that is cut is a cut one', async () => {
    const server = await webServer({
      '/': (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '1000' });
        response.write(gzipSync('x').subarray(0, 12), () => response.destroy());
      },
    });
    expect((await failure(fetcher().fetch(server.origin))).reason).toBe('CUT');
  });

  const END = '\r\n\r\n';
  test.each([
    ['CUT', `HTTP/1.1 200 OK\r\nContent-Length: 100${END}abc`],
    ['CUT', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked${END}5\r\nabc`],
    ['CUT', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked${END}3\r\nabc\r\n`],
    ['CONNECTION', ''],
    ['CONNECTION', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['PROTOCOL', `SSH-2.0-OpenSSH_9.2${END}`],
    ['PROTOCOL', `HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked${END}abc`],
    ['PROTOCOL', `HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4${END}abcd`],
    ['PROTOCOL', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked${END}zz\r\nabc`],
    ['PROTOCOL', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}${END}`],
    ['ENCODING', `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3${END}abc`],
    ['ENCODING', `HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3${END}abc`],
    ['ENCODING', `HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 3${END}abc`],
    ['ENCODING', `HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 3${END}abc`],
  ])('%s: %j', async (reason, answer) => {
    const server = await tcpServer((socket: Socket) => {
      socket.once('data', () => socket.end(answer));
    });
    const error = await failure(fetcher({ respectRobots: false }).fetch(server.origin));
    expect(error.reason).toBe(reason);
    expect(error.isRetryable).toBe(reason === 'CUT' || reason === 'CONNECTION');
    await server.idle();
  });

  test('what comes after the length that was said is not read', async () => {
    const server = await tcpServer((socket: Socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef'));
    });
    const fetched = await fetcher({ respectRobots: false }).fetch(server.origin);
    expect(fetched).toMatchObject({ bytes: Buffer.from('abc') });
  });

  test('a connection that is reset in the middle is a cut one', async () => {
    const server = await tcpServer((socket: Socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', () =>
          socket.resetAndDestroy(),
        );
      });
    });
    const error = await failure(fetcher({ respectRobots: false }).fetch(server.origin));
    expect(error.isRetryable).toBe(true);
    expect(['CUT', 'CONNECTION']).toContain(error.reason);
  });
});
