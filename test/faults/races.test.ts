/** Everybody at once: reapers, completions, writers in every order, operators; and a table whose statistics lie. */
import { expect, test } from 'vitest';
import { Client } from 'pg';
import type { Database } from '../../src/database/index.ts';
import type { Evervec } from '../../src/engine/index.ts';
import { claim, complete, type FoldRequest, fold, reap } from '../../src/queue/index.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { expectConverged, paidTwice } from './converged.ts';
import { forkWorker } from './fork-worker.ts';
import { insertItems, prepareItems } from './items.ts';
import { startModelServer } from './model-server.ts';
import { type Dice, dice, rounds, tell } from './rounds.ts';

const REQUEST: FoldRequest = {
  workerId: crypto.randomUUID(),
  limit: 50,
  leaseMs: 60_000,
  sourceIds: null,
  entries: 100,
  onlySourceId: null,
};

async function claimed(database: Database) {
  const folded = await fold(database, REQUEST);
  const work = folded.claim ?? (await claim(database, REQUEST));
  if (work === null) throw new Error('nothing was there to claim');
  return work;
}

/**
 * Transactions that write row by row, one writer up through the even keys, the other down through the odd ones: of
 * each other's rows they want nothing, so whatever they wait for is ours.
 */
async function writeInOrder(url: string, order: 'up' | 'down', times: number): Promise<void> {
  const even = Array.from({ length: 20 }, (_, index) => 2 * index + 2);
  const keys = order === 'up' ? even : even.map((key) => key - 1).toReversed();
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (let time = 0; time < times; time++) {
      await client.query('begin');
      for (const key of keys)
        await client.query('update items set body = $2 where id = $1', [
          key,
          `item ${key} ${order} ${time}`,
        ]);
      await client.query('commit');
    }
  } finally {
    await client.end();
  }
}

const ACTIONS = ['pause', 'resume', 'stop', 'start', 'retry'] as const;

async function operate(evervec: Evervec, { between }: Dice): Promise<string> {
  const action = ACTIONS[between(0, ACTIONS.length - 1)] ?? 'start';
  if (action === 'pause' || action === 'resume') await evervec.queue[action]('all', 'test');
  else if (action === 'retry') await evervec.queue.retry({ all: true }, 'test');
  else await evervec.queue[action]('test');
  return action;
}

describeOnPostgres('races', (databases) => {
  test('two reapers at once count each crash once; a completion wins or loses whole', async () => {
    const place = await databases.create();
    const database = await place.open();
    const other = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    const tried = rounds(10);
    let completed = 0;
    for (let round = 0; round < tried; round++) {
      await insertItems(database, round * 20 + 1, round * 20 + 20);
      const work = await claimed(database);
      await database.query(`update evervec.jobs set lease_until = now() - interval '1 second'`);
      const [first, second, done] = await Promise.all([
        reap(database, 1_000),
        reap(other, 1_000),
        complete(other, work.token, work.jobs),
      ]);
      expect(first.length + second.length + done.done, 'each job once').toBe(20);
      completed += done.done;
      const { rows } = await database.query('select max(crashes) as most from evervec.jobs');
      expect(Number(rows[0]?.['most'] ?? 1)).toBeLessThanOrEqual(1);
      await database.query('delete from evervec.jobs');
    }
    tell('reapers', 0, { rounds: tried, completed });
  });

  test('writers in opposite orders beside workers: no deadlock', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    await insertItems(database, 1, 200);
    const plan = { url: place.location, modelUrl: server.url, maxBatch: 30, leaseMs: 5_000 };
    await using one = await forkWorker(plan);
    await using two = await forkWorker(plan);
    const deadlocks = async () => {
      const { rows } = await database.query(
        'select deadlocks from pg_stat_database where datname = current_database()',
      );
      return Number(rows[0]?.['deadlocks']);
    };
    const times = rounds(20);
    await Promise.all([
      writeInOrder(place.location, 'up', times),
      writeInOrder(place.location, 'down', times),
    ]);
    expect(await expectConverged(database, server, { paidAgain: paidTwice(server) + 120 })).toBe(
      200,
    );
    expect(await deadlocks()).toBe(0);
    await Promise.all([one.stop(), two.stop()]);
  });

  test('a slow writer that holds one row keeps no other from being embedded', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    await insertItems(database, 1, 100);
    await using worker = await forkWorker({ url: place.location, modelUrl: server.url });
    await expectConverged(database, server);
    const slow = new Client({ connectionString: place.location });
    await slow.connect();
    await slow.query('begin');
    await slow.query(`update items set body = 'item 5 slowly' where id = 5`);
    await database.query(`update items set body = body || ' again' where id <> 5`);
    await eventually('the other 99', async () => {
      const { rows } = await database.query(
        `select from evervec.chunks_1 where text like '% again'`,
      );
      return rows.length === 99 ? true : undefined;
    });
    await slow.query('commit');
    await slow.end();
    expect(await expectConverged(database, server)).toBe(100);
    await worker.stop();
  });

  test('statistics of an empty queue, and a snapshot that pins all it leaves behind', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    await database.query('analyze');
    const pin = new Client({ connectionString: place.location });
    await pin.connect();
    await pin.query('begin isolation level repeatable read; select 1');
    const rows = rounds(1) * 4_000;
    await insertItems(database, 1, rows);
    const began = performance.now();
    await using worker = await forkWorker({
      url: place.location,
      modelUrl: server.url,
      leaseMs: 10_000,
    });
    expect(await expectConverged(database, server)).toBe(rows);
    tell('pinned', 0, { rows, ms: Math.round(performance.now() - began) });
    await pin.query('rollback');
    await pin.end();
    await worker.stop();
  });

  test('operators pause, resume, stop, start and retry while all runs', async () => {
    const chance = dice();
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    const evervec = await prepareItems(database, server.url);
    const plan = { url: place.location, modelUrl: server.url, maxBatch: 10, leaseMs: 5_000 };
    await using one = await forkWorker(plan);
    await using two = await forkWorker(plan);
    const counts: Record<string, number> = {};
    const tried = rounds(40);
    for (let round = 0; round < tried; round++) {
      await insertItems(database, round * 10 + 1, round * 10 + 10);
      const action = await operate(evervec, chance);
      counts[action] = (counts[action] ?? 0) + 1;
    }
    await evervec.queue.start('test');
    await evervec.queue.resume('all', 'test');
    expect(await expectConverged(database, server), `EVERVEC_SEED=${chance.seed}`).toBe(tried * 10);
    tell('operators', chance.seed, counts);
    await Promise.all([one.stop(), two.stop()]);
  });
});
