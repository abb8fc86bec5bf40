/** Each verdict of `queue health`, provoked. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { QueueAdmin } from '../../src/engine/index.ts';
import type { HealthLimits } from '../../src/operate/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { addJobs, addSource, change, done, failing, workerFor } from '../setup/queue-fixture.ts';

async function judge(database: Database, limits: Partial<HealthLimits> = {}) {
  const health = await new QueueAdmin(database).health(limits);
  const levels = Object.fromEntries(health.checks.map((check) => [check.what, check.level]));
  // A check that is not good says what to do.
  for (const check of health.checks)
    expect({ ...check, hasRemedy: check.remedy !== undefined }).toMatchObject({
      hasRemedy: check.level !== 'good',
    });
  return { ...health, levels };
}

async function addWorker(database: Database, silentS: number): Promise<string> {
  const id = crypto.randomUUID();
  await database.query(
    `insert into evervec.workers (id, host, pid, version, heartbeat_at)
    values ($1, 'h', 1, 'test', now() - $2 * interval '1 s')`,
    [id, silentS],
  );
  return id;
}

describeEachDatabase('health', (databases) => {
  test('an idle queue is well, with a worker or without', async () => {
    const database = await databases.open();
    await addSource(database, 'a');
    const { healthy, level, levels } = await judge(database);
    expect({ healthy, level }).toEqual({ healthy: true, level: 'good' });
    expect(Object.keys(levels)).toEqual([
      'database',
      'switch',
      'lanes',
      'budget',
      'workers',
      'queue age',
      'stuck jobs',
      'parked jobs',
      'providers',
      'failing jobs',
      'failures',
      'vacuum',
    ]);
  });

  test('work without a worker: at first a warning, then bad', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await change(database, source, 'k');
    expect(await judge(database)).toMatchObject({ healthy: true, levels: { workers: 'warning' } });
    expect(await judge(database, { withoutWorkerS: 0 })).toMatchObject({
      healthy: false,
      level: 'bad',
      levels: { workers: 'bad', 'queue age': 'good' },
    });
    await addWorker(database, 300);
    expect((await judge(database, { withoutWorkerS: 0 })).levels['workers']).toBe('bad');
    await addWorker(database, 0);
    expect((await judge(database, { withoutWorkerS: 0 })).levels['workers']).toBe('good');
  });

  test('a change that waits too long, logged or ready; a backfill may', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const age = async () => (await judge(database, { maxAgeS: 60 })).levels['queue age'];
    await database.query(
      `insert into evervec.changes values ($1, '{k}', now() - interval '2 minutes')`,
      [source],
    );
    expect(await age()).toBe('bad');
    await database.query('delete from evervec.changes');
    await addJobs(database, source, 'ready', ['r']);
    expect(await age()).toBe('good');
    await database.query(`update evervec.jobs set ready_at = now() - interval '2 minutes'`);
    expect(await age()).toBe('bad');
    await database.query(
      'update evervec.jobs set lane_id = (select id from evervec.lanes where bulk_of is not null)',
    );
    expect(await age()).toBe('good');
  });

  test('stopped is bad, a paused lane a warning', async () => {
    const database = await databases.open();
    await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    await admin.pause(['a']);
    expect(await judge(database)).toMatchObject({ healthy: true, levels: { lanes: 'warning' } });
    await admin.stop('anna');
    const { healthy, checks } = await judge(database);
    expect(healthy).toBe(false);
    expect(checks.find((check) => check.what === 'switch')?.found).toMatch(/stopped.*anna/);
  });

  test('parked and stuck jobs', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await addJobs(database, source, 'parked', ['p']);
    await addJobs(database, source, 'leased', ['l'], { worker: crypto.randomUUID() });
    const before = await judge(database);
    expect(before.levels).toMatchObject({ 'parked jobs': 'warning', 'stuck jobs': 'bad' });
    await addWorker(database, 0);
    expect((await judge(database)).levels).toMatchObject({ 'stuck jobs': 'warning' });
  });

  test('tries that fail: more than succeed, or all', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const retry = { maxAttempts: 1 };
    await change(database, source, 'k1', 'k2');
    await workerFor(database, failing(['k1', 'k2']), { retry }).drain();
    expect((await judge(database)).levels['failures']).toBe('bad');
    await change(database, source, 'k3');
    await workerFor(database, done, { retry }).drain();
    expect((await judge(database)).levels['failures']).toBe('warning');
    await change(database, source, 'k4');
    await workerFor(database, done, { retry }).drain();
    expect((await judge(database)).levels['failures']).toBe('good');
  });

  test('a record that fails for hours, changing all the while, and is never parked', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await addJobs(database, source, 'waiting', ['w']);
    expect((await judge(database)).levels['failing jobs']).toBe('good');
    await database.query(`update evervec.jobs set first_failed_at = now() - interval '2 hours'`);
    expect((await judge(database)).levels['failing jobs']).toBe('warning');
  });

  test('a provider that is waited for, and for how long', async () => {
    const database = await databases.open();
    await addSource(database, 'a');
    const level = async () => (await judge(database)).levels['providers'];
    await database.query(`insert into evervec.providers (name) values ('openai')`);
    expect(await level()).toBe('good');
    await database.query(`update evervec.providers set state = 'open', failures = 1`);
    expect(await level()).toBe('warning');
    await database.query(`update evervec.providers set state = 'half_open', failures = 3`);
    expect(await level()).toBe('bad');
  });

  test.skipIf(databases.kind === 'embedded')('a transaction that holds vacuum back', async () => {
    const place = await databases.create();
    const [database, other] = [await place.open(), await place.open()];
    await addSource(database, 'a');
    await other.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read');
      await tx.query('select from evervec.jobs');
      expect((await judge(database)).levels['vacuum']).toBe('good');
      expect((await judge(database, { openTransactionS: 1e-9 })).levels['vacuum']).toBe('bad');
      const ageS =
        'select extract(epoch from now() - xact_start)::float8 as s from pg_stat_activity where pid = $1';
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      const held = await database.query<{ s: number }>(ageS, [rows[0]?.pid]);
      const half = (held.rows[0]?.s ?? 0) / 2;
      expect((await judge(database, { openTransactionS: half })).levels['vacuum']).toBe('warning');
    });
    expect((await judge(database, { openTransactionS: 1e-9 })).levels['vacuum']).toBe('good');
  });

  test('no schema, and no database', async () => {
    const database = await databases.open('empty');
    expect(await judge(database)).toMatchObject({ healthy: false, levels: { schema: 'bad' } });
    await database.close();
    expect(await judge(database)).toMatchObject({ healthy: false, levels: { database: 'bad' } });
  });
});
