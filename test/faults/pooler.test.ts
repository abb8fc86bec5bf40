/** Everything through PgBouncer in transaction mode, which keeps no session: worker, set-up and the operators' commands. */
import { describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { noPgBouncer, startPgBouncer } from '../setup/pgbouncer.ts';
import { expectConverged } from './converged.ts';
import { forkWorker } from './fork-worker.ts';
import { insertItems, itemsConfig, prepareItems } from './items.ts';
import { startModelServer } from './model-server.ts';

describe.skipIf(noPgBouncer !== null)(`PgBouncer${noPgBouncer ? ` (${noPgBouncer})` : ''}`, () => {
  describeOnPostgres('in transaction mode', (databases) => {
    test('workers and commands work; what is written is found by polling', async () => {
      const place = await databases.create('empty');
      await using server = await startModelServer();
      await using pooler = await startPgBouncer(place.location, 3);
      const database = await openPostgres({ url: pooler.url, maxConnections: 5 });
      try {
        const evervec = await prepareItems(database, server.url);
        const plan = {
          url: pooler.url,
          modelUrl: server.url,
          maxBatch: 20,
          probe: { intervalMs: 100, timeoutMs: 2_000 },
        };
        await using one = await forkWorker(plan);
        await using two = await forkWorker(plan);
        await insertItems(database, 1, 300);
        expect(await expectConverged(database, server)).toBe(300);
        await evervec.queue.stop('test');
        await insertItems(database, 301, 400);
        await evervec.queue.start('test');
        expect(await expectConverged(database, server)).toBe(400);
        const again = await createEvervec(itemsConfig(server.url), { database });
        await again.backfill();
        expect(await expectConverged(database, server)).toBe(400);
        expect((await evervec.queue.status()).stopped).toBe(false);
        expect(await evervec.reconcile(undefined, { dryRun: false })).toHaveLength(1);
        await Promise.all([one.stop(), two.stop()]);
        // A name that one server knows is another's, or nobody's, on the next.
        const { rows } = await database.query(
          `select name from pg_prepared_statements where name ~ '^kept_'`,
        );
        expect(rows).toEqual([]);
      } finally {
        await database.close();
      }
    });
  });
});
