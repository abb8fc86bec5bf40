/**
 * Whether the queue's own cost grows with what is known: claim and complete of ready jobs, with a large source table and
 * a tenth of its records parked and a tenth waiting, against the same with ten thousand records. No model, no handler.
 */
import type { Client } from 'pg';
import { openPostgres } from '../src/database/index.ts';
import { createEvervec } from '../src/index.ts';
import { claim, complete } from '../src/queue/index.ts';
import { alternate, type Bench, ratiosOf, spreadOf } from './bench.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';

const ROWS = 10_000_000;
const SMALL = 10_000;
const RUNS = 5;
const READY = 20_000;
const BATCH = 1_000;

/** Jobs in the states `parked` and `waiting`, the last ones for an hour; keys that no ready job has. */
const KEPT = `
insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, attempts, ready_at, enqueued_at)
select source.id, n::text, source.lane_id, 100, case when n % 2 = 0 then 3 else 2 end,
  nextval('evervec.generation_seq'), 1, now() + interval '1 hour', now()
from evervec.sources source, generate_series(1, $1::integer) n`;

const READY_JOBS = `
insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at)
select source.id, 'ready ' || n, source.lane_id, 100, 0, nextval('evervec.generation_seq'), now()
from evervec.sources source, generate_series(1, $1::integer) n`;

/** A database that knows `rows` records. @returns its URL */
async function prepare(databases: ScratchDatabases, rows: number): Promise<string> {
  const url = await databases.create();
  await withClient(url, async (client) => {
    await client.query('create table items (id integer primary key, body text not null)');
    const evervec = await createEvervec({
      database: url,
      sources: { items: { table: 'items', text: ['body'] } },
    });
    await client.query(
      `insert into items select n, 'body ' || n from generate_series(1, ${rows}) n`,
    );
    // Set up after the rows are there: they are known, and none of them is queued.
    await evervec.setup();
    await evervec.close();
    await client.query(KEPT, [Math.floor(rows / 5)]);
    await client.query('vacuum (analyze) evervec.jobs');
  });
  return url;
}

/** @returns seconds for `READY` jobs */
async function measure(url: string): Promise<number> {
  await withClient(url, async (client: Client) => {
    await client.query(READY_JOBS, [READY]);
    await client.query('checkpoint');
  });
  const database = await openPostgres({ url, maxConnections: 1 });
  try {
    const request = {
      workerId: crypto.randomUUID(),
      limit: BATCH,
      leaseMs: 60_000,
      sourceIds: null,
    };
    const start = performance.now();
    let done = 0;
    for (let work = await claim(database, request); work; work = await claim(database, request))
      done += (await complete(database, work.token, work.jobs)).done;
    const took = (performance.now() - start) / 1_000;
    if (done !== READY) throw new Error(`${done} of ${READY} jobs were done`);
    return took;
  } finally {
    await database.close();
  }
}

export const bench: Bench = {
  name: 'scale',
  claim: `claim + complete of ${READY} jobs with 10 million records known, 2 million of them parked or waiting: time ÷ the same with 10,000`,
  aim: { text: '≤ 1.2 × the time', ratio: 1.2, bound: 'at most' },

  async run({ runs = RUNS, rows = ROWS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const small = await prepare(databases, SMALL);
      const began = performance.now();
      const large = await prepare(databases, rows);
      note(`${rows} records made in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
      const taken = await alternate(
        runs,
        { large: () => measure(large), small: () => measure(small) },
        note,
        { warmUp: true },
      );
      return {
        figures: {
          'records known': rows,
          'large, jobs/s': spreadOf(taken.large.map((time) => READY / time)),
          'small, jobs/s': spreadOf(taken.small.map((time) => READY / time)),
        },
        ratio: spreadOf(ratiosOf(taken.large, taken.small)),
      };
    } finally {
      await databases.close();
    }
  },
};
