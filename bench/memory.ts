/**
 * What a worker process holds in memory while it embeds a table of a million rows: it must not grow with the table. The
 * process is sampled each second from its first batch to its last; the ANN index that Postgres would build then is
 * not waited for (the worker idles meanwhile), and the rows are queued by another process.
 */
import { openArticles, prepareArticles } from './articles.ts';
import { type Bench, quantile, single, spreadOf } from './bench.ts';
import { forkWorker } from './fork-worker.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';
import type { WorkerSample } from './worker-process.ts';

const ROWS = 1_000_000;
const CHARS = 60;
const MAX_GROWTH = 1.15;
const MAX_BYTES = 300 * 1024 ** 2;
const MIB = 1024 ** 2;

/** The first second is start-up: what is flat is flat from the first batches on. */
const FIRST_RECORDS = 1_000;

async function backfilled(
  url: string,
  rows: number,
  note: (line: string) => void,
): Promise<{ samples: WorkerSample[]; seconds: number }> {
  await withClient(url, (client) => client.query('insert into articles select * from staging'));
  const evervec = await openArticles(url);
  await evervec.setup();
  await evervec.backfill();
  await evervec.close();
  note(`${rows} rows queued`);
  const started = performance.now();
  const worker = await forkWorker(url);
  let sample = worker.samples[0];
  while ((sample?.records ?? 0) < rows) {
    sample = await worker.nextSample();
    if (worker.samples.length % 10 === 0)
      note(`${sample.records} rows, ${Math.round(sample.residentBytes / MIB)} MiB`);
  }
  const seconds = (performance.now() - started) / 1_000;
  // It has begun to have the index built, which may take longer than all before.
  await worker.kill();
  return { samples: worker.samples, seconds };
}

export const bench: Bench = {
  name: 'memory',
  claim:
    "a worker process' resident memory during a backfill of 1,000,000 rows: last third ÷ first",
  aim: {
    text: `≤ ${MAX_GROWTH}, and never over 300 MiB (the ratio shown is the worse of growth and peak, as shares of their aims)`,
    ratio: 1,
    bound: 'at most',
  },

  async run({ rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const url = await prepareArticles(databases, rows, ['body'], CHARS);
      const { samples, seconds } = await backfilled(url, rows, note);
      const working = samples.filter(({ records }) => records >= FIRST_RECORDS && records < rows);
      if (working.length < 9) throw new Error(`only ${working.length} samples: give more --rows`);
      const bytes = working.map((sample) => sample.residentBytes);
      const third = Math.floor(bytes.length / 3);
      const first = quantile(bytes.slice(0, third), 0.5);
      const last = quantile(bytes.slice(-third), 0.5);
      const peak = Math.max(...samples.map((sample) => sample.residentBytes));
      const growth = last / first;
      return {
        figures: {
          'rows/s': rows / seconds,
          'resident memory, MiB': spreadOf(bytes.map((value) => value / MIB)),
          'median of the first third, MiB': first / MIB,
          'median of the last third, MiB': last / MIB,
          'peak, MiB': peak / MIB,
          growth,
        },
        ratio: single(Math.max(growth / MAX_GROWTH, peak / MAX_BYTES)),
        remarks: [
          `one run of ${rows} rows of about ${CHARS} characters, ${samples.length} samples, embedded model; Postgres' index build not included`,
        ],
      };
    } finally {
      await databases.close();
    }
  },
};
