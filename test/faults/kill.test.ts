/** Worker processes that end at once, at every step of a batch, or over a record that kills them. */
import { expect, test } from 'vitest';
import { describeOnPostgres } from '../setup/each-database.ts';
import { eventually, Signal } from '../setup/signal.ts';
import { expectConverged, paidTwice } from './converged.ts';
import { forkWorker } from './fork-worker.ts';
import { insertItems, prepareItems } from './items.ts';
import { startModelServer, well } from './model-server.ts';
import { dice, rounds, tell } from './rounds.ts';
import { STEPS } from './stopping-database.ts';

const BATCH = 20;
const LEASE_MS = 600;

describeOnPostgres('kill -9', (databases) => {
  test.each(STEPS)('%s', async (step) => {
    const { seed, between } = dice();
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    await prepareItems(database, server.url);
    let rows = 0;
    const counts = { rounds: 0, rows: 0, paidTwice: 0 };
    for (let round = 0; round < rounds(2); round++) {
      const more = between(BATCH, 3 * BATCH);
      await insertItems(database, rows + 1, rows + more);
      rows += more;
      const plan = {
        url: place.location,
        modelUrl: server.url,
        leaseMs: LEASE_MS,
        maxBatch: BATCH,
      };
      await using victim = await forkWorker({ ...plan, stopAt: step });
      await victim.reached();
      await victim.kill();
      const again = step === 'after model' || step === 'before commit' ? BATCH : 0;
      await using next = await forkWorker(plan);
      const known = paidTwice(server);
      expect(await expectConverged(database, server, { paidAgain: known + again })).toBe(rows);
      await next.stop();
      counts.rounds += 1;
    }
    tell(`kill -9 ${step}`, seed, { ...counts, rows, paidTwice: paidTwice(server) });
  });

  test('while the model is called', async () => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer();
    const called = new Signal('a call of the model');
    server.behave = () => {
      called.fire();
      return { status: 202, body: null };
    };
    await prepareItems(database, server.url);
    await insertItems(database, 1, 50);
    const plan = { url: place.location, modelUrl: server.url, leaseMs: LEASE_MS, maxBatch: BATCH };
    await using victim = await forkWorker(plan);
    await called.fired();
    await victim.kill();
    server.behave = well;
    await using next = await forkWorker(plan);
    expect(await expectConverged(database, server)).toBe(50);
    await next.stop();
  });

  test(
    'a record that kills its worker is parked; the rest is done',
    { timeout: 60_000 },
    async () => {
      const place = await databases.create();
      const database = await place.open();
      await using server = await startModelServer();
      await prepareItems(database, server.url);
      await insertItems(database, 1, 30);
      await database.query(`update items set body = 'poison' where id = 7`);
      let starts = 0;
      const isParked = async () => {
        const { rows } = await database.query('select from evervec.jobs where state = 3');
        return rows.length > 0 ? true : undefined;
      };
      const plan = { url: place.location, modelUrl: server.url, leaseMs: 150, maxBatch: 8 };
      await eventually(
        'the poison parked',
        async () => {
          starts += 1;
          await using worker = await forkWorker({ ...plan, killer: 'poison' });
          await Promise.race([
            worker.exited,
            eventually('parked', isParked, 3_000).catch(() => {}),
          ]);
          return await isParked();
        },
        40_000,
      );
      tell('killer', 0, { starts });
      await using last = await forkWorker({ ...plan, killer: 'poison' });
      expect(await expectConverged(database, server, { parked: ['7'], paidAgain: 30 })).toBe(30);
      await last.stop();
    },
  );
});
