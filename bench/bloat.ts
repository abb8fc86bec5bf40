/**
 * Whether a queue slows down with use: twelve times 50,000 jobs written and drained in the same database, then ANALYZE
 * while it is empty (after which a plan that goes by statistics would read all of it), then three times more.
 */
import { type Bench, quantile, single, spreadOf } from './bench.ts';
import { evervecQueue } from './drain/evervec.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';
import { timeDrain } from './drain/timed-drain.ts';

const JOBS = 50_000;
const CYCLES = 12;
const AFTER = 3;
const SETTINGS = { concurrency: 2, maxBatch: 5_000, perCall: 25_000 };

export const bench: Bench = {
  name: 'bloat',
  claim: 'jobs/s in cycles 10 to 12 ÷ those in 1 to 3; after ANALYZE on the empty queue ÷ before',
  aim: {
    text: 'later ≥ 0.8 and after ANALYZE ≥ 0.9 (the ratio shown is the worse of both, as shares of their aims)',
    ratio: 1,
    bound: 'at least',
  },

  async run({ rows: jobs = JOBS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      return await databases.use((url) =>
        withClient(url, async (client) => {
          const queue = await evervecQueue({ url, jobs }, SETTINGS);
          const rates: number[] = [];
          const cycle = async () => {
            const before = queue.handled();
            const handled = () => queue.handled() - before;
            rates.push(jobs / (await timeDrain({ ...queue, handled }, client, jobs)));
            note(`cycle ${rates.length}: ${Math.round(rates.at(-1) ?? 0)} jobs/s`);
          };
          try {
            await cycle();
            // The first one warmed up.
            rates.length = 0;
            for (let count = 0; count < CYCLES; count++) await cycle();
            await client.query('analyze');
            for (let count = 0; count < AFTER; count++) await cycle();
          } finally {
            await queue.stop();
          }
          const median = (from: number, to: number) => quantile(rates.slice(from, to), 0.5);
          const later = median(CYCLES - 3, CYCLES) / median(0, 3);
          const analyzed = median(CYCLES, CYCLES + AFTER) / median(CYCLES - 3, CYCLES);
          return {
            figures: {
              'jobs/s': spreadOf(rates),
              'cycles 10 to 12 ÷ 1 to 3': later,
              'after ANALYZE ÷ before': analyzed,
            },
            ratio: single(Math.min(later / 0.8, analyzed / 0.9)),
          };
        }),
      );
    } finally {
      await databases.close();
    }
  },
};
