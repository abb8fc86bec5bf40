/** Queueing every record: what it would cost, going on where it was cut short, taking it back. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { recordWork } from '../../src/queue/index.ts';
import { describeEachDatabase, describeOnPostgres } from '../setup/each-database.ts';
import { configure, expectTrue, keep, queued } from './fixture.ts';

const OPTIONS = { items: { table: 'items', text: ['body'] } };

async function items(database: Database, rows: number): Promise<void> {
  await database.query('create table items (id integer primary key, body text)');
  await database.query(
    `insert into items select n, 'the text of item ' || n from generate_series(1, $1::integer) n`,
    [rows],
  );
}

async function count(database: Database): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    'select count(*)::integer as count from evervec.jobs',
  );
  return rows[0]?.count ?? 0;
}

describeEachDatabase('a backfill', (databases) => {
  test('that was cut short goes on where it was, and queues nothing twice', async () => {
    const database = await databases.open();
    await items(database, 45_000);
    const { evervec } = await configure(database, OPTIONS);
    await evervec.setup();
    const cut = new Error('cut short');
    const isCut = evervec.backfill(undefined, {
      onProgress: () => {
        throw cut;
      },
    });
    await expect(isCut).rejects.toBe(cut);
    expect(await count(database)).toBe(20_000);
    await database.query('delete from evervec.jobs where record_key::integer % 2 = 0');
    const resumed = { source: 'items', queued: 25_000, isResumed: true };
    expect(await evervec.backfill()).toEqual([resumed]);
    expect(await count(database)).toBe(10_000 + 25_000);
    // All are queued, and some still wait: then it is left at that, unless it is told to begin anew.
    expect(await evervec.backfill()).toEqual([{ source: 'items', queued: 0, isResumed: true }]);
    const anew = await evervec.backfill(undefined, { restart: true, priority: 7 });
    expect(anew).toEqual([{ source: 'items', queued: 45_000, isResumed: false }]);
    const { rows } = await database.query(
      'select distinct priority from evervec.jobs order by priority',
    );
    // What was queued at a more urgent priority keeps it.
    expect(rows).toEqual([{ priority: 0 }, { priority: 7 }]);
    const audit = await evervec.queue.audit({ action: 'backfill' });
    expect(audit.map(({ detail }) => detail)).toEqual([{ queued: 45_000 }, { queued: 25_000 }]);
  });

  test('that is done can be done again', async () => {
    const database = await databases.open();
    await items(database, 3);
    const kept = await keep(database, OPTIONS);
    const again = await kept.evervec.backfill();
    expect(again).toEqual([{ source: 'items', queued: 3, isResumed: false }]);
    await kept.drain();
    await expectTrue(kept, `select id::text as key, body as text from items`);
  });

  test('is taken back as long as nobody began, and verify tells that it is missing', async () => {
    const database = await databases.open();
    await items(database, 4);
    const { evervec, drain } = await configure(database, OPTIONS);
    await evervec.setup();
    await evervec.backfill();
    await database.query(`update items set body = 'changed' where id = 2`);
    const verdict = async () =>
      (await evervec.verify()).find(({ what }) => what === 'source items');
    expect(await verdict()).toMatchObject({ level: 'good' });
    expect(await evervec.rollBackBackfill()).toEqual({ items: 4 });
    expect(await verdict()).toMatchObject({
      level: 'bad',
      remedy: expect.stringMatching(/backfill/),
    });
    // A change of a row is not the backfill's.
    expect(await queued(database)).toEqual(['2']);
    expect(await drain()).toBe(1);
    expect(await evervec.rollBackBackfill()).toEqual({ items: 0 });
    expect(await evervec.backfill()).toMatchObject([{ queued: 4, isResumed: false }]);
  });

  test('is planned: what would be embedded, at what price, in what time', async () => {
    const database = await databases.open();
    await items(database, 2_000);
    const kept = await configure(database, OPTIONS, { price: { perMillionTokens: 5 } });
    await kept.evervec.setup();
    const [first] = await kept.evervec.planBackfill();
    expect(first).toMatchObject({ source: 'items', rows: 2_000, seconds: null });
    expect(first?.sampled).toBeGreaterThan(800);
    expect(first?.sampled).toBeLessThan(1_200);
    expect(first?.records).toBe(2_000);
    expect(first?.chunks).toBe(2_000);
    // "the text of item 1000" are 21 bytes.
    expect(first?.tokens).toBeGreaterThan(2_000 * 4);
    expect(first?.tokens).toBeLessThan(2_000 * 7);
    expect(first?.cost).toBeCloseTo(((first?.tokens ?? 0) / 1e6) * 5);
    expect(await count(database)).toBe(0);
    expect(kept.model.texts).toEqual([]);
  });

  test('is planned without what is embedded already', async () => {
    const database = await databases.open();
    await items(database, 10);
    const { evervec } = await keep(database, OPTIONS);
    await database.query(`update items set body = 'another text' where id <= 2`);
    const source = await database.query<{ id: number }>('select id from evervec.sources');
    const batch = {
      jobs: 120,
      done: 120,
      retried: 0,
      parked: 0,
      postponed: 0,
      tookMs: 60_000,
      ageMs: 0,
    };
    await database.query('delete from evervec.metrics');
    const sourceId = source.rows[0]?.id ?? 0;
    await recordWork(database, randomUUID(), [{ sourceId, ...batch }], []);
    const [plan] = await evervec.planBackfill();
    expect(plan).toMatchObject({ rows: 10, sampled: 10, records: 2, chunks: 2, cost: null });
    // 120 in batches of a minute together are 2 in a second.
    expect(plan?.seconds).toBe(5);
  });

  test('of an empty table plans and does nothing', async () => {
    const database = await databases.open();
    await items(database, 0);
    const { evervec } = await configure(database, OPTIONS);
    await evervec.setup();
    expect(await evervec.planBackfill()).toMatchObject([{ rows: 0, sampled: 0, records: 0 }]);
    expect(await evervec.backfill()).toEqual([{ source: 'items', queued: 0, isResumed: false }]);
  });

  test('is asked for where there is something to queue: what comes to an empty table is captured', async () => {
    const database = await databases.open();
    await items(database, 0);
    const kept = await configure(database, OPTIONS);
    const { evervec } = kept;
    expect(await evervec.setup()).toMatchObject([{ outcome: 'created', needsBackfill: false }]);
    await database.query(`insert into items values (1, 'the first')`);
    await kept.drain();
    await expectTrue(kept, 'select id::text as key, body as text from items');
    expect(await evervec.setup()).toMatchObject([{ outcome: 'unchanged', needsBackfill: false }]);
    expect((await evervec.verify()).every(({ level }) => level === 'good')).toBe(true);
    // Neither where the text is made differently, nor where rows were there before.
    const other = await configure(database, {
      items: { table: 'items', text: '{body}!' },
      others: { table: 'items', text: ['body'] },
    });
    expect(await other.evervec.setup()).toMatchObject([
      { outcome: 'updated', needsBackfill: true },
      { outcome: 'created', needsBackfill: true },
    ]);
  });
});

describeOnPostgres('a set-up beside a transaction that writes the first rows', ({ create }) => {
  test('waits for it and sees them: a backfill is asked for', async () => {
    const place = await create('empty');
    const [database, writing] = [await place.open(), await place.open()];
    await items(database, 0);
    const { evervec } = await configure(database, OPTIONS);
    await evervec.setup([]);
    let isSetUp: Promise<unknown> = Promise.resolve();
    await writing.transaction(async (tx) => {
      await tx.query(`insert into items values (1, 'not yet committed')`);
      isSetUp = evervec.setup();
      await expect
        .poll(async () => {
          const { rowCount } = await tx.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return rowCount;
        })
        .toBe(1);
    });
    expect(await isSetUp).toMatchObject([{ outcome: 'created', needsBackfill: true }]);
  });
});

describeEachDatabase('the list of sources', (databases) => {
  test('counts what is small, and takes the statistics of what is large', async () => {
    const database = await databases.open();
    await items(database, 10);
    const { evervec } = await keep(database, OPTIONS);
    expect(await evervec.sources()).toMatchObject([
      { records: 10, chunks: 10, is_estimate: false },
    ]);
    // As if it were large: two chunks a record, as ANALYZE would have it.
    await database.query('analyze evervec.chunks_1');
    await database.query(
      `update pg_class set reltuples = 3000000 where oid = 'evervec.chunks_1'::regclass`,
    );
    const [source] = await evervec.sources();
    expect(source).toMatchObject({ records: 3_000_000, chunks: 3_000_000, is_estimate: true });
  });
});
