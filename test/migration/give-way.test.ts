/** Filling a second space leaves the database to whoever is served by the first. */
import { expect, test, vi } from 'vitest';
import type { Connection, Database } from '../../src/database/index.ts';
import type { LeasedJob } from '../../src/queue/index.ts';
import { GiveWay } from '../../src/worker/give-way.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { eventually, Signal } from '../setup/signal.ts';
import { sidecar } from '../source/fixture.ts';
import { drain, expectBothTrue, migrating, STANDBY } from './fixture.ts';

const SECOND = 7;
const LONG_MS = 60_000;
const WORK_MS = 500;

function job(origin: string | null): LeasedJob {
  return { id: '1', sourceId: SECOND, recordKey: 'a', origin, attempts: 0, crashes: 0 };
}

/** Runs `work` while another session is in the middle of a statement, which begins as `begin` says. */
async function besideOther(
  database: Database,
  work: () => Promise<void>,
  begin: GiveWay['mark'] = async () => {},
): Promise<void> {
  const [isHeld, over] = [new Signal('the lock'), new Signal('the end')];
  const holder = database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(1)');
    isHeld.fire();
    await over.fired();
  });
  await isHeld.fired();
  const other = database.transaction(async (tx) => {
    await begin(tx);
    await tx.query('select pg_advisory_xact_lock(1)');
  });
  try {
    await expect
      .poll(async () => {
        const { rowCount } = await database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rowCount;
      })
      .toBe(1);
    await work();
  } finally {
    over.fire();
    await Promise.all([holder, other]);
  }
}

describeOnPostgres('filling a second space', (databases) => {
  test('rests where somebody else is at work', async () => {
    const database = await databases.open();
    const giveWay = new GiveWay((sourceId) => sourceId === SECOND);
    const isResting = async () => {
      expect(giveWay.begin(SECOND, [job('backfill')])).toBe(true);
      // One batch at a time.
      expect(giveWay.isResting(SECOND)).toBe(true);
      expect(giveWay.restMs).toBeNull();
      await giveWay.end(database, SECOND, LONG_MS);
      return giveWay.isResting(SECOND);
    };
    expect(await isResting()).toBe(false);
    expect(giveWay.mostOf(null)).toBe(Infinity);
    await besideOther(database, async () => {
      expect(await isResting()).toBe(true);
      expect(giveWay.restMs).toBeGreaterThan(LONG_MS);
    });
    // And takes less at once when it goes on; of others as much as ever.
    expect(giveWay.mostOf(null)).toBeLessThan(100);
    expect(giveWay.mostOf([SECOND + 1, SECOND])).toBeLessThan(100);
    expect(giveWay.mostOf([SECOND + 1])).toBe(Infinity);
    // One that rests is no reason for another one to wait longer, nor to wait no longer.
    const other = new GiveWay(() => true);
    await besideOther(database, async () => {
      for (const [source, wroteMs] of [
        [SECOND, 2 * LONG_MS],
        [SECOND + 1, LONG_MS],
      ] as const) {
        other.begin(source, [job('backfill')]);
        await other.end(database, source, wroteMs);
      }
    });
    expect(other.restMs).toBeGreaterThan(2 * LONG_MS);
    expect(other.restMs).toBeLessThan(4 * LONG_MS);
    // Whoever was there just now will hardly be gone.
    expect(await isResting()).toBe(true);
    const later = performance.now() + 3_000;
    vi.spyOn(performance, 'now').mockImplementation(() => later);
    expect(await isResting()).toBe(false);
    vi.restoreAllMocks();
    // What fills, too, is nobody to give way to.
    const alone = new GiveWay(() => true);
    await besideOther(
      database,
      async () => {
        alone.begin(SECOND, [job('backfill')]);
        await alone.end(database, SECOND, LONG_MS);
        expect(alone.isResting(SECOND)).toBe(false);
      },
      (tx) => alone.mark(tx),
    );
  });

  test('rests for what a model in its own process took, where that is on the machine of the database', async () => {
    const database = await databases.open();
    const giveWay = new GiveWay(() => true);
    const isFarAway: Connection['query'] = async (text, values) => {
      const { rows, rowCount } = await database.query(text, values);
      return { rows: rows.map((row) => ({ ...row, is_beside: false })) as never[], rowCount };
    };
    const restAfterWork = async (query: Connection['query']) => {
      giveWay.begin(SECOND, [job('backfill')]);
      const before = process.cpuUsage().user;
      while (process.cpuUsage().user - before < WORK_MS * 1_000);
      await giveWay.end({ ...database, query }, SECOND, 0);
      return giveWay.restMs ?? 0;
    };
    await besideOther(database, async () => {
      expect(await restAfterWork((...asked) => database.query(...asked))).toBeGreaterThan(WORK_MS);
      expect(await restAfterWork(isFarAway)).toBe(0);
    });
  });

  test('is all that rests: no other source, and no change', () => {
    const giveWay = new GiveWay((sourceId) => sourceId === SECOND);
    expect(giveWay.begin(SECOND + 1, [job('backfill')])).toBe(false);
    expect(giveWay.begin(SECOND, [job('backfill'), job(null)])).toBe(false);
    expect(giveWay.isResting(SECOND)).toBe(false);
  });

  test('rests in a worker, which does changes meanwhile', async () => {
    const kept = await migrating(await databases.open(), 40, { worker: { batchSize: 4 } });
    const { database, evervec } = kept;
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    const rested = new Signal('the rest');
    const { end } = GiveWay.prototype;
    vi.spyOn(GiveWay.prototype, 'end').mockImplementation(async function (this: GiveWay, on, id) {
      await end.call(this, on, id, LONG_MS);
      rested.fire();
    });
    await besideOther(database, async () => {
      const worker = await evervec.worker(undefined, { concurrency: 1 });
      await worker.start();
      await rested.fired();
      for (const n of [1, 2, 3, 4, 5]) {
        await database.query('update items set body = $1 where id = 1', [`change ${n}`]);
        await eventually('the change', async () => {
          const found = (await sidecar(database)).find(({ key }) => key === '1');
          return found?.text === `change ${n}` || undefined;
        });
      }
      await worker.stop();
      expect(await sidecar(database, STANDBY)).toHaveLength(4);
    });
    vi.restoreAllMocks();
  });

  test('comes to its end though somebody is always at work', async () => {
    const kept = await migrating(await databases.open(), 40, { worker: { batchSize: 4 } });
    const { database, evervec } = kept;
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    await besideOther(database, async () => {
      expect(await evervec.migrations.fill('items')).toBe(true);
    });
    await drain(kept);
    await expectBothTrue(kept, 'first');
  });
});
