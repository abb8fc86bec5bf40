/** A real worker on a real database, over each provider's wire format: it converges, whatever the provider does. */
import { expect, test } from 'vitest';
import { createTextChunker } from '../../src/chunk/index.ts';
import type { Database } from '../../src/database/index.ts';
import type { ProviderSettings } from '../../src/embed/index.ts';
import { createEvervec, type Evervec } from '../../src/engine/index.ts';
import { expectConverged } from '../faults/converged.ts';
import { insertItems } from '../faults/items.ts';
import { vectorOf, WIDTH } from '../faults/model-server.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { KEY, type Play, startWireServer, type WireServer } from './wire-server.ts';

const ROWS = 24;
/** Texts of `insertItems` are longer, halves of them are not. */
const SHORT = 25;

const WIRES: Record<string, (url: string) => ProviderSettings> = {
  openai: (url) => ({
    provider: 'openai',
    model: 'text-embedding-3-small',
    dimensions: WIDTH,
    baseUrl: `${url}/v1`,
    apiKey: KEY,
  }),
  'openai-compatible': (url) => ({
    provider: 'openai-compatible',
    model: 'digest',
    baseUrl: `${url}/v1`,
  }),
  cohere: (url) => ({
    provider: 'cohere',
    model: 'digest',
    dimensions: WIDTH,
    baseUrl: `${url}/v2`,
    apiKey: KEY,
  }),
  ollama: (url) => ({ provider: 'ollama', model: 'digest', baseUrl: url }),
};

async function prepare(database: Database, model: ProviderSettings): Promise<Evervec> {
  await database.query('create table items (id integer primary key, body text not null)');
  const config = {
    model,
    sources: { items: { table: 'items', text: ['body'] } },
    worker: { retryBaseMs: 5, retryCapMs: 20, intervalMs: 20, timeoutMs: 500 },
  };
  const evervec = await createEvervec(config, { database });
  await evervec.setup();
  return evervec;
}

async function converge(
  evervec: Evervec,
  server: WireServer,
  expected: Parameters<typeof expectConverged>[2],
): Promise<void> {
  const worker = await evervec.worker();
  await worker.start();
  try {
    await expectConverged(evervec.database, { ...server, behave: () => never() }, expected);
  } finally {
    await worker.stop();
  }
}

async function drained(evervec: Evervec): Promise<void> {
  const worker = await evervec.worker();
  await worker.start();
  await eventually('nothing left', async () =>
    (await evervec.pending()) === 0 ? true : undefined,
  );
  await worker.stop();
  const { rows } = await evervec.database.query('select from evervec.jobs');
  expect(rows).toEqual([]);
}

/** What the vectors of a text's parts come to, each with the weight of its length. */
function meanOfHalves(text: string): number[] {
  const parts = createTextChunker({ maxChars: 16 }).chunk(text);
  const mean = Array.from({ length: WIDTH }, () => 0);
  for (const part of parts) {
    const vector = vectorOf(part.text);
    const length = Math.hypot(...vector);
    vector.forEach(
      (value, at) => (mean[at] = (mean[at] ?? 0) + (value / length) * part.text.length),
    );
  }
  return mean;
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
  return dot / Math.hypot(...a) / Math.hypot(...b);
}

function never(): never {
  throw new Error('plays by itself');
}

/** Nothing of a key or a text may have got into what is kept of a failure. */
async function expectNoSecret(database: Database): Promise<void> {
  const { rows } = await database.query<{ all: string }>(
    `select coalesce(string_agg(jobs::text, ' '), '') as all from evervec.jobs jobs`,
  );
  expect(rows[0]?.all).not.toContain(KEY);
  expect(rows[0]?.all).not.toContain('as it was first');
}

describeOnOneDatabase('a worker with the model of', (databases) => {
  test.each(Object.keys(WIRES))('%s converges', async (name) => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startWireServer();
    const evervec = await prepare(database, WIRES[name]?.(server.url) ?? never());
    server.paid.clear();
    await insertItems(database, 1, ROWS);
    await converge(evervec, server, {});
    const { hits } = await evervec.search({
      query: 'item 7 as it was first written',
      mode: 'vector',
    });
    expect(hits[0]?.key).toBe('7');
  });

  const passing: [string, Play][] = [
    ['401', { status: 401 }],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }],
    ['429 without', { status: 429 }],
    ['404, no such model', { status: 404 }],
    ['500', { status: 500 }],
    ['a cut connection', 'cut'],
    ['nothing in time', 'hang'],
  ];
  /** openai-compatible is the same wire. */
  const all = ['openai', 'cohere', 'ollama'];
  const each = <T>(cases: [string, T][]) =>
    all.flatMap((provider) =>
      cases.map(([name, play]): [string, string, T] => [provider, name, play]),
    );

  test.each(each(passing))(
    '%s that answers %s once: no try is counted',
    async (provider, _name, play) => {
      const place = await databases.create();
      const database = await place.open();
      await using server = await startWireServer();
      const evervec = await prepare(database, WIRES[provider]?.(server.url) ?? never());
      await insertItems(database, 1, ROWS);
      server.calls = 0;
      server.paid.clear();
      server.play = () => (server.calls === 1 ? play : 'well');
      const worker = await evervec.worker();
      await worker.start();
      await eventually('the breaker open', async () => {
        const { rows } = await database.query('select from evervec.providers where failures > 0');
        return rows.length > 0 ? true : undefined;
      });
      const { rows } = await database.query<{ most: number }>(
        'select coalesce(max(attempts), 0)::integer as most from evervec.jobs',
      );
      await expectNoSecret(database);
      await worker.stop();
      expect(rows[0]?.most).toBe(0);
      // A refused key is waited for by the minute: here that time is over at once.
      await database.query('update evervec.providers set open_until = now()');
      await database.query('update evervec.jobs set ready_at = now() where state = 2');
      await converge(evervec, server, { deadlineMs: 60_000 });
    },
    90_000,
  );

  const bad: [string, Play][] = [
    ['400', { status: 400 }],
    ['NaN', { raw: 'NaN' }],
    ['too few', { vectors: (texts) => texts.slice(1).map(vectorOf) }],
    ['null', { vectors: (texts) => texts.map((text) => vectorOf(text).map(() => null)) }],
    ['the wrong width', { vectors: (texts) => texts.map((text) => vectorOf(text).slice(1)) }],
  ];
  test.each(each(bad))('%s that answers %s for one record: parked alone', async (...given) => {
    const [provider, , play] = given;
    const place = await databases.create();
    const database = await place.open();
    await using server = await startWireServer();
    const evervec = await prepare(database, WIRES[provider]?.(server.url) ?? never());
    server.paid.clear();
    await insertItems(database, 1, ROWS);
    server.play = ({ texts }) =>
      texts.some((text) => text.startsWith('item 13 ')) ? play : 'well';
    await converge(evervec, server, { parked: ['13'], paidAgain: 8 * ROWS });
    await expectNoSecret(database);
  });

  const tooLong: [string, string, Play][] = [
    [
      'openai',
      'its context length',
      {
        status: 400,
        said: "This model's maximum context length is 8192 tokens, however you requested 8610",
      },
    ],
    ['cohere', 'too many tokens', { status: 400, said: 'too many tokens: 600, at most 512' }],
    ['ollama', 'its context', { status: 400, said: 'the input length exceeds the context length' }],
    ['ollama', 'its context by 500', { status: 500, said: 'input is too large to process' }],
  ];
  test.each(tooLong)('%s that refuses texts beyond %s: they are split', async (...given) => {
    const [provider, , play] = given;
    const place = await databases.create();
    const database = await place.open();
    await using server = await startWireServer();
    const evervec = await prepare(database, WIRES[provider]?.(server.url) ?? never());
    server.paid.clear();
    await insertItems(database, 1, ROWS);
    server.play = ({ texts }) => (texts.some((text) => text.length > SHORT) ? play : 'well');
    await drained(evervec);
    const { rows } = await database.query<{ text: string; embedding: string | null }>(
      'select text, embedding::text from evervec.chunks_1 order by record_key',
    );
    expect(rows).toHaveLength(ROWS);
    for (const { text, embedding } of rows)
      expect(cosine(JSON.parse(embedding ?? '[]'), meanOfHalves(text))).toBeGreaterThan(0.999);
    await expectNoSecret(database);
    const { hits } = await evervec.search({
      query: 'item 7 as it was first written',
      mode: 'vector',
    });
    expect(hits[0]?.key).toBe('7');
  });

  test('openai that numbers its answer otherwise: put in order', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startWireServer();
    const evervec = await prepare(database, WIRES['openai']?.(server.url) ?? never());
    await insertItems(database, 1, ROWS);
    server.play = () => ({ shuffled: true });
    await converge(evervec, server, {});
  });
});
