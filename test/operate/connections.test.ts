/** How many connections a process takes of a server, and that few are enough for all it does. */
import { expect, test } from 'vitest';
import { openPostgres } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { describeOnPostgres } from '../setup/each-database.ts';

const COUNT = `select count(*)::integer as count from pg_stat_activity
  where datname = current_database() and application_name = 'evervec' and pid <> pg_backend_pid()`;

describeOnPostgres('a process with few connections', (databases) => {
  test.each([1, 2])('of %i does all it does with more', async (maxConnections) => {
    const place = await databases.create();
    const evervec = await createEvervec({
      database: place.location,
      maxConnections,
      sources: { notes: { table: 'notes', text: ['body'] } },
    });
    try {
      const database = await openPostgres({ url: place.location });
      await database.query('create table notes (id integer primary key, body text)');
      await database.query(
        `insert into notes select n, 'ship ' || n from generate_series(1, 300) n`,
      );
      await evervec.setup();
      await evervec.backfill();
      const worker = await evervec.worker();
      await worker.start();
      await database.query(`insert into notes values (0, 'a heron by the water')`);
      await worker.stop();
      await (await evervec.worker()).drain();
      const found = await Promise.all(
        Array.from({ length: 8 }, (_, n) => evervec.search({ query: `ship ${n + 1}`, limit: 1 })),
      );
      expect(found.map(({ hits }) => hits.length)).toEqual(Array(8).fill(1));
      expect((await evervec.search({ query: 'heron' })).hits[0]?.key).toBe('0');
      // Some to work with, and one that listens.
      const { rows } = await database.query<{ count: number }>(COUNT);
      expect(rows[0]?.count).toBeLessThanOrEqual(maxConnections + 1);
      expect(rows[0]?.count).toBeGreaterThan(0);
      await database.close();
    } finally {
      await evervec.close();
    }
  });

  test('is one that its configuration asks for', async () => {
    const place = await databases.create();
    const sources = { notes: { table: 'notes', text: ['body'] } };
    for (const maxConnections of [0, 1_001, 1.5])
      await expect(
        createEvervec({ database: place.location, maxConnections, sources }),
      ).rejects.toMatchObject({
        code: 'EVERVEC_CONFIG',
        message: expect.stringMatching(/maxConnections/),
      });
  });
});
