/** pg_cron inside the database drives what the SQL functions do: no process of ours has to ask for it. */
import { expect, test } from 'vitest';
import { openPostgres } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { configure, keep } from '../source/fixture.ts';

const OFFERS = { offers: { table: 'offers', text: ['title'], archive: { when: 'is_over' } } };

const JOBS = {
  archive: `select evervec.archive('offers')`,
  reconcile: `select evervec.reconcile('offers')`,
  cleanup: `select evervec.cleanup(30)`,
};

describeEachDatabase('pg_cron', (databases) => {
  // It works once a minute at most, and lives in the database "postgres" of a server.
  test.skipIf(databases.kind === 'embedded')(
    'archives, asks for a reconcile and cleans up',
    { timeout: 120_000 },
    async () => {
      const place = await databases.create();
      const database = await place.open();
      await database.query(`create table offers (id integer primary key, title text, is_over boolean);
        insert into offers select n, 'flight ' || n, n <= 2 from generate_series(1, 4) n`);
      await keep(database, { offers: { table: 'offers', text: ['title'] } });
      const { evervec } = await configure(database, OFFERS);
      await evervec.setup();

      const name = new URL(place.location).pathname.slice(1);
      const home = new URL(place.location);
      home.pathname = '/postgres';
      const cron = await openPostgres({ url: home.href });
      const ids: string[] = [];
      try {
        await cron.query('create extension if not exists pg_cron');
        for (const [job, statement] of Object.entries(JOBS)) {
          const { rows } = await cron.query<{ id: string }>(
            `select cron.schedule_in_database($1, '* * * * *', $2, $3) as id`,
            [`${name} ${job}`, statement, name],
          );
          ids.push(rows[0]?.id ?? '');
        }
        await eventually(
          'the minute of pg_cron',
          async () => {
            const { rows } = await database.query<{ action: string }>(
              `select action from evervec.audit_log where action in ('archive', 'cleanup')
              union select 'reconcile' from evervec.reconciles where asked_at is not null`,
            );
            return rows.length === 3 ? true : undefined;
          },
          100_000,
        );
      } finally {
        for (const id of ids) await cron.query('select cron.unschedule($1::bigint)', [id]);
        await cron.close();
      }
      const { rows } = await database.query(
        'select record_key from evervec.chunks_1 where embedding is null order by 1',
      );
      expect(rows).toEqual([{ record_key: '1' }, { record_key: '2' }]);
    },
  );
});
