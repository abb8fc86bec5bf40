/** Workers that are late or cut off: stopped past their lease, by a wrong clock, without their connection, in a queue of their own. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { eventually, Signal } from '../setup/signal.ts';
import { expectConverged, paidTwice } from './converged.ts';
import { forkWorker } from './fork-worker.ts';
import { insertItems, prepareItems } from './items.ts';
import { startModelServer, well } from './model-server.ts';
import { dice, rounds, tell } from './rounds.ts';

/** Notes each write of a vector whose text is not what its row says at that moment. */
async function watchStale(database: Database): Promise<() => Promise<number>> {
  await database.query('create table stale (record_key text)');
  await database.query(`create function note_stale() returns trigger language plpgsql as $$ begin
    if new.text is distinct from (select body from public.items where id::text = new.record_key) then
      insert into public.stale values (new.record_key); end if; return null; end $$`);
  await database.query(`create trigger note_stale after insert or update on evervec.chunks_1
    for each row execute function note_stale()`);
  return async () => (await database.query('select from stale')).rows.length;
}

describeOnPostgres('late workers', (databases) => {
  test('stopped past the lease, then woken: it writes nothing', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    const stale = await watchStale(database);
    const tried = rounds(2);
    for (let round = 0; round < tried; round++) {
      const [from, to] = [round * 20 + 1, round * 20 + 20];
      const called = new Signal('a call of the model');
      const release = new Signal('the answer');
      server.behave = async (texts) => {
        called.fire();
        await release.fired(30_000);
        return well(texts);
      };
      const plan = { url: place.location, modelUrl: server.url, leaseMs: 400, maxBatch: 20 };
      await using sleeper = await forkWorker(plan);
      await insertItems(database, from, to);
      await called.fired();
      sleeper.signal('SIGSTOP');
      server.behave = well;
      // What the sleeper read is out of date when it wakes.
      await database.query('update items set body = body || $1 where id >= $2', [' later', from]);
      await using other = await forkWorker(plan);
      await expectConverged(database, server, { paidAgain: paidTwice(server) });
      release.fire();
      sleeper.signal('SIGCONT');
      // Its stop waits for the batch under way: all that it would write, it has written then.
      await sleeper.stop();
      await other.stop();
      expect(await stale(), 'writes of what the row no longer says').toBe(0);
      expect(await expectConverged(database, server, { paidAgain: 0 })).toBe(to);
    }
    tell('stopped past the lease', 0, { tried });
  });

  test.each([3_600_000, -3_600_000])(
    'a clock off by %i ms changes nothing',
    async (clockShiftMs) => {
      const place = await databases.create();
      const database = await place.open();
      await using server = await startModelServer();
      await prepareItems(database, server.url);
      const plan = { url: place.location, modelUrl: server.url, leaseMs: 1_000, maxBatch: 10 };
      await using wrong = await forkWorker({ ...plan, clockShiftMs });
      await using right = await forkWorker(plan);
      await insertItems(database, 1, 300);
      expect(await expectConverged(database, server)).toBe(300);
      await Promise.all([wrong.stop(), right.stop()]);
    },
  );

  test('a clock set back while a worker runs: it goes on taking back lost leases', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    const plan = { url: place.location, modelUrl: server.url, leaseMs: 500, maxBatch: 10 };
    await using victim = await forkWorker({ ...plan, stopAt: 'after claim' });
    await insertItems(database, 1, 30);
    await victim.reached();
    await using setBack = await forkWorker({ ...plan, clockJumpMs: -3_600_000 });
    await victim.kill();
    expect(await expectConverged(database, server)).toBe(30);
    await setBack.stop();
  });

  test('backends terminated while they write: done again, and right', async () => {
    const { seed, random } = dice();
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    const plan = { url: place.location, modelUrl: server.url, leaseMs: 500, maxBatch: 10 };
    await using worker = await forkWorker({ ...plan, concurrency: 2 });
    let killed = 0;
    const rows = rounds(1) * 400;
    await insertItems(database, 1, rows);
    const wanted = rounds(1) * 3;
    await eventually(
      'backends in the middle of a transaction',
      async () => {
        const found = await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()
          and backend_xid is not null and $1 limit 1`,
          [random() < 0.5],
        );
        killed += found.rows.length;
        const { rows: left } = await database.query('select from evervec.jobs limit 1');
        const { rows: logged } = await database.query('select from evervec.changes limit 1');
        return killed >= wanted || left.length + logged.length === 0 ? true : undefined;
      },
      20_000,
    );
    expect(await expectConverged(database, server, { paidAgain: killed * 20 })).toBe(rows);
    expect(killed, 'backends terminated').toBeGreaterThan(0);
    tell('terminated', seed, { rows, killed, paidTwice: paidTwice(server) });
    await worker.stop();
  });

  test('one connection for all: heartbeats and renewals wait their turn, no lease is lost', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer(async (texts) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return await well(texts);
    });
    await prepareItems(database, server.url);
    await insertItems(database, 1, 500);
    const plan = { url: place.location, modelUrl: server.url, leaseMs: 1_500, maxBatch: 50 };
    await using worker = await forkWorker({ ...plan, concurrency: 4, maxConnections: 1 });
    expect(await expectConverged(database, server)).toBe(500);
    await worker.stop();
  });
});
