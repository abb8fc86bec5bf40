/** The open connection: what it takes for news, when it comes back, and when it is given up. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { listenForNews } from './push.ts';

const SILENCE_MS = 60_000;

/** A server that does what a test says with each connection, and a client whose waits are noted and not waited for. */
async function listenTo(answers: readonly ((response: ServerResponse, url: string) => void)[]) {
  const asked: string[] = [];
  const waits: number[] = [];
  const news: number[] = [];
  const end = new AbortController();
  let known: number | null = null;
  const silences: (() => void)[] = [];
  const over = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const answer = answers[asked.length];
    asked.push(request.url ?? '');
    if (answer === undefined) over.resolve();
    else answer(response, request.url ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const running = listenForNews({
    url: `http://127.0.0.1:${port}/events`,
    fetch,
    random: () => 0.5,
    signal: end.signal,
    known: () => known,
    onNews: (spreadMs) => {
      news.push(spreadMs);
      known ??= 5;
    },
    debug: () => {},
    clock: {
      now: () => 0,
      sleep: async (ms, signal) => {
        if (ms !== SILENCE_MS) return void waits.push(ms);
        await new Promise<void>((resolve) => {
          silences.push(resolve);
          signal?.addEventListener('abort', () => resolve());
        });
      },
    },
  });
  onTestFinished(async () => {
    end.abort();
    await running;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    asked,
    waits,
    news,
    over: over.promise,
    fallSilent: () => silences.at(-1)?.(),
  };
}

const event = (data: unknown) => `event: release\ndata: ${JSON.stringify(data)}\n\n`;
const stream = (response: ServerResponse, text: string) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(text);
};

it('hears what is new, in whatever pieces it comes, and says what it knows when it comes back', async () => {
  const whole = event({ version: 5, spreadMs: 40 });
  const { asked, news, waits, over } = await listenTo([
    (response) => {
      stream(response, `retry: 3000\r\n\r\n:\n\n${whole.slice(0, 20)}`);
      response.end(`${whole.slice(20)}event: other\ndata: 1\n\nevent: release\ndata: no JSON\n\n`);
    },
    (response) => {
      stream(response, event({ version: 5 }) + event({ version: 4 }));
      response.end(event({ version: 6, spreadMs: 1e12 }));
    },
  ]);
  await over;
  expect(asked).toEqual(['/events', '/events?after=5', '/events?after=5']);
  expect(news).toEqual([40, 0, 600_000]);
  expect(waits).toEqual([3_000, 3_000]);
});

it('comes back later each time it fails, and much later where it is refused', async () => {
  const status =
    (code: number, headers = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(code, headers).end();
  const cut = (response: ServerResponse) => void response.destroy();
  const { over, waits } = await listenTo([
    cut,
    cut,
    cut,
    status(503, { 'retry-after': '90' }),
    status(502),
    cut,
    status(404),
    (response) => stream(response, 'x'.repeat(70_000)),
  ]);
  await over;
  expect(waits).toEqual([2_000, 4_000, 8_000, 90_000, 300_000, 2_000, 3_600_000, 2_000]);
});

it('leaves a connection that says nothing any more', async () => {
  const { over, fallSilent, waits } = await listenTo([
    (response) => {
      stream(response, ':\n\n');
      setImmediate(function look() {
        fallSilent();
        if (!response.destroyed) setImmediate(look);
      });
    },
  ]);
  await over;
  expect(waits[0]).toBe(2_000);
});
