/** What workers leave behind: history, metrics, and how both are dropped by age. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { QueueAdmin } from '../../src/engine/index.ts';
import { ProviderError } from '../../src/errors/index.ts';
import { cleanUpIfDue } from '../../src/queue/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { addSource, change, done, failing, workerFor } from '../setup/queue-fixture.ts';
import { eventually } from '../setup/signal.ts';

async function partitions(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'evervec.job_history'::regclass order by 1`,
  );
  return rows.map((row) => row.name);
}

/** As of a worker that ran `days` ago. */
async function addOld(database: Database, days: number): Promise<void> {
  await database.query(`do $$ declare day date := (now() at time zone 'UTC')::date - ${days}; begin
    execute format('create table evervec.%I partition of evervec.job_history for values from (%L) to (%L)',
      'job_history_' || to_char(day, 'YYYYMMDD'), day || ' 00:00:00+00', day + 1 || ' 00:00:00+00');
    insert into evervec.job_history (at, kind, source, lane) values
      ((day || ' 12:00:00+00')::timestamptz, 'batch', 'a', 'a');
    insert into evervec.metrics values ((day || ' 12:00:00+00')::timestamptz, 'a', 1, 1, 0, 0, 0, 1, 1);
    insert into evervec.audit_log (at, actor, action, target, detail) values
      ((day || ' 12:00:00+00')::timestamptz, 'anna', 'stop', 'queue', '{}');
    end $$`);
}

describeEachDatabase('the history', (databases) => {
  test('has a row per batch and per failed try, none per record that went well', async () => {
    const database = await databases.open();
    const [a, b] = [await addSource(database, 'a'), await addSource(database, 'b')];
    const admin = new QueueAdmin(database);
    await change(database, a, ...Array.from({ length: 50 }, (_, index) => `k${index}`));
    await change(database, b, 'b1');
    const retry = { maxAttempts: 2, baseMs: 1e9 };
    await workerFor(database, failing(['k7', 'b1']), { retry }).drain();
    await database.query('update evervec.jobs set ready_at = now()');
    await workerFor(database, failing(['k7', 'b1']), { retry }).drain();
    const { rows } = await database.query(
      'select kind, count(*) from evervec.job_history group by 1 order by 1',
    );
    expect(rows).toEqual([
      { kind: 'batch', count: '4' },
      { kind: 'failure', count: '4' },
    ]);
    const recent = await admin.recent({ sources: ['a'] });
    expect(recent.filter((one) => one.kind === 'failure')).toMatchObject([
      { key: 'k7', error: 'TypeError', attempt: 2, parked: true, lane: 'a' },
      { key: 'k7', error: 'TypeError', attempt: 1, parked: false },
    ]);
    expect(recent.filter((one) => one.kind === 'batch')).toMatchObject([
      { jobs: 1, done: 0, failed: 1, took_ms: expect.any(Number), worker: expect.any(String) },
      { jobs: 50, done: 49, failed: 1 },
    ]);
    expect(await admin.recent({ kind: 'failure', limit: 1 })).toHaveLength(1);
    expect(JSON.stringify(await admin.recent())).not.toContain('the text of the record');

    const stats = await admin.stats();
    expect(stats.map((one) => `${one.source} ${one.window}`)).toEqual([
      'a hour',
      'a day',
      'a week',
      'b hour',
      'b day',
      'b week',
    ]);
    expect(stats[0]).toMatchObject({ batches: 2, done: 49, retried: 1, parked: 1 });
    const buckets = await admin.metrics({ sources: ['a'], stepMinutes: 60, spanMinutes: 120 });
    expect(buckets.reduce((sum, one) => sum + one.done, 0)).toBe(49);
    await expect(admin.stats({ sources: ['nope'] })).rejects.toMatchObject({ isUsage: true });
  });

  test('tells what was put off for a provider apart from what failed', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    await change(database, source, 'k1', 'k2');
    await workerFor(
      database,
      async () => {
        throw new ProviderError('it is down', { remedy: 'wait', retryAfterMs: 3_600_000 });
      },
      {},
    ).drain();
    expect(await admin.recent()).toMatchObject([
      { kind: 'batch', jobs: 2, done: 0, failed: 0, postponed: 2 },
    ]);
    expect((await admin.stats())[0]).toMatchObject({ postponed: 2, retried: 0 });
    // Not tried, and yet it has not worked out since: a provider that never comes back shows.
    const { rows } = await database.query(
      'select distinct first_failed_at is not null as shows from evervec.jobs',
    );
    expect(rows).toEqual([{ shows: true }]);
  });

  test('a record whose worker vanished is in it too', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await database.query(
      `insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at,
        claim_token, claim_generation, lease_until, worker_id)
      select id, 'k', lane_id, 0, 1, 1, now(), 1, 1, now() - interval '1 s', gen_random_uuid()
      from evervec.sources where id = $1`,
      [source],
    );
    await workerFor(database, done).drain();
    const admin = new QueueAdmin(database);
    expect(await admin.recent({ kind: 'failure' })).toMatchObject([
      { key: 'k', error: 'LeaseExpired', attempt: 1, parked: false },
    ]);
  });

  test('is written on a day that no one made a partition for', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    for (const name of await partitions(database))
      await database.query(`drop table evervec.${name}`);
    await database.query(`insert into evervec.maintenance values ('cleanup', now())`);
    await change(database, source, 'k');
    await workerFor(database, done).drain();
    expect(await new QueueAdmin(database).recent()).toMatchObject([{ kind: 'batch', done: 1 }]);
    expect((await partitions(database)).length).toBeGreaterThan(1);
  });

  test('that can not be written holds up no work', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await database.query('drop table evervec.metrics');
    await change(database, source, 'k');
    expect(await workerFor(database, done).drain()).toBe(1);
  });
});

describeEachDatabase('clean-up', (databases) => {
  test('drops days of history as a whole, and what else is too old; keeps the rest', async () => {
    const database = await databases.open();
    const admin = new QueueAdmin(database);
    for (const days of [45, 40, 10]) await addOld(database, days);
    await database.query(
      `insert into evervec.workers (id, host, pid, version, heartbeat_at) values
      (gen_random_uuid(), 'gone', 1, 'test', now() - interval '2 days'),
      (gen_random_uuid(), 'here', 2, 'test', now())`,
    );
    // The template may be of yesterday.
    await database.query('select evervec.ensure_history()');
    const before = await partitions(database);
    for (const days of [0, -1, 1.5, Number.NaN, 1e9])
      await expect(admin.cleanup(days)).rejects.toMatchObject({ code: 'EVERVEC_QUEUE_REQUEST' });
    expect(await partitions(database)).toEqual(before);
    expect(await admin.cleanup(30, 'anna')).toEqual({
      days: 30,
      history_days: 2,
      audit_entries: 2,
      metrics: 2,
      workers: 1,
    });
    expect(await partitions(database)).toEqual(before.slice(2));
    const left = await database.query('select at from evervec.job_history');
    expect(left.rowCount).toBe(1);
    expect(await admin.audit()).toMatchObject([
      { actor: 'anna', action: 'cleanup', detail: { history_days: 2 } },
      { action: 'stop' },
    ]);
    const workers = await database.query('select host from evervec.workers');
    expect(workers.rows).toEqual([{ host: 'here' }]);
    expect(await admin.cleanup(1)).toMatchObject({ history_days: 1, audit_entries: 1 });
  });

  test('is done by one worker in all, once in its interval', async () => {
    const database = await databases.open();
    await addOld(database, 40);
    const policy = { everyHours: 24, days: 30 };
    const turns = await Promise.all(
      Array.from({ length: 5 }, (_, index) => cleanUpIfDue(database, policy, `worker ${index}`)),
    );
    expect(turns.filter((turn) => turn !== null)).toMatchObject([{ history_days: 1 }]);
    expect(await cleanUpIfDue(database, policy, 'late')).toBeNull();
    await database.query(`update evervec.maintenance set done_at = now() - interval '25 hours'`);
    expect(await cleanUpIfDue(database, policy, 'next')).toMatchObject({ history_days: 0 });
  });

  test('comes with a worker, by the configured days', async () => {
    const database = await databases.open();
    await addOld(database, 5);
    const admin = new QueueAdmin(database);
    const worker = workerFor(database, done, { cleanup: { days: 3 } });
    await worker.start();
    await eventually('the clean-up', async () =>
      (await admin.audit({ action: 'cleanup' })).length > 0 ? true : undefined,
    );
    await worker.stop();
    expect(await admin.audit()).toMatchObject([
      { actor: `worker ${worker.id}`, detail: { days: 3, history_days: 1 } },
    ]);
  });

  test('can be called in SQL, as pg_cron does', async () => {
    const database = await databases.open();
    await addOld(database, 40);
    const { rows } = await database.query('select evervec.cleanup(30) as report');
    expect(rows).toMatchObject([{ report: { history_days: 1 } }]);
    await expect(database.query('select evervec.cleanup(0)')).rejects.toMatchObject({
      sqlState: '22023',
    });
  });
});
