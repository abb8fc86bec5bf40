/** Sources that no trigger can watch (views, materialized views, foreign tables), and reconciling on a schedule. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, drift, expectTrue, type Kept, keep, NO_DRIFT, queued } from './fixture.ts';

const VIEW = { items: { table: 'shown', key: ['id'], text: ['body'] } };
const ROWS = `select id::text as key, body as text from shown where id is not null`;

async function view(database: Database, kind = 'view'): Promise<void> {
  await database.query(`create table kept (id integer, body text, hidden boolean default false);
    insert into kept (id, body) select n, 'item ' || n from generate_series(1, 30) n;
    insert into kept (id, body) values (null, 'without a key');
    create ${kind} shown as select id, body from kept where not hidden`);
}

/** As the worker's upkeep does it once its time has come. */
async function due({ database, evervec }: Kept): Promise<number> {
  await database.query(`update evervec.maintenance set done_at = now() - interval '61 minutes'`);
  return await (await evervec.worker()).drain({ maintains: true });
}

describeEachDatabase('a view', (databases) => {
  test('is embedded, and followed by comparing it', async () => {
    const database = await databases.open();
    await view(database);
    const kept = await keep(database, VIEW);
    await expectTrue(kept, ROWS);
    await database.query(`update kept set body = 'changed' where id = 3`);
    await database.query('update kept set hidden = true where id = 4');
    await database.query('delete from kept where id = 5');
    await database.query(`insert into kept values (99, 'new')`);
    expect(await queued(database)).toEqual([]);
    expect(await drift(kept)).toEqual({ missing: 1, outdated: 1, orphaned: 2, faulty: 0 });
    expect(await due(kept)).toBe(4);
    await expectTrue(kept, ROWS);
    expect(await drift(kept)).toEqual(NO_DRIFT);
    // A row that is not in the view any more is in no result, reconciled or not.
    await database.query('delete from kept where id = 6');
    const { hits } = await kept.evervec.search({ query: 'item 6', mode: 'text' });
    expect(hits.map((hit) => hit.key)).not.toContain('6');
  });

  test('comes and goes without a trace', async () => {
    const database = await databases.open();
    await view(database);
    const { evervec } = await configure(database, VIEW);
    expect(await evervec.setup()).toMatchObject([{ outcome: 'created' }]);
    expect(await evervec.setup()).toMatchObject([{ outcome: 'unchanged' }]);
    await evervec.backfill();
    expect((await evervec.verify()).every(({ level }) => level === 'good')).toBe(true);
    expect(await evervec.teardown()).toMatchObject({ removed: ['items'], isEmpty: true });
  });

  test('that is materialized is followed after it was refreshed', async () => {
    const database = await databases.open();
    await view(database, 'materialized view');
    const kept = await keep(database, VIEW);
    await database.query(`update kept set body = 'changed' where id = 3`);
    expect(await due(kept)).toBe(0);
    await database.query('refresh materialized view shown');
    expect(await due(kept)).toBe(1);
    await expectTrue(kept, ROWS);
  });

  test('of which a key occurs twice is one record', async () => {
    const database = await databases.open();
    await view(database);
    await database.query(`insert into kept values (7, 'item 7')`);
    const kept = await keep(database, VIEW);
    await expectTrue(
      kept,
      `select distinct id::text as key, body as text from shown where id is not null`,
    );
  });
});

describeEachDatabase('a reconcile', (databases) => {
  const TABLE = { items: { table: 'items', text: ['body'] } };

  async function items(database: Database): Promise<void> {
    await database.query(`create table items (id integer primary key, body text);
      insert into items select n, 'item ' || n from generate_series(1, 10) n`);
  }

  test('is done on a schedule where one is configured, by one worker, and says what it found', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await keep(database, {
      items: { ...TABLE.items, reconcile: { everyMinutes: 5 } },
    });
    await (await kept.evervec.worker()).drain({ maintains: true });
    const ran = await database.query(
      `select from evervec.maintenance where task = 'reconcile items'`,
    );
    expect(ran.rowCount).toBe(1);
    await database.query('alter table items disable trigger user');
    await database.query(`update items set body = 'unseen' where id = 1`);
    await (await kept.evervec.worker()).drain({ maintains: true });
    expect(await drift(kept)).toMatchObject({ outdated: 1 });
    await database.query(`update evervec.maintenance set done_at = now() - interval '6 minutes'`);
    const workers = await Promise.all([1, 2, 3].map(() => kept.evervec.worker()));
    await Promise.all(workers.map((worker) => worker.drain({ maintains: true })));
    await kept.drain();
    await expectTrue(kept, 'select id::text as key, body as text from items');
    expect(await kept.evervec.reconcileStatus()).toMatchObject([
      { source: 'items', every_minutes: 5, report: { rows: 10, missing: 0, outdated: 1 } },
    ]);
  });

  test('is not done unasked of a table, and can be asked for in SQL', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await keep(database, TABLE);
    expect(await kept.evervec.reconcileStatus()).toEqual([
      { source: 'items', every_minutes: null, started_at: null, finished_at: null, report: null },
    ]);
    await database.query('alter table items disable trigger user');
    await database.query('delete from items where id = 1');
    await database.query(`select evervec.reconcile('items')`);
    await (await kept.evervec.worker()).drain({ maintains: true });
    const [status] = await kept.evervec.reconcileStatus();
    expect(status).toMatchObject({ report: { orphaned: 1 }, finished_at: expect.any(String) });
    await expectTrue(kept, 'select id::text as key, body as text from items');
    const asked = await database.query('select from evervec.reconciles where asked_at is not null');
    expect(asked.rowCount).toBe(0);
  });
});

describeEachDatabase('a foreign table', (databases) => {
  // The embedded database has no foreign data wrapper.
  test.skipIf(databases.kind === 'embedded')(
    'of another database is followed by comparing it',
    async () => {
      const remote = await databases.open();
      await remote.query(`create table far (id integer primary key, body text);
        insert into far select n, 'far ' || n from generate_series(1, 50) n`);
      const { rows } = await remote.query<{
        name: string;
        port: string;
        host: string;
        user: string;
      }>(
        `select current_database() as name, current_setting('port') as port,
          split_part(current_setting('listen_addresses'), ',', 1) as host, current_user as user`,
      );
      const at = rows[0];
      const database = await databases.open();
      await database.query('create extension postgres_fdw');
      await database.query(`create server remote foreign data wrapper postgres_fdw
        options (host '${at?.host}', port '${at?.port}', dbname '${at?.name}')`);
      await database.query(
        `create user mapping for current_user server remote options (user '${at?.user}', password_required 'false')`,
      );
      await database.query(
        `create foreign table shown (id integer, body text) server remote options (table_name 'far')`,
      );
      const kept = await keep(database, VIEW);
      await expectTrue(kept, ROWS);
      await remote.query(`update far set body = 'farther' where id = 7`);
      await remote.query('delete from far where id = 8');
      expect(await due(kept)).toBe(2);
      await expectTrue(kept, ROWS);
    },
  );
});
