/**
 * The queue against chance: writers, workers that are late, die or lose their connection, in many short
 * rounds. After each, with the writers quiet and the queue empty, every vector must be of its row as it is (I3),
 * and nothing may ever have gone backward (I4). Only the last change of a record shows a missing check, so
 * rounds are short and many. A failure prints its seed; run it again with EVERVEC_SEED.
 */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { createEvervec, type Evervec } from '../../src/engine/index.ts';
import { type Random, seededRandom, systemClock } from '../../src/runtime/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { type Faults, faultyDatabase, type Tally } from './faulty-database.ts';

const KEYS = 12;
const LEASE_MS = 40;
const WORKERS = 4;

interface Verdict {
  stale: number;
  backward: number;
  leftOver: number;
}

interface Model {
  database: Database;
  random: Random;
  faults: Omit<Faults, 'random'>;
  tally: Tally;
  changes: { count: number };
}

const QUIET: Omit<Faults, 'random'> = { late: 0, lateMs: 0, dies: 0, killed: 0 };
const ROUGH: Omit<Faults, 'random'> = {
  late: 0.4,
  lateMs: LEASE_MS * 1.5,
  dies: 0.05,
  killed: 0.1,
};

function seed(): number {
  return Number(process.env['EVERVEC_SEED'] ?? Date.now() % 1_000_000);
}

async function open(model: Model, isFaulty: boolean): Promise<Evervec> {
  const faults = { ...(isFaulty ? model.faults : QUIET), random: model.random };
  if (model.faults.mutate) faults.mutate = model.faults.mutate;
  return await createEvervec(
    { model: createDigestModel(), sources: { items: { table: 'items', text: ['body'] } } },
    { database: faultyDatabase(model.database, faults, model.tally) },
  );
}

/** The row's version stands in its text; a trigger on the sidecar counts writes of an older one. */
async function prepare(database: Database): Promise<void> {
  await database.query('create table items (id integer primary key, body text not null)');
  await database.query('create sequence version');
  await database.query('create table backward (record_key text)');
  const evervec = await createEvervec(
    { model: createDigestModel(), sources: { items: { table: 'items', text: ['body'] } } },
    { database },
  );
  await evervec.setup();
  await evervec.backfill();
  await database.query(`create function note_backward() returns trigger language plpgsql as $$ begin
    if split_part(new.text, ' ', 1)::bigint < split_part(old.text, ' ', 1)::bigint then
      insert into public.backward values (new.record_key); end if; return null; end $$`);
  await database.query(`create trigger note_backward after update on evervec.chunks_1
    for each row execute function note_backward()`);
}

async function write({ database, random, changes }: Model): Promise<void> {
  const id = Math.floor(random() * KEYS);
  const other = Math.floor(random() * KEYS);
  const body = `nextval('version') || ' is the version of this row'`;
  const dice = random();
  changes.count += 1;
  if (dice < 0.7)
    await database.query(
      `insert into items values ($1, ${body}) on conflict (id) do update set body = excluded.body`,
      [id],
    );
  else if (dice < 0.85) await database.query('delete from items where id = $1', [id]);
  else if (dice < 0.97)
    await database.query(
      // With a version of its own: an older row that moves to a newer one's key is no step back.
      `update items set id = $2, body = ${body}
      where id = $1 and not exists (select from items where id = $2)`,
      [id, other],
    );
  else await database.query('truncate items');
}

async function round(model: Model): Promise<void> {
  const evervecs = await Promise.all(Array.from({ length: WORKERS }, () => open(model, true)));
  const workers = await Promise.all(
    evervecs.map((evervec) =>
      evervec.worker(undefined, {
        concurrency: 1,
        leaseMs: LEASE_MS,
        pollMs: 5,
        maxCrashes: 1_000,
      }),
    ),
  );
  await Promise.all(workers.map((worker) => worker.start()));
  const writers = Array.from({ length: 3 }, async () => {
    for (let count = 0; count < 8; count++) {
      await write(model).catch(ignoreConflict);
      // Spread over a few leases, so that a record changes while a late worker holds it.
      await systemClock.sleep(model.random() * LEASE_MS);
    }
  });
  await Promise.all(writers);
  await Promise.all(workers.map((worker) => worker.stop()));
}

/** Two writers moving rows to one key: one of them is refused, as it should be. */
function ignoreConflict(error: unknown): void {
  const state = (error as { sqlState?: string }).sqlState;
  if (state !== '23505' && state !== '40P01') throw error;
}

/** Lets leases run out and works off what is left, with nothing going wrong any more. */
async function settle(model: Model): Promise<number> {
  const evervec = await open(model, false);
  const worker = await evervec.worker(undefined, { leaseMs: LEASE_MS, maxCrashes: 1_000 });
  const deadline = performance.now() + 30_000;
  while ((await evervec.pending()) > 0 && performance.now() < deadline) {
    // A lease runs out by the database's clock: nothing signals it.
    await systemClock.sleep(5);
    await worker.drain();
  }
  return await evervec.pending();
}

async function judge(model: Model): Promise<Verdict> {
  const leftOver = await settle(model);
  const { rows } = await model.database.query<{ stale: number; backward: number }>(`select
    (select count(*) from items i full join evervec.chunks_1 c on c.record_key = i.id::text
      where i.body is distinct from c.text)::integer as stale,
    (select count(*) from backward)::integer as backward`);
  return { stale: rows[0]?.stale ?? 0, backward: rows[0]?.backward ?? 0, leftOver };
}

async function start(database: Database, number: number, faults: Omit<Faults, 'random'>) {
  await prepare(database);
  const tally: Tally = { late: 0, died: 0, killed: 0 };
  return { database, random: seededRandom(number), faults, tally, changes: { count: 0 } };
}

/** Statements without the token: whoever finds the job leased may write. */
const withoutToken = (statement: string) =>
  statement.replace(
    /where id = any \(\$1::bigint\[\]\) and state = 1 and claim_token = \$2/,
    (found) => found.replace('claim_token = $2', '$2::bigint is not null'),
  );

/** Statements without the generation: a record that changed meanwhile is taken for done. */
const withoutGeneration = (statement: string) =>
  statement.replace('generation = claim_generation as is_current', 'true as is_current');

describeEachDatabase('the queue against chance', (databases) => {
  const rounds = databases.kind === 'postgres' ? 40 : 15;

  test(`${rounds} rounds: 0 stale, 0 backward, 0 left over`, { timeout: 300_000 }, async () => {
    const number = seed();
    const model = await start(await databases.open(), number, ROUGH);
    for (let count = 0; count < rounds; count++) {
      await round(model);
      expect(await judge(model), `round ${count}, EVERVEC_SEED=${number}`).toEqual({
        stale: 0,
        backward: 0,
        leftOver: 0,
      });
    }
    const { late, died, killed } = model.tally;
    // What did not happen was not tested.
    expect(Math.min(late, died), 'late and dead workers').toBeGreaterThan(0);
    process.stderr.write(
      `seed ${number}: ${model.changes.count} changes, ${late} late, ${died} dead, ${killed} killed\n`,
    );
  });

  test.each([
    { name: 'the token', mutate: withoutToken },
    { name: 'the generation', mutate: withoutGeneration },
  ])('without $name it would be noticed', { timeout: 300_000 }, async ({ mutate }) => {
    const number = seed();
    const model = await start(await databases.open(), number, { ...ROUGH, mutate });
    let verdict: Verdict = { stale: 0, backward: 0, leftOver: 0 };
    let count = 0;
    while (verdict.stale + verdict.backward === 0 && count < 150) {
      await round(model);
      verdict = await judge(model);
      count += 1;
    }
    process.stderr.write(`seed ${number}: noticed in round ${count}: ${JSON.stringify(verdict)}\n`);
    expect(verdict.stale + verdict.backward, `EVERVEC_SEED=${number}`).toBeGreaterThan(0);
  });
});
