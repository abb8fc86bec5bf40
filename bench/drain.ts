/**
 * How fast queues do nothing: 100,000 jobs from the first write to the last completion in the database, in this
 * process, workers running and idle before the first write. Ours writes rows of a user's table besides, whose capture
 * feeds the queue; the peers write their jobs only.
 */
import { alternate, type Bench, ratiosOf, spreadOf } from './bench.ts';
import { evervecQueue } from './drain/evervec.ts';
import { graphileQueue } from './drain/graphile-worker.ts';
import { pgBossQueue } from './drain/pg-boss.ts';
import { type DrainRun, type ReadyQueue, timeDrain } from './drain/timed-drain.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const JOBS = 100_000;
const RUNS = 5;

/*
 * Settings are the best of those tried here: for graphile-worker local queues of 500 and 2,000, 4 to 24 jobs at once and
 * one or ten calls of `add_jobs` (its own benchmark has 500; 2,000 and ten calls are nearly twice as fast); for pg-boss 2 × 1,000, 2 × 2,000 and 4 × 500 with one or ten calls of `insert`; for ours
 * 1 to 4 loops, batches of 500 to 5,000, one to ten inserts.
 */

export const bench: Bench = {
  name: 'drain',
  claim:
    '100,000 no-op jobs, first write to last completion: jobs/s ÷ the better of graphile-worker and pg-boss',
  aim: { text: '≥ 3 × the better of both', ratio: 3, bound: 'at least' },

  async run({ runs = RUNS, rows: jobs = JOBS, note }) {
    const databases = await ScratchDatabases.open();
    const rate = (open: (run: DrainRun) => Promise<ReadyQueue>) => () =>
      databases.use((url) =>
        withClient(url, async (client) => {
          const queue = await open({ url, jobs });
          try {
            await client.query('checkpoint');
            return jobs / (await timeDrain(queue, client, jobs));
          } finally {
            await queue.stop();
          }
        }),
      );
    try {
      const rates = await alternate(
        runs,
        {
          evervec: rate((run) =>
            evervecQueue(run, { concurrency: 2, maxBatch: 5_000, perCall: 25_000 }),
          ),
          'graphile-worker': rate((run) =>
            graphileQueue(run, { concurrentJobs: 24, localQueue: 2_000, perCall: 10_000 }),
          ),
          'pg-boss': rate((run) =>
            pgBossQueue(run, { workers: 2, batchSize: 1_000, perCall: 10_000 }),
          ),
        },
        note,
        { warmUp: true },
      );
      const better = rates['graphile-worker'].map((value, round) =>
        Math.max(value, rates['pg-boss'][round] ?? 0),
      );
      return {
        figures: {
          'evervec, jobs/s': spreadOf(rates.evervec),
          'graphile-worker, jobs/s': spreadOf(rates['graphile-worker']),
          'pg-boss, jobs/s': spreadOf(rates['pg-boss']),
        },
        ratio: spreadOf(ratiosOf(rates.evervec, better)),
      };
    } finally {
      await databases.close();
    }
  },
};
