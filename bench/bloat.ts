/**
 * Whether the queue wears out: it is filled and drained in cycles, in one database. After the first comes an ANALYZE while
 * it is empty, the statistics that have misled planners; at the end stands the twelfth cycle against the first.
 */
import type { Client } from 'pg';
import { type Bench, spreadOf } from './bench.ts';
import { evervecQueue } from './drain/evervec.ts';
import { timeDrain } from './drain/timed-drain.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const JOBS = 50_000;
const RUNS = 3;
const CYCLES = 12;
const AIMS = { analyzed: 0.9, last: 0.8 };
const SETTINGS = { concurrency: 2, maxBatch: 1_000, perCall: 25_000 };

/** @returns jobs/s of each cycle; the second is the first after ANALYZE */
async function cycles(url: string, client: Client, jobs: number): Promise<number[]> {
  const queue = await evervecQueue({ url, jobs }, SETTINGS);
  try {
    // Not measured: the table is filled, and everything is warm.
    await timeDrain(queue, client, jobs);
    const rates: number[] = [];
    for (let cycle = 1; cycle <= CYCLES; cycle++) {
      const before = queue.handled();
      await client.query('checkpoint');
      const took = await timeDrain(
        {
          ...queue,
          write: async () =>
            void (await client.query(`update items set body = 'body ' || id || ' ${cycle}'`)),
          handled: () => queue.handled() - before,
        },
        client,
        jobs,
      );
      rates.push(jobs / took);
      if (cycle === 1) await client.query('analyze');
    }
    return rates;
  } finally {
    await queue.stop();
  }
}

export const bench: Bench = {
  name: 'bloat',
  claim: 'drain rate after ANALYZE on an empty queue ÷ before, and in the 12th cycle ÷ the 1st',
  aim: {
    text: `≥ ${AIMS.analyzed} and ≥ ${AIMS.last} (the ratio shown is the worse of both, as shares of their aims)`,
    ratio: 1,
    bound: 'at least',
  },

  async run({ runs = RUNS, rows: jobs = JOBS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const analyzed: number[] = [];
      const last: number[] = [];
      const first: number[] = [];
      for (let round = 1; round <= runs; round++) {
        const rates = await databases.use((url) =>
          withClient(url, (client) => cycles(url, client, jobs)),
        );
        const [one = Number.NaN, two = Number.NaN] = rates;
        first.push(one);
        analyzed.push(two / one);
        last.push((rates.at(-1) ?? Number.NaN) / one);
        note(
          `round ${round} of ${runs}: ${rates.map((rate) => Math.round(rate)).join(' ')} jobs/s`,
        );
      }
      return {
        figures: {
          'first cycle, jobs/s': spreadOf(first),
          'after ANALYZE ÷ before': spreadOf(analyzed),
          '12th cycle ÷ 1st': spreadOf(last),
        },
        ratio: spreadOf(
          analyzed.map((ratio, round) =>
            Math.min(ratio / AIMS.analyzed, (last[round] ?? Number.NaN) / AIMS.last),
          ),
        ),
        remarks: ['the writing of the rows is in the time'],
      };
    } finally {
      await databases.close();
    }
  },
};
