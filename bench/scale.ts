/**
 * Whether a large queue costs more: fold, claim and complete of 20,000 jobs beside a million parked and a million waiting
 * ones and a table of ten million records, against the same beside ten thousand of all that.
 */
import { type Database, openPostgres } from '../src/database/index.ts';
import { createEvervec } from '../src/index.ts';
import { claim, complete, enqueueBulk, fold } from '../src/queue/index.ts';
import { alternate, type Bench, ratiosOf, spreadOf } from './bench.ts';
import { ScratchDatabases, seconds } from './scratch-databases.ts';

const JOBS = 20_000;
const RUNS = 7;
const BATCH = 1_000;
const SMALL = { records: 10_000, failed: 10_000 };

export const bench: Bench = {
  name: 'scale',
  claim:
    'fold, claim and complete with 10,000,000 records, 1,000,000 parked and 1,000,000 waiting ÷ with 10,000 of each, seconds',
  aim: { text: '≤ 1.2 × the time', ratio: 1.2, bound: 'at most' },

  async run({ runs = RUNS, rows: records = 10_000_000, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const large = await fill(databases, { records, failed: records / 10 });
      note('the large one is filled');
      const small = await fill(databases, SMALL);
      try {
        const times = await alternate(
          runs,
          {
            'small, folded': () => timeFolded(small),
            'large, folded': () => timeFolded(large),
            'small, claimed': () => timeClaimed(small),
            'large, claimed': () => timeClaimed(large),
          },
          note,
          { warmUp: true },
        );
        const sum = (size: 'small' | 'large') =>
          times[`${size}, folded`].map(
            (value, round) => value + (times[`${size}, claimed`][round] ?? 0),
          );
        return {
          figures: Object.fromEntries(
            Object.entries(times).map(([name, values]) => [`${name}, s`, spreadOf(values)]),
          ),
          ratio: spreadOf(ratiosOf(sum('large'), sum('small'))),
        };
      } finally {
        await small.close();
        await large.close();
      }
    } finally {
      await databases.close();
    }
  },
};

const FAILED = `
insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at, attempts,
  ready_at, last_error, first_failed_at, failed_at)
select source.id, 'failed ' || n, source.lane_id, 0, $2::smallint, nextval('evervec.generation_seq'), now(), 5,
  now() + interval '1 day', 'TypeError', now(), now()
from evervec.sources source, generate_series($3::bigint, $3 + $1::bigint - 1) n`;

async function fill(
  databases: ScratchDatabases,
  { records, failed }: { records: number; failed: number },
): Promise<Database> {
  const database = await openPostgres({ url: await databases.create() });
  await database.query('create unlogged table items (id integer primary key, body text)');
  await database.query(
    `insert into items select n, 'body' from generate_series(1, $1::integer) n`,
    [records],
  );
  const evervec = await createEvervec(
    { sources: { items: { table: 'items', text: ['body'] } } },
    { database },
  );
  await evervec.setup();
  await database.query(FAILED, [failed, 3, 1]);
  await database.query(FAILED, [failed, 2, failed + 1]);
  await database.query('vacuum analyze evervec.jobs');
  await database.query('checkpoint');
  return database;
}

const REQUEST = {
  workerId: '00000000-0000-4000-8000-000000000001',
  limit: BATCH,
  leaseMs: 60_000,
  sourceIds: null,
};

const keys = Array.from({ length: JOBS }, (_, index) => String(index + 1));

async function sourceOf(database: Database): Promise<number> {
  const { rows } = await database.query<{ id: number }>('select id from evervec.sources');
  return rows[0]?.id ?? 0;
}

/** As changes go: logged, folded and leased in one statement, completed. @returns seconds */
async function timeFolded(database: Database): Promise<number> {
  const sourceId = await sourceOf(database);
  for (let from = 0; from < JOBS; from += BATCH)
    await database.query('insert into evervec.changes (source_id, keys) values ($1, $2)', [
      sourceId,
      keys.slice(from, from + BATCH),
    ]);
  return await seconds(async () => {
    for (;;) {
      const folded = await fold(database, { ...REQUEST, entries: 10, onlySourceId: null });
      if (folded.claim === null) return;
      await complete(database, folded.claim.token, folded.claim.jobs);
    }
  });
}

/** As a backfill goes: queued, claimed, completed. @returns seconds */
async function timeClaimed(database: Database): Promise<number> {
  const sourceId = await sourceOf(database);
  return await seconds(async () => {
    await enqueueBulk(database, sourceId, { keys }, 'backfill');
    for (;;) {
      const claimed = await claim(database, REQUEST);
      if (claimed === null) return;
      await complete(database, claimed.token, claimed.jobs);
    }
  });
}
