/** Operators and running workers: stop and start are obeyed at once, retries and pauses race claims and lose nothing. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { QueueAdmin } from '../../src/engine/index.ts';
import { seededRandom, systemClock } from '../../src/runtime/index.ts';
import type { Handler, Worker } from '../../src/worker/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { addJobs, addSource, change, done, jobStates, workerFor } from '../setup/queue-fixture.ts';
import { eventually, Signal } from '../setup/signal.ts';

const HOUR_MS = 3_600_000;

/** A worker that only a notification wakes, and how often it found nothing to do. */
async function startWorker(database: Database, handler: Handler) {
  const idle = { count: 0 };
  const worker = workerFor(database, handler, {
    pollMs: HOUR_MS,
    onIdle: async () => {
      idle.count += 1;
    },
  });
  await worker.start();
  return { worker, idle };
}

/** Twice idle: the second look began after this call. */
async function looked(database: Database, idle: { count: number }): Promise<void> {
  for (let look = 0; look < 2; look++) {
    const before = idle.count;
    await database.query(`select pg_notify('evervec', '')`);
    await eventually('an idle worker', () => (idle.count > before ? true : undefined));
  }
}

describeEachDatabase('a running worker', (databases) => {
  test('finishes what it holds when the queue is stopped, takes nothing more, goes on at start', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    const [held, goOn] = [new Signal('the first batch'), new Signal('the stop')];
    const finished: string[] = [];
    const { worker, idle } = await startWorker(database, async (jobs, signal) => {
      held.fire();
      await goOn.fired();
      finished.push(...jobs.map((job) => job.recordKey));
      return await done(jobs, signal);
    });
    await change(database, source, 'first');
    await held.fired();
    expect(await admin.stop('anna')).toBe(true);
    expect(await admin.stop('bert')).toBe(false);
    await change(database, source, 'logged');
    await addJobs(database, source, 'ready', ['ready']);
    goOn.fire();
    await eventually('the first one done', () => (finished.length > 0 ? true : undefined));
    await looked(database, idle);
    expect(finished).toEqual(['first']);
    expect(await jobStates(database)).toEqual({ logged: 'ready', ready: 'ready' });
    expect(await admin.status()).toMatchObject({ stopped: true, stopped_by: 'anna' });

    // Nothing but the notification can wake it within the hour.
    expect(await admin.start('anna')).toBe(true);
    await eventually('the others done', () => (finished.length === 3 ? true : undefined));
    await worker.stop();
    expect(await jobStates(database)).toEqual({});
  });

  test('lets a paused lane be, and is woken when it is resumed', async () => {
    const database = await databases.open();
    const [a, b] = [await addSource(database, 'a'), await addSource(database, 'b')];
    const admin = new QueueAdmin(database);
    const finished: string[] = [];
    const { worker, idle } = await startWorker(database, async (jobs, signal) => {
      finished.push(...jobs.map((job) => job.recordKey));
      return await done(jobs, signal);
    });
    await admin.pause(['a'], 'anna');
    await change(database, a, 'a1');
    await change(database, b, 'b1');
    await looked(database, idle);
    expect(finished).toEqual(['b1']);
    await admin.resume('all', 'anna');
    await eventually('the paused one done', () => (finished.length === 2 ? true : undefined));
    await worker.stop();
  });

  test('says what it is working on, and beats, while a batch lasts', async () => {
    const database = await databases.open();
    const source = await addSource(database, 'a');
    const admin = new QueueAdmin(database);
    const goOn = new Signal('the status');
    await change(database, source, 'k1', 'k2');
    const { worker } = await startWorker(database, async (jobs, signal) => {
      await goOn.fired();
      return await done(jobs, signal);
    });
    const seen = await eventually('the current work', async () => {
      const [status] = (await admin.status()).workers;
      return status?.working_on === 'a' ? status : undefined;
    });
    expect(seen).toMatchObject({ leased: 2, is_silent: false, working_s: expect.any(Number) });
    const beat = async () => {
      const { rows } = await database.query<{ at: Date }>(
        'select heartbeat_at as at from evervec.workers',
      );
      return rows[0]?.at.getTime();
    };
    const before = await beat();
    await eventually('another beat', async () => ((await beat()) !== before ? true : undefined));
    goOn.fire();
    await eventually('idle again', async () => {
      const [status] = (await admin.status()).workers;
      return status?.working_on === null && status.processed === 2 ? true : undefined;
    });
    await worker.stop();
  });
});

const RECORDS = 300;
const ROUNDS = 12;

describeEachDatabase('actions by dice', (databases) => {
  test('retry, pause, stop against claims: each record done once, none lost', async () => {
    const seed = Number(process.env['EVERVEC_SEED'] ?? Date.now() % 1_000_000);
    const random = seededRandom(seed);
    const database = await databases.open();
    const sources = [await addSource(database, 'a'), await addSource(database, 'b')];
    const admin = new QueueAdmin(database);
    const finished = new Map<string, number>();
    const workers: Worker[] = [];
    const handler: Handler = async (jobs) => {
      await systemClock.sleep(random() * 3);
      // Half of them fail, and are parked at once.
      const failed = jobs.filter(() => random() < 0.5);
      const ready = jobs.filter((job) => !failed.includes(job));
      return {
        ready,
        write: async (_, owned) => {
          for (const { recordKey } of owned)
            finished.set(recordKey, (finished.get(recordKey) ?? 0) + 1);
        },
        failed: failed.map((job) => ({ job, error: new TypeError('x') })),
        deferred: [],
      };
    };
    const keys = Array.from({ length: RECORDS }, (_, index) => `k${index}`);
    await addJobs(database, sources[0] ?? 0, 'parked', keys.slice(0, RECORDS / 2));
    await addJobs(database, sources[1] ?? 0, 'ready', keys.slice(RECORDS / 2));
    for (let count = 0; count < 3; count++)
      workers.push(
        workerFor(database, handler, { maxBatch: 7, pollMs: 5, retry: { maxAttempts: 1 } }),
      );
    await Promise.all(workers.map((worker) => worker.start()));
    const acts = [
      () => admin.retry({ all: true }),
      () => admin.retry({ sources: ['a'] }),
      () => admin.pause(['a']),
      () => admin.resume('all'),
      () => admin.stop(),
      () => admin.start(),
      () => admin.resetStuck(),
      () => admin.status(),
    ];
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        Array.from({ length: 4 }, () => acts[Math.floor(random() * acts.length)]?.()),
      );
      await systemClock.sleep(random() * 20);
    }
    await admin.start();
    await admin.resume('all');
    await eventually(
      `all done, EVERVEC_SEED=${seed}`,
      async () => {
        await admin.retry({ all: true });
        return finished.size === RECORDS ? true : undefined;
      },
      30_000,
    );
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(await jobStates(database), `EVERVEC_SEED=${seed}`).toEqual({});
    expect([...finished.values()].filter((times) => times !== 1)).toEqual([]);
  });
});
