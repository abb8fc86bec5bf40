/** What operators do to the queue: each action, what it refuses, and that it holds beside workers. */
import { expect, test } from 'vitest';
import { QueueAdmin } from '../../src/engine/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import {
  addJobs,
  addSource,
  change,
  done,
  failing,
  jobStates,
  workerFor,
} from '../setup/queue-fixture.ts';
import { Signal } from '../setup/signal.ts';

describeEachDatabase('dead letters', (databases) => {
  test('show key, error, tries and time, the latest first', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    await change(database, source, 'good', 'bad');
    const once = { retry: { maxAttempts: 1 } };
    await workerFor(database, failing(['bad']), once).drain();
    await change(database, source, 'worse');
    await workerFor(
      database,
      failing(['worse'], () => 'RangeError'),
      once,
    ).drain();
    const { jobs, errors } = await admin.failed();
    expect(jobs).toMatchObject([
      { source: 'a', lane: 'a', key: 'worse', error: 'RangeError', attempts: 1, crashes: 0 },
      { key: 'bad', error: 'TypeError', origin: 'change', failed_at: expect.any(String) },
    ]);
    expect(errors).toEqual([
      { error: 'RangeError', count: 1 },
      { error: 'TypeError', count: 1 },
    ]);
    expect((await admin.failed({ error: 'TypeError' })).jobs).toHaveLength(1);
    expect((await admin.failed({ limit: 1 })).jobs).toMatchObject([{ key: 'worse' }]);
    const view = await database.query('select source, record_key from evervec.dead_letters');
    expect(view.rowCount).toBe(2);
    await expect(admin.failed({ sources: ['nope'] })).rejects.toMatchObject({
      code: 'EVERVEC_UNKNOWN_SOURCE',
    });
  });

  test('come back by id, all or none', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    const [parked = ''] = await addJobs(database, source, 'parked', ['parked']);
    const [waiting = ''] = await addJobs(database, source, 'waiting', ['waiting']);
    const [ready = ''] = await addJobs(database, source, 'ready', ['ready']);
    for (const ids of [[parked, '999999'], [parked, ready], [parked, 'x'], ['0'], []])
      await expect(admin.retry({ ids })).rejects.toMatchObject({ isUsage: true });
    expect(await jobStates(database)).toMatchObject({ parked: 'parked', waiting: 'waiting' });
    expect(await admin.audit()).toEqual([]);
    expect(await admin.retry({ ids: [parked, waiting, parked] }, 'anna')).toBe(2);
    expect(await jobStates(database)).toEqual({
      parked: 'ready',
      waiting: 'ready',
      ready: 'ready',
    });
    expect(await admin.audit()).toMatchObject([
      { actor: 'anna', action: 'retry', detail: { jobs: 2 } },
    ]);
    // A fresh count of tries: it fails twice and is not parked.
    const worker = workerFor(database, failing(['parked']), {
      retry: { maxAttempts: 2, baseMs: 1e9 },
    });
    expect(await worker.drain()).toBe(2);
    expect(await jobStates(database)).toEqual({ parked: 'waiting' });
  });

  test('come back by source, by error, all; nothing else moves', async () => {
    const database = await databases.open();
    const [a, b] = [await addSource(database, 'a'), await addSource(database, 'b')];
    const admin = new QueueAdmin(database);
    await addJobs(database, a, 'parked', ['a1'], { error: 'QueryError EVERVEC_QUERY 22P02' });
    await addJobs(database, a, 'parked', ['a2'], { error: 'TypeError' });
    await addJobs(database, b, 'parked', ['b1', 'b2'], { error: 'TypeError' });
    await addJobs(database, b, 'waiting', ['w']);
    for (const selection of [{}, { all: true, error: 'TypeError' }, { ids: ['1'], all: true }])
      await expect(admin.retry(selection)).rejects.toMatchObject({ code: 'EVERVEC_QUEUE_REQUEST' });
    await expect(admin.retry({ sources: ['a', 'nope'] })).rejects.toMatchObject({
      code: 'EVERVEC_UNKNOWN_SOURCE',
    });
    expect(await admin.countFailed({ error: 'TypeError' }, 10)).toBe(3);
    expect(await admin.retry({ error: 'QueryError' })).toBe(1);
    expect(await admin.retry({ sources: ['a'], error: 'TypeError' })).toBe(1);
    expect(await jobStates(database)).toMatchObject({ a1: 'ready', a2: 'ready', b1: 'parked' });
    expect(await admin.retry({ all: true })).toBe(2);
    expect(await admin.retry({ all: true })).toBe(0);
    expect(await jobStates(database)).toMatchObject({ b1: 'ready', b2: 'ready', w: 'waiting' });
  });

  test('success ends the failing, a change does not', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const failedAt = async () =>
      (await database.query('select first_failed_at as at from evervec.jobs')).rows[0]?.['at'];
    const held = new Signal('the batch');
    const goOn = new Signal('the change');
    await change(database, source, 'k');
    await workerFor(database, failing(['k']), { retry: { maxAttempts: 1 } }).drain();
    const first = await failedAt();
    expect(first).toBeInstanceOf(Date);
    await change(database, source, 'k');
    const slow = workerFor(database, async (jobs, signal) => {
      held.fire();
      await goOn.fired();
      return await done(jobs, signal);
    }).drain();
    await held.fired();
    expect(await failedAt()).toEqual(first);
    await change(database, source, 'k');
    // Folded by a worker that may take nothing.
    await workerFor(database, done, { sourceIds: () => [] }).drain();
    goOn.fire();
    expect(await slow).toBe(1);
    expect(await jobStates(database)).toEqual({});
  });
});

describeEachDatabase('stuck jobs', (databases) => {
  test('are those without lease or worker; reset, they are ready, one crash older', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    const [live, silent] = [crypto.randomUUID(), crypto.randomUUID()];
    await database.query(
      `insert into evervec.workers (id, host, pid, version, heartbeat_at) values
      ($1, 'h', 1, 'test', now()), ($2, 'h', 2, 'test', now() - interval '5 minutes')`,
      [live, silent],
    );
    await addJobs(database, source, 'leased', ['working'], { worker: live });
    await addJobs(database, source, 'leased', ['late'], { worker: live, isLeaseOver: true });
    await addJobs(database, source, 'leased', ['silent'], { worker: silent });
    await addJobs(database, source, 'leased', ['ghost'], { worker: crypto.randomUUID() });
    expect(await admin.stuck()).toMatchObject([
      { key: 'late', reason: 'lease over', worker: live },
      { key: 'silent', reason: 'worker silent' },
      { key: 'ghost', reason: 'worker silent' },
    ]);
    expect(await admin.resetStuck('anna')).toBe(3);
    expect(await jobStates(database)).toEqual({
      working: 'leased',
      late: 'ready',
      silent: 'ready',
      ghost: 'ready',
    });
    const { rows } = await database.query(
      'select distinct crashes from evervec.jobs where state = 0',
    );
    expect(rows).toEqual([{ crashes: 1 }]);
    expect(await admin.resetStuck()).toBe(0);
    expect(await admin.audit()).toMatchObject([
      { actor: 'anna', action: 'reset-stuck', detail: { jobs: 3 } },
    ]);
  });

  test('reset under a worker that lives after all: it writes nothing', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const [started, goOn] = [new Signal('the batch'), new Signal('the reset')];
    await change(database, source, 'k');
    const slow = workerFor(database, async (jobs, signal) => {
      started.fire();
      await goOn.fired();
      return await done(jobs, signal);
    }).drain();
    await started.fired();
    await database.query(`update evervec.jobs set lease_until = now() - interval '1 s'`);
    expect(await new QueueAdmin(database).resetStuck()).toBe(1);
    goOn.fire();
    expect(await slow).toBe(1);
    // Done once: by the fence the first answer counted for nothing, and the drain took the job again.
    const { rows } = await database.query(
      `select jobs, done from evervec.job_history where kind = 'batch' order by at`,
    );
    expect(rows).toEqual([
      { jobs: 1, done: 0 },
      { jobs: 1, done: 1 },
    ]);
  });
});

describeEachDatabase('clearing', (databases) => {
  test('takes the states and sources asked for, and what is logged with the ready ones', async () => {
    const database = await databases.open();
    const [a, b] = [await addSource(database, 'a'), await addSource(database, 'b')];
    const admin = new QueueAdmin(database);
    await addJobs(database, a, 'ready', ['r1', 'r2']);
    await addJobs(database, a, 'waiting', ['w']);
    await addJobs(database, a, 'parked', ['p']);
    await addJobs(database, a, 'leased', ['l'], { worker: crypto.randomUUID() });
    await addJobs(database, b, 'ready', ['other']);
    await change(database, a, 'k1', 'k2', 'k3');
    await change(database, b, 'k4');
    for (const states of [['leased'], [], ['ready', 'nope']])
      await expect(admin.clear({ states })).rejects.toMatchObject({ isUsage: true });
    expect(Object.keys(await jobStates(database))).toHaveLength(6);
    const nothing = { logged: 0, ready: 0, waiting: 0, parked: 0 };
    expect(await admin.clear({ sources: ['a'], states: ['parked'] })).toEqual({
      ...nothing,
      parked: 1,
    });
    expect(await admin.clear({ sources: ['a'], states: ['ready', 'waiting'] }, 'anna')).toEqual({
      ...nothing,
      logged: 3,
      ready: 2,
      waiting: 1,
    });
    expect(await jobStates(database)).toEqual({ l: 'leased', other: 'ready' });
    expect((await admin.audit({ limit: 1 }))[0]).toMatchObject({
      actor: 'anna',
      target: 'source a',
      detail: { states: ['ready', 'waiting'], logged: 3, ready: 2, waiting: 1 },
    });
    expect(await admin.clear({ states: ['ready'] })).toEqual({ ...nothing, logged: 1, ready: 1 });
  });

  test('keeps the news that a table was truncated', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await database.query('insert into evervec.changes (source_id, keys) values ($1, null)', [
      source,
    ]);
    const cleared = await new QueueAdmin(database).clear({ states: ['ready'] });
    expect(cleared).toMatchObject({ logged: 0 });
    const { rowCount } = await database.query('select from evervec.changes');
    expect(rowCount).toBe(1);
  });
});

describeEachDatabase('the audit log', (databases) => {
  test('and the action are one: without its entry nothing is done', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    const [id = ''] = await addJobs(database, source, 'parked', ['p']);
    await addJobs(database, source, 'leased', ['l'], {
      worker: crypto.randomUUID(),
      isLeaseOver: true,
    });
    await database.query(
      `insert into evervec.metrics values (now() - interval '99 days', 'a', 1, 1, 0, 0, 0, 1, 1)`,
    );
    await database.query(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no entry today'; end $$`);
    await database.query(`create trigger refuse before insert on evervec.audit_log
      for each row execute function refuse()`);
    for (const act of [
      () => admin.pause(['a']),
      () => admin.stop(),
      () => admin.retry({ ids: [id] }),
      () => admin.retry({ all: true }),
      () => admin.resetStuck(),
      () => admin.clear({ states: ['parked'] }),
      () => admin.cleanup(30),
    ])
      await expect(act()).rejects.toThrow(/no entry today/);
    expect(await jobStates(database)).toEqual({ l: 'leased', p: 'parked' });
    const status = await admin.status();
    expect(status).toMatchObject({ stopped: false, lanes: { a: { paused: false } } });
    expect((await database.query('select from evervec.metrics')).rowCount).toBe(1);
  });

  test('has no entry for what changed nothing', async () => {
    const database = await databases.open();
    await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    expect(await admin.start()).toBe(false);
    expect(await admin.resume('all')).toEqual([]);
    expect(await admin.retry({ all: true })).toBe(0);
    expect(await admin.audit()).toEqual([]);
    expect(await admin.pause(['a'], 'anna')).toEqual(['a']);
    expect(await admin.pause(['a'], 'bert')).toEqual([]);
    await expect(admin.pause(['a', 'nope'])).rejects.toMatchObject({
      code: 'EVERVEC_UNKNOWN_LANE',
      isUsage: true,
    });
    expect(await admin.stop('anna')).toBe(true);
    expect(await admin.audit()).toMatchObject([
      { actor: 'anna', action: 'stop', target: 'queue' },
      { actor: 'anna', action: 'pause', target: 'lane a' },
    ]);
    expect(await admin.audit({ action: 'pause' })).toHaveLength(1);
  });
});
