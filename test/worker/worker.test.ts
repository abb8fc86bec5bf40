/** The claim loop by itself, with handlers of the tests' own: leases, wake-ups, failures, the end of a worker. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { Handler } from '../../src/worker/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { addJobs, addSource, change, done, failing, workerFor } from '../setup/queue-fixture.ts';
import { eventually, Signal } from '../setup/signal.ts';

async function jobs(database: Database) {
  const { rows } = await database.query<{
    record_key: string;
    state: number;
    attempts: number;
    crashes: number;
    last_error: string | null;
  }>(
    `select record_key, state, attempts, crashes, last_error from evervec.jobs order by record_key`,
  );
  return rows;
}

describeEachDatabase('a worker', (databases) => {
  test('is woken by a change, long before it would look by itself', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const seen = new Signal<string[]>('the batch');
    const idle = new Signal('the first idle moment');
    const worker = workerFor(
      database,
      async (batch, signal) => {
        seen.fire(batch.map((job) => job.recordKey));
        return await done(batch, signal);
      },
      { pollMs: 3_600_000, onIdle: async () => idle.fire() },
    );
    await worker.start();
    await idle.fired();
    await change(database, source, 'k1', 'k2');
    expect(await seen.fired()).toEqual(['k1', 'k2']);
    await worker.stop();
    expect(await jobs(database)).toEqual([]);
  });

  test('goes on with changes while what is done in idle moments takes long, and ends with it', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const [idle, over] = [new Signal('the idle moment'), new Signal('the end of what it is for')];
    const seen = ['k1', 'k2', 'k3', 'k4'].map((key) => [key, new Signal(key)] as const);
    let times = 0;
    let isEnded = false;
    const worker = workerFor(
      database,
      async (batch, signal) => {
        const keys = new Set(batch.map((job) => job.recordKey));
        for (const [key, isSeen] of seen) if (keys.has(key)) isSeen.fire();
        return await done(batch, signal);
      },
      {
        onIdle: async () => {
          times += 1;
          idle.fire();
          await over.fired();
          isEnded = true;
        },
      },
    );
    await worker.start();
    await idle.fired();
    // One after the other, more than there are loops.
    for (const [key, isSeen] of seen) {
      await change(database, source, key);
      await isSeen.fired();
    }
    expect(times).toBe(1);
    const stopping = worker.stop();
    expect(isEnded).toBe(false);
    over.fire();
    await stopping;
    expect(isEnded).toBe(true);
    expect(await jobs(database)).toEqual([]);
  });

  test('keeps the lease of work that takes longer than it', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await change(database, source, 'k1');
    let calls = 0;
    const worker = workerFor(
      database,
      async (batch, signal) => {
        calls += 1;
        const { rows } = await database.query<{ until: Date }>(
          'select lease_until as until from evervec.jobs',
        );
        const first = rows[0]?.until ?? new Date();
        await eventually('a lease renewed past its first end', async () => {
          const now = await database.query(
            'select from evervec.jobs where lease_until > $1 and now() > $1',
            [first],
          );
          return now.rowCount === 1 ? true : undefined;
        });
        return await done(batch, signal);
      },
      { leaseMs: 150 },
    );
    expect(await worker.drain()).toBe(1);
    expect(calls).toBe(1);
  });

  test('writes nothing when its lease was lost, and the record is done by another', async () => {
    const database = await databases.open();
    await database.query('create table output (writer text)');
    const source = await addSource(database, 'a');
    await change(database, source, 'k1');
    const started = new Signal('the slow batch');
    const goOn = new Signal('the other worker has finished');
    const writing = (name: string, before: () => Promise<void>): Handler => {
      return async (batch) => {
        await before();
        return {
          ready: batch,
          write: async (tx) => {
            await tx.query('insert into output values ($1)', [name]);
          },
          failed: [],
          deferred: [],
        };
      };
    };
    const slow = workerFor(
      database,
      writing('slow', async () => {
        started.fire();
        await goOn.fired();
      }),
    );
    const slowEnd = slow.drain();
    await started.fired();
    // As after a pause of the whole process: the lease is over and the reaper was there.
    await database.query(`update evervec.jobs set lease_until = now() - interval '1 s'`);
    expect(
      await workerFor(
        database,
        writing('quick', async () => {}),
      ).drain(),
    ).toBe(1);
    goOn.fire();
    expect(await slowEnd).toBe(0);
    const { rows } = await database.query('select writer from output');
    expect(rows).toEqual([{ writer: 'quick' }]);
  });

  test('gives back what it could not finish when it stops, with no attempt counted', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await change(database, source, 'k1');
    const started = new Signal('the batch');
    const worker = workerFor(
      database,
      (_, signal) => {
        started.fire();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
      { stopMs: 10 },
    );
    await worker.start();
    await started.fired();
    await worker.stop();
    expect(await jobs(database)).toMatchObject([{ state: 0, attempts: 0, crashes: 0 }]);
    const { rowCount } = await database.query('select from evervec.workers');
    expect(rowCount).toBe(0);
  });

  test('tries again what failed, then parks it with the class of the error and not its text', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await change(database, source, 'bad', 'good');
    const handler: Handler = async (batch) => ({
      ready: batch.filter((job) => job.recordKey === 'good'),
      write: null,
      failed: batch
        .filter((job) => job.recordKey === 'bad')
        .map((job) => ({ job, error: new TypeError('the text of the record') })),
      deferred: [],
    });
    const worker = workerFor(database, handler, { retry: { maxAttempts: 2, baseMs: 1, capMs: 1 } });
    await eventually('the bad record parked', async () => {
      await worker.drain();
      const [job] = await jobs(database);
      return job?.state === 3 ? true : undefined;
    });
    expect(await jobs(database)).toEqual([
      { record_key: 'bad', state: 3, attempts: 2, crashes: 0, last_error: 'TypeError' },
    ]);
    // A change of the record gives it a fresh start.
    await change(database, source, 'bad');
    expect(await workerFor(database, done).drain()).toBe(1);
  });

  test('parks a record that its workers never survive', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await change(database, source, 'killer');
    const theEnd = Promise.withResolvers<void>();
    const drains: Promise<number>[] = [];
    for (let crash = 0; crash < 2; crash++) {
      const held = new Signal('a lease');
      const dying = workerFor(database, async (batch, signal) => {
        held.fire();
        await theEnd.promise;
        return await done(batch, signal);
      });
      drains.push(dying.drain());
      await held.fired();
      await database.query(`update evervec.jobs set lease_until = now() - interval '1 s'`);
      await workerFor(database, done, { maxCrashes: 2, sourceIds: () => [] }).drain();
    }
    expect(await jobs(database)).toMatchObject([
      { state: 3, crashes: 2, attempts: 0, last_error: 'LeaseExpired' },
    ]);
    theEnd.resolve();
    expect(await Promise.all(drains)).toEqual([0, 0]);
  });

  test('leaves paused lanes and the sources of others alone', async () => {
    const database = await databases.open();
    const [mine, other, paused] = [
      await addSource(database, 'mine'),
      await addSource(database, 'other'),
      await addSource(database, 'paused'),
    ];
    await database.query(`update evervec.lanes set paused = true where name = 'paused'`);
    for (const source of [mine, other, paused]) await change(database, source, 'k');
    const worker = workerFor(database, done, { sourceIds: () => [mine, paused] });
    expect(await worker.drain()).toBe(1);
    const { rows } = await database.query<{ source_id: number; state: number }>(
      'select source_id, state from evervec.jobs order by source_id',
    );
    expect(rows).toEqual([
      { source_id: other, state: 0 },
      { source_id: paused, state: 0 },
    ]);
  });

  test('one job per record, whatever the number of changes', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    for (let count = 0; count < 5; count++) await change(database, source, 'k1', 'k2', 'k1');
    expect(await workerFor(database, done).drain()).toBe(2);
  });

  test('live changes pass a backlog of bulk work', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    await database.query(
      `insert into evervec.jobs (source_id, record_key, lane_id, priority, state, generation, enqueued_at)
      select s.id, 'bulk' || n, s.lane_id, 100, 0, n, now() from evervec.sources s, generate_series(1, 500) n`,
    );
    await change(database, source, 'live');
    const order: string[] = [];
    const worker = workerFor(
      database,
      async (batch, signal) => {
        order.push(...batch.map((job) => job.recordKey));
        return await done(batch, signal);
      },
      { maxBatch: 50 },
    );
    expect(await worker.drain()).toBe(501);
    expect(order[0]).toBe('live');
  });

  test('comes back when a back-off or a lost lease is over, however seldom it looks by itself', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const seen = new Map<string, number>();
    const both = new Signal('the second try, and the lost job');
    const handler: Handler = async (jobs, signal) => {
      for (const { recordKey } of jobs) seen.set(recordKey, (seen.get(recordKey) ?? 0) + 1);
      if (seen.get('fails') === 2 && seen.has('lost')) both.fire();
      return await (seen.get('fails') === 1 ? failing(['fails']) : done)(jobs, signal);
    };
    const worker = workerFor(database, handler, {
      pollMs: 600_000,
      retry: { baseMs: 20, capMs: 20 },
    });
    await worker.start();
    await change(database, source, 'fails');
    await addJobs(database, source, 'leased', ['lost']);
    await database.query(
      `update evervec.jobs set lease_until = now() + interval '300 ms' where record_key = 'lost'`,
    );
    await change(database, source, 'another');
    await both.fired();
    await worker.stop();
  });

  test('stops at once, however long it would wait for the next look', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const held = new Signal('a loop between its last look and its sleep');
    const stopped = new Signal('the stop');
    let hasWorked = false;
    let looks = 0;
    const worker = workerFor(
      database,
      async (jobs, signal) => {
        hasWorked = true;
        return await done(jobs, signal);
      },
      {
        pollMs: 600_000,
        concurrency: 2,
        onIdle: async () => {
          if (!hasWorked || (looks += 1) !== 1) return;
          held.fire();
          await stopped.fired();
        },
      },
    );
    await worker.start();
    await change(database, source, 'k');
    await held.fired();
    // The other one has gone to sleep by then: it has one statement to wait for.
    for (let statement = 0; statement < 5; statement++) await database.query('select 1');
    const end = worker.stop();
    stopped.fire();
    await end;
  });
});
