/**
 * What more workers bring: records per second of one, two and four worker processes over a model whose calls take 20 ms,
 * 16 texts each, one batch at a time. Workers run and wait before the clock starts.
 */
import { openArticles, prepareArticles } from './articles.ts';
import { alternate, type Bench, ratiosOf, spreadOf } from './bench.ts';
import { distantModel } from './distant-model.ts';
import { forkWorker } from './fork-worker.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const ROWS = 40_000;
const RUNS = 3;
const LATENCY_MS = 20;
const LEFT = `select exists (select from evervec.jobs) or exists (select from evervec.changes) as left`;

export const bench: Bench = {
  name: 'workers',
  claim: 'throughput of two and of four worker processes ÷ that of one, model calls of 20 ms',
  aim: {
    text: 'two ≥ 1.9 and four ≥ 3.6 (the ratio shown is the worse of both, as shares of their aims)',
    ratio: 1,
    bound: 'at least',
  },

  async run({ runs = RUNS, rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const template = await prepareArticles(databases, rows, ['body'], 60);
      const rate = (workers: number) => () =>
        databases.use(async (url) => rows / (await timeWorkers(url, workers)), template);
      const rates = await alternate(runs, { one: rate(1), two: rate(2), four: rate(4) }, note);
      const two = ratiosOf(rates.two, rates.one);
      const four = ratiosOf(rates.four, rates.one);
      return {
        figures: {
          'one, records/s': spreadOf(rates.one),
          'two ÷ one': spreadOf(two),
          'four ÷ one': spreadOf(four),
        },
        ratio: spreadOf(two.map((value, round) => Math.min(value / 1.9, (four[round] ?? 0) / 3.6))),
      };
    } finally {
      await databases.close();
    }
  },
};

/** @returns seconds from the start of the queue to its end */
async function timeWorkers(url: string, count: number): Promise<number> {
  const evervec = await openArticles(url, { model: distantModel(0) });
  try {
    await evervec.setup();
    await evervec.database.query('insert into articles select * from staging');
    await evervec.queue.stop();
    const workers = await Promise.all(
      Array.from({ length: count }, () => forkWorker(url, LATENCY_MS)),
    );
    return await withClient(url, async (watch) => {
      const start = performance.now();
      await evervec.queue.start();
      for (;;) {
        const { rows } = await watch.query<{ left: boolean }>(LEFT);
        if (rows[0]?.left === false) break;
        await new Promise((resolve) => {
          setTimeout(resolve, 10);
        });
      }
      const seconds = (performance.now() - start) / 1_000;
      await Promise.all(workers.map((worker) => worker.stop()));
      return seconds;
    });
  } finally {
    await evervec.close();
  }
}
