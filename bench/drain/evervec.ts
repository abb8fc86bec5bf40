/**
 * Evervec's queue alone: a user's table whose capture feeds it, our worker, a handler that does nothing. The insert into
 * the user's table is in the time; the peers only write their jobs.
 */
import { createEvervec } from '../../src/index.ts';
import { openPostgres } from '../../src/database/index.ts';
import { silentLogger } from '../../src/runtime/index.ts';
import { Worker } from '../../src/worker/index.ts';
import { withClient } from '../scratch-databases.ts';
import type { DrainRun, ReadyQueue } from './timed-drain.ts';

export interface Settings {
  concurrency: number;
  maxBatch: number;
  /** Rows in one INSERT. */
  perCall: number;
}

const INSERT = `
insert into items select id, 'body ' || id from generate_series($1::integer, $2::integer) id`;

export async function evervecQueue(
  { url, jobs }: DrainRun,
  { perCall, ...settings }: Settings,
): Promise<ReadyQueue> {
  await withClient(url, (client) =>
    client.query('create table items (id integer primary key, body text not null)'),
  );
  const database = await openPostgres({ url });
  const evervec = await createEvervec(
    { sources: { items: { table: 'items', text: ['body'] } } },
    { database },
  );
  await evervec.setup();
  let handled = 0;
  let written = 0;
  const worker = new Worker({
    database,
    logger: silentLogger,
    version: 'bench',
    sourceIds: () => null,
    queueSidecars: async () => {},
    handlerOf: () => async (ready) => {
      handled += ready.length;
      return { ready, write: null, failed: [], deferred: [] };
    },
    ...settings,
  });
  await worker.start();
  return {
    write: async () => {
      const last = written + jobs;
      for (; written < last; written = Math.min(last, written + perCall))
        await database.query(INSERT, [written + 1, Math.min(last, written + perCall)]);
    },
    handled: () => handled,
    leftSql: `select exists (select from evervec.jobs) or exists (select from evervec.changes) as left`,
    stop: async () => {
      await worker.stop();
      await database.close();
    },
  };
}
