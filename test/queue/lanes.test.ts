/** Which work goes first: lanes with limits and shares, priorities, newer first, and what is reserved for the rest. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import {
  claim,
  complete,
  enqueueBulk,
  fold,
  type LaneSettings,
  reap,
  saveLanes,
  takeBackBackfill,
} from '../../src/queue/index.ts';
import { LogTurns } from '../../src/worker/log-turns.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { addJobs, addSource, change, done, jobStates, workerFor } from '../setup/queue-fixture.ts';

const WORKER = '00000000-0000-4000-8000-000000000001';

function request(limit: number) {
  return { workerId: WORKER, limit, leaseMs: 60_000, sourceIds: null };
}

async function setLanes(database: Database, settings: Record<string, LaneSettings>): Promise<void> {
  await database.transaction((tx) => saveLanes(tx, settings));
}

/** Claims `times` batches of one job. @returns the key of each */
async function claimKeys(
  database: Database,
  times: number,
  isReserved = false,
): Promise<(string | undefined)[]> {
  const keys: (string | undefined)[] = [];
  for (let time = 0; time < times; time++) {
    const claimed = await claim(database, request(1), isReserved);
    keys.push(claimed?.jobs[0]?.recordKey);
  }
  return keys;
}

async function rank(database: Database, key: string, priority: number, ageS: number) {
  await database.query(
    `update evervec.jobs set priority = $2, recency = now() - $3 * interval '1 second' where record_key = $1`,
    [key, priority, ageS],
  );
}

const range = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describeEachDatabase('lanes', (databases) => {
  test('within a lane by priority, then newer first; a reserved claim the other way round', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await addJobs(database, source, 'ready', ['old', 'new', 'urgent', 'later']);
    await rank(database, 'old', 0, 60);
    await rank(database, 'new', 0, 1);
    await rank(database, 'urgent', -5, 900);
    await rank(database, 'later', 7, 0);
    expect(await claimKeys(database, 1, true)).toEqual(['later']);
    expect(await claimKeys(database, 1)).toEqual(['urgent']);
    expect(await claimKeys(database, 1, true)).toEqual(['old']);
    expect(await claimKeys(database, 2)).toEqual(['new', undefined]);
  });

  test('a limited lane has no more batches at once than its limit, and the others go on', async () => {
    const database = await databases.open();
    const limited = await addSource(database, 'limited');
    const other = await addSource(database, 'other');
    await setLanes(database, { limited: { concurrency: 2, priority: -1 } });
    await addJobs(database, limited, 'ready', range('l', 5));
    await addJobs(database, other, 'ready', range('o', 2));
    const first = await claim(database, request(1));
    expect(first?.jobs[0]?.sourceId).toBe(limited);
    const rest = await claimKeys(database, 4);
    expect(rest.map((key) => key?.[0])).toEqual(['l', 'o', 'o', undefined]);
    await complete(database, first?.token ?? '', first?.jobs ?? []);
    expect((await claimKeys(database, 2)).map((key) => key?.[0])).toEqual(['l', undefined]);
    // Workers that died hold no slot once their leases are over.
    await database.query(
      `update evervec.jobs set lease_until = now() - interval '1 s' where state = 1`,
    );
    await reap(database, 9);
    const again = await claimKeys(database, 5);
    expect(again.filter((key) => key?.startsWith('l'))).toHaveLength(2);
  });

  test('claims that race for the slots of a lane stay within its limit', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await setLanes(database, { a: { concurrency: 3 } });
    await addJobs(database, source, 'ready', range('k', 200));
    let taken = 0;
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 8 }, () => claim(database, request(2))));
      const { rows } = await database.query<{ claims: number; token: string }>(
        'select count(distinct claim_token)::integer as claims, min(claim_token) as token from evervec.jobs where state = 1',
      );
      expect(rows[0]?.claims).toBeLessThanOrEqual(3);
      taken += rows[0]?.claims ?? 0;
      await database.query('delete from evervec.jobs where state = 1');
    }
    expect(taken).toBeGreaterThan(20);
  });

  test('a lower limit takes slots away, and a lane that is not named has none', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await addJobs(database, source, 'ready', range('k', 9));
    await setLanes(database, { a: { concurrency: 3 } });
    await setLanes(database, { a: { concurrency: 1 } });
    expect((await claimKeys(database, 2)).filter(Boolean)).toHaveLength(1);
    await setLanes(database, {});
    expect((await claimKeys(database, 4)).filter(Boolean)).toHaveLength(4);
  });

  test('a lane gets its share of the claims, however urgent the others are', async () => {
    const database = await databases.open();
    const urgent = await addSource(database, 'urgent');
    const shared = await addSource(database, 'shared');
    await setLanes(database, { urgent: { priority: -10 }, shared: { share: 0.3, priority: 50 } });
    await addJobs(database, urgent, 'ready', range('u', 100));
    await addJobs(database, shared, 'ready', range('s', 100));
    const keys = await claimKeys(database, 100);
    const got = keys.filter((key) => key?.startsWith('s')).length;
    expect(got).toBeGreaterThanOrEqual(28);
    expect(got).toBeLessThanOrEqual(32);
  });

  test('changes of a lane with a share or a limit are claimed, never leased as they are folded', async () => {
    const database = await databases.open();
    const limited = await addSource(database, 'limited');
    const free = await addSource(database, 'free');
    await setLanes(database, { limited: { concurrency: 1 } });
    await change(database, limited, 'l1', 'l2');
    await change(database, free, 'f');
    const folded = await fold(database, { ...request(10), entries: 100, onlySourceId: null });
    expect(folded.claim?.jobs.map((job) => job.recordKey)).toEqual(['f']);
    expect(await jobStates(database)).toEqual({ f: 'leased', l1: 'ready', l2: 'ready' });
  });

  test('entries with a priority wait behind what is more urgent, however early they were written', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const log = async (priority: number, keys: string[]) =>
      await database.query(
        'insert into evervec.changes (source_id, keys, priority) values ($1, $2, $3)',
        [source, keys, priority],
      );
    for (let entry = 0; entry < 30; entry++) await log(10, range(`low${entry}-`, 20));
    await log(0, ['urgent']);
    const order: string[] = [];
    const worker = workerFor(
      database,
      async (batch, signal) => {
        order.push(...batch.map((job) => job.recordKey));
        return await done(batch, signal);
      },
      { maxBatch: 5 },
    );
    expect(await worker.drain()).toBe(601);
    // Within a batch the order says nothing.
    expect(order.slice(0, 5)).toContain('urgent');
  });

  test('a tenth of the claims goes to bulk work while changes never end', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await enqueueBulk(database, source, { keys: range('bulk', 1_000) }, 'backfill');
    const order: string[] = [];
    let batches = 0;
    const worker = workerFor(
      database,
      async (batch, signal) => {
        order.push(batch[0]?.recordKey ?? '');
        batches += 1;
        if (batches < 60) await change(database, source, ...range(`live${batches}-`, 10));
        return await done(batch, signal);
      },
      { maxBatch: 5 },
    );
    await change(database, source, ...range('live', 10));
    await worker.drain();
    const early = order.slice(0, 50).filter((key) => key.startsWith('bulk'));
    expect(early.length).toBeGreaterThanOrEqual(4);
    expect(early.length).toBeLessThanOrEqual(7);
  });

  test('a change of a record that a backfill queued makes it a change', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const bulk = { keys: ['x', 'y'], priorities: [-3, null], recencies: ['2020-01-01', null] };
    await enqueueBulk(database, source, bulk, 'backfill');
    await change(database, source, 'x');
    await database.query(`update evervec.control set stopped = true`);
    await fold(database, { ...request(10), entries: 100, onlySourceId: null });
    const { rows } = await database.query(
      `select record_key, lane.name, job.priority, origin from evervec.jobs job
      join evervec.lanes lane on lane.id = lane_id order by record_key`,
    );
    expect(rows).toEqual([
      { record_key: 'x', name: 'a', priority: 0, origin: null },
      { record_key: 'y', name: 'a:bulk', priority: 0, origin: 'backfill' },
    ]);
  });

  test('a backfill embeds by priority, then the newest rows first', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const bulk = {
      keys: ['old', 'new', 'urgent', 'tomorrow'],
      priorities: [5, 5, 1, 5],
      recencies: ['2020-01-01', '2025-06-01', '2001-01-01', '2999-01-01'],
    };
    await enqueueBulk(database, source, bulk, 'backfill');
    expect(await claimKeys(database, 4)).toEqual(['urgent', 'tomorrow', 'new', 'old']);
  });

  test('a backfill is taken back: what nobody began and what did not change since', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const other = await addSource(database, 'b');
    await enqueueBulk(database, source, { keys: ['begun', 'changed', 'x', 'y'] }, 'backfill');
    await enqueueBulk(database, source, { keys: ['reconciled'] }, 'reconcile');
    await enqueueBulk(database, other, { keys: ['other'] }, 'backfill');
    await database.query(
      `update evervec.jobs set state = 1, claim_token = 1 where record_key = 'begun'`,
    );
    await database.query(`update evervec.sources set queued_fingerprint = 'f'`);
    await change(database, source, 'changed');
    await fold(database, { ...request(1), sourceIds: [], entries: 100, onlySourceId: null });
    expect(await takeBackBackfill(database, { id: source, name: 'a' }, 'anna')).toBe(2);
    expect(Object.keys(await jobStates(database))).toEqual([
      'begun',
      'changed',
      'other',
      'reconciled',
    ]);
    const { rows } = await database.query(
      `select name, queued_fingerprint from evervec.sources order by name`,
    );
    expect(rows.map((row) => row['queued_fingerprint'])).toEqual([null, 'f']);
    const audit = await database.query(
      `select actor, action, target, detail from evervec.audit_log`,
    );
    expect(audit.rows).toEqual([
      { actor: 'anna', action: 'backfill rollback', target: 'source a', detail: { jobs: 2 } },
    ]);
    expect(await takeBackBackfill(database, { id: source, name: 'a' }, 'anna')).toBe(0);
  });

  test('in a long log the sources take turns', async () => {
    const database = await databases.open();
    const crowd = await addSource(database, 'crowd');
    const single = await addSource(database, 'single');
    for (let entry = 0; entry < 50; entry++)
      await change(database, crowd, ...range(`${entry}-`, 9));
    await change(database, single, 'one');
    const turns = new LogTurns({ lookEveryMs: 0 });
    expect(turns.next()).toBeNull();
    await turns.note(database, true);
    const seen = [turns.next(), turns.next(), turns.next()];
    expect(new Set(seen)).toEqual(new Set([crowd, single]));
    const folded = await fold(database, { ...request(5), entries: 10, onlySourceId: single });
    expect(folded).toMatchObject({ count: 1, entries: 1, hasMore: true });
    expect(folded.claim?.jobs.map((job) => job.recordKey)).toEqual(['one']);
    await turns.note(database, true);
    expect(turns.next()).toBeNull();
    await turns.note(database, false);
    expect(turns.next()).toBeNull();
  });
});
