/** What more workers bring: one, two and four processes on one queue, with a model of 20 ms a call. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openArticles, prepareArticles } from './articles.ts';
import { alternate, type Bench, ratiosOf, spreadOf } from './bench.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';
import { slowModel } from './slow-model-worker.ts';

const ROWS = 20_000;
const RUNS = 3;
const AIMS = { two: 1.9, four: 3.6 };

async function start(url: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./slow-model-worker.ts', import.meta.url));
  const child = fork(program, [url]);
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('a worker process ended by itself');
    }),
  ]);
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

/** @returns records/s, from the queue's start to its last record */
async function measure(url: string, rows: number, processes: number): Promise<number> {
  const evervec = await openArticles(url, { model: slowModel });
  const children: ChildProcess[] = [];
  try {
    await evervec.setup();
    await evervec.queue.stop('bench');
    await withClient(url, (client) => client.query('insert into articles select * from staging'));
    for (let count = 0; count < processes; count++) children.push(await start(url));
    const began = performance.now();
    await evervec.queue.start('bench');
    while ((await evervec.pending()) > 0) await delay(10);
    return (rows * 1_000) / (performance.now() - began);
  } finally {
    await Promise.all(children.map(stop));
    await evervec.close();
  }
}

export const bench: Bench = {
  name: 'workers',
  claim: 'records/s of two worker processes ÷ one, and of four ÷ one, with a model of 20 ms a call',
  aim: {
    text: `≥ ${AIMS.two} and ≥ ${AIMS.four} (the ratio shown is the worse of both, as shares of their aims)`,
    ratio: 1,
    bound: 'at least',
  },

  async run({ runs = RUNS, rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const template = await prepareArticles(databases, rows, ['body']);
      const rate = (processes: number) => () =>
        databases.use((url) => measure(url, rows, processes), template);
      const rates = await alternate(runs, { one: rate(1), two: rate(2), four: rate(4) }, note);
      const two = ratiosOf(rates.two, rates.one);
      const four = ratiosOf(rates.four, rates.one);
      return {
        figures: {
          'one, records/s': spreadOf(rates.one),
          'two ÷ one': spreadOf(two),
          'four ÷ one': spreadOf(four),
        },
        ratio: spreadOf(
          two.map((ratio, round) =>
            Math.min(ratio / AIMS.two, (four[round] ?? Number.NaN) / AIMS.four),
          ),
        ),
      };
    } finally {
      await databases.close();
    }
  },
};
