/**
 * How soon a change is searchable: 100 changes of single rows a second, on a schedule that does not wait, with a worker
 * process running. From the moment the writer knows of its commit to the moment another connection sees the new text
 * in the sidecar, which is when a search finds it.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { openArticles, prepareArticles } from './articles.ts';
import { type Bench, quantile, spreadOf } from './bench.ts';
import { forkWorker } from './fork-worker.ts';
import { sampleTexts } from './sample-texts.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const ROWS = 10_000;
const RUNS = 3;
const CHANGES_PER_SECOND = 100;
const SECONDS = 30;
/** One in this many changes is a new row. */
const INSERT_EVERY = 10;
const TEXT_CHARS = 300;
/** How long a change may take before it counts as lost. */
const PATIENCE_MS = 30_000;
const AIMS_MS = { p50: 30, p99: 150 };

/** Hash of the new text → when the writer knew that it was committed. */
type Pending = Map<string, number>;

const SEEN = `
select encode(text_hash, 'hex') as hash from evervec.chunks_1
where record_key = any ($1) and text_hash = any ($2) and embedding is not null`;

async function write(client: Client, rows: number, round: number, pending: Pending): Promise<void> {
  const texts = sampleTexts(CHANGES_PER_SECOND * SECONDS, TEXT_CHARS, 1_000 + round);
  const start = performance.now();
  let change = 0;
  for (const text of texts) {
    await delay(Math.max(0, start + (change * 1_000) / CHANGES_PER_SECOND - performance.now()));
    // Each row at most once, so that no change hides another.
    const isInsert = change % INSERT_EVERY === 0;
    const id = isInsert ? rows + change + 1 : (change % rows) + 1;
    await client.query(
      isInsert
        ? 'insert into articles values ($1, $2)'
        : 'update articles set body = $2 where id = $1',
      [id, text],
    );
    pending.set(`${id} ${hashOf(text)}`, performance.now());
    change += 1;
  }
}

/** As the worker stamps a chunk: 128 bits of SHA-256. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Looks for what is pending until the writer is through and all of it was seen. @returns latencies, ms */
async function watch(client: Client, pending: Pending, writing: Promise<void>): Promise<number[]> {
  const latencies: number[] = [];
  const writer = { isWriting: true };
  const ended = writing.finally(() => {
    writer.isWriting = false;
  });
  while (writer.isWriting || pending.size > 0) {
    await delay(1);
    if (pending.size === 0) continue;
    const waiting = [...pending].map(([name, since]) => ({ name: name.split(' '), since }));
    if (performance.now() - (waiting[0]?.since ?? 0) > PATIENCE_MS)
      throw new Error(`a change was not searchable within ${PATIENCE_MS} ms`);
    const { rows } = await client.query<{ hash: string }>(SEEN, [
      waiting.map(({ name }) => name[0]),
      waiting.map(({ name }) => Buffer.from(name[1] ?? '', 'hex')),
    ]);
    const now = performance.now();
    const seen = new Set(rows.map((row) => row.hash));
    for (const { name, since } of waiting)
      if (seen.has(name[1] ?? '')) {
        latencies.push(now - since);
        pending.delete(name.join(' '));
      }
  }
  await ended;
  return latencies;
}

async function measure(url: string, rows: number, round: number): Promise<number[]> {
  const evervec = await openArticles(url);
  await withClient(url, (client) => client.query('insert into articles select * from staging'));
  await evervec.setup();
  await evervec.backfill();
  await (await evervec.worker()).drain();
  await evervec.close();
  const worker = await forkWorker(url);
  try {
    return await withClient(url, (writer) =>
      withClient(url, async (reader) => {
        const pending: Pending = new Map();
        return await watch(reader, pending, write(writer, rows, round, pending));
      }),
    );
  } finally {
    await worker.stop();
  }
}

export const bench: Bench = {
  name: 'freshness',
  claim: 'commit → searchable at 100 changes/s for 30 s on 10,000 indexed rows, embedded model',
  aim: {
    text: `p50 ≤ ${AIMS_MS.p50} ms and p99 ≤ ${AIMS_MS.p99} ms (the ratio shown is the worse of both, as shares of their aims)`,
    ratio: 1,
    bound: 'at most',
  },

  async run({ runs = RUNS, rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const template = await prepareArticles(databases, rows, ['body']);
      const rounds: { p50: number; p99: number; max: number }[] = [];
      for (let round = 1; round <= runs; round++) {
        const latencies = await databases.use((url) => measure(url, rows, round), template);
        const p50 = quantile(latencies, 0.5);
        const p99 = quantile(latencies, 0.99);
        rounds.push({ p50, p99, max: Math.max(...latencies) });
        note(
          `round ${round} of ${runs}: ${latencies.length} changes, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
        );
      }
      return {
        figures: {
          'p50, ms': spreadOf(rounds.map((round) => round.p50)),
          'p99, ms': spreadOf(rounds.map((round) => round.p99)),
          'slowest, ms': spreadOf(rounds.map((round) => round.max)),
        },
        ratio: spreadOf(
          rounds.map((round) => Math.max(round.p50 / AIMS_MS.p50, round.p99 / AIMS_MS.p99)),
        ),
        remarks: ['includes up to 2 ms of looking'],
      };
    } finally {
      await databases.close();
    }
  },
};
