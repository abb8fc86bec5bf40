/**
 * How long what went wrong keeps a change waiting: jobs of a worker that stopped, from the end of their lease until
 * another one has them; and a change of which no worker was told, until one finds it by looking. An idle worker with
 * default settings, asked at random moments of its second.
 */
import { openPostgres } from '../src/database/index.ts';
import { createEvervec } from '../src/index.ts';
import { silentLogger } from '../src/runtime/index.ts';
import { Worker } from '../src/worker/index.ts';
import { type Bench, spreadOf } from './bench.ts';
import { ScratchDatabases } from './scratch-databases.ts';

const RUNS = 15;
const LEASE_MS = 300;
const POLL_MS = 1_000;

const LEASED = `
insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at,
  claim_token, claim_generation, lease_until, worker_id)
select id, $1, lane_id, 0, 1, nextval('evervec.generation_seq'), now(), nextval('evervec.claim_seq'), 0,
  now() + $2 * interval '1 millisecond', gen_random_uuid()
from evervec.sources`;
/** As capture does it, but for the notification. */
const LOGGED = `insert into evervec.changes (source_id, keys) select id, array[$1] from evervec.sources`;

export const bench: Bench = {
  name: 'recovery',
  claim:
    'a stopped worker’s jobs, from the end of their lease until another has them; a change without its notification: the longest, seconds',
  aim: {
    text: '≤ 1 s after the lease, and ≤ one poll of 1 s (+ 5 %)',
    ratio: 1.05,
    bound: 'at most',
  },

  async run({ runs = RUNS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      return await databases.use(async (url) => {
        const database = await openPostgres({ url });
        await database.query('create table items (id integer primary key, body text)');
        const sources = { items: { table: 'items', text: ['body'] } };
        await (await createEvervec({ sources }, { database })).setup();
        let seen: (() => void) | undefined;
        const worker = new Worker({
          database,
          logger: silentLogger,
          version: 'bench',
          sourceIds: () => null,
          queueSidecars: async () => {},
          handlerOf: () => async (ready) => {
            seen?.();
            return { ready, write: null, failed: [], deferred: [] };
          },
          pollMs: POLL_MS,
        });
        await worker.start();
        const until = async (statement: string, values: unknown[]) => {
          await pause(Math.random() * POLL_MS);
          const handled = new Promise<void>((resolve) => (seen = resolve));
          const started = performance.now();
          await database.query(statement, values);
          await handled;
          return (performance.now() - started) / 1_000;
        };
        const lost: number[] = [];
        const missed: number[] = [];
        for (let run = 1; run <= runs; run++) {
          lost.push((await until(LEASED, [`l${run}`, LEASE_MS])) - LEASE_MS / 1_000);
          missed.push(await until(LOGGED, [`n${run}`]));
          note(`${run} of ${runs}: ${lost.at(-1)?.toFixed(2)} s, ${missed.at(-1)?.toFixed(2)} s`);
        }
        await worker.stop();
        await database.close();
        const worst = Math.max(...lost, ...missed);
        return {
          figures: {
            'after the lease, s': spreadOf(lost),
            'without notification, s': spreadOf(missed),
          },
          ratio: { median: worst, min: Math.min(...lost, ...missed), max: worst },
        };
      });
    } finally {
      await databases.close();
    }
  },
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
