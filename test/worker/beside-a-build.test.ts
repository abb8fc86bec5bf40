/** An index takes minutes to build: what that holds up is its own space and nothing else. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { finishSpace } from '../../src/space/index.ts';
import { drain, migrating } from '../migration/fixture.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { whileHeld } from '../setup/hold.ts';
import { eventually } from '../setup/signal.ts';
import { configure, keep, sidecar } from '../source/fixture.ts';

/** Runs `work` while another session holds what the build of a space's indexes holds. */
async function besideBuild(
  database: Database,
  spaceId: number,
  work: () => Promise<void>,
): Promise<void> {
  const held = [
    `select from evervec.spaces where id = ${spaceId} for update`,
    `lock table evervec.chunks_${spaceId} in share mode`,
  ];
  await whileHeld(database, held, work);
}

/** Changes a row of `table` a few times, each as soon as the one before is in the sidecar: more often than there are loops. */
async function changesArrive(database: Database, table: string): Promise<void> {
  for (const n of [1, 2, 3, 4]) {
    await database.query(`update ${table} set body = $1 where id = 1`, [`change ${n}`]);
    await arrived(database, table, `change ${n}`);
  }
}

async function arrived(database: Database, table: string, text: string): Promise<void> {
  await eventually(`"${text}" in ${table}`, async () => {
    const found = (await sidecar(database, table)).find(({ key }) => key === '1');
    return found?.text === text || undefined;
  });
}

/** @returns the statement that waits for another session, once there is one */
async function waiting(database: Database): Promise<string> {
  return await eventually('somebody who waits', async () => {
    const { rows } = await database.query<{ query: string }>(
      `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.query;
  });
}

describeOnPostgres('while an index is built', (databases) => {
  test('of a second space, what is searched takes changes', async () => {
    const kept = await migrating(await databases.open());
    const { database, evervec } = kept;
    await evervec.migrations.begin('items');
    await evervec.migrations.queue('items');
    await drain(kept);
    const { rows } = await database.query<{ id: number }>(
      'select max(id) as id from evervec.spaces',
    );
    const second = rows[0]?.id ?? 0;
    // As the build does, with its transaction open: idle loops find a space that has none.
    await database.query('update evervec.spaces set filled_at = null where id = $1', [second]);
    const worker = await evervec.worker(undefined, { concurrency: 1 });
    await besideBuild(database, second, async () => {
      await worker.start();
      await waiting(database);
      await changesArrive(database, 'items');
    });
    await worker.stop();
  });

  test('of one source, others take changes, and it takes its own afterwards', async () => {
    const database = await databases.open();
    for (const table of ['first', 'second'])
      await database.query(`create table ${table} (id integer primary key, body text);
        insert into ${table} select n, 'item ' || n from generate_series(1, 8) n`);
    const kept = await keep(database, {
      first: { table: 'first', text: ['body'] },
      second: { table: 'second', text: ['body'] },
    });
    const { rows } = await database.query<{ id: number }>(
      `select active_space_id as id from evervec.sources where name = 'first'`,
    );
    const worker = await kept.evervec.worker();
    await besideBuild(database, rows[0]?.id ?? 0, async () => {
      await worker.start();
      // Enough for each loop to come upon some.
      for (const n of [1, 2, 3, 4, 5, 6]) {
        await database.query(`update first set body = $1 where id = $2`, [`late ${n}`, n]);
        await database.query(`update second set body = $1 where id = 1`, [`soon ${n}`]);
        await arrived(database, 'second', `soon ${n}`);
      }
      // Nothing has failed, and nobody is to be told so.
      const { rows: putOff } = await database.query(
        'select distinct state, last_error, first_failed_at from evervec.jobs where state = 2',
      );
      expect(putOff).toEqual([{ state: 2, last_error: null, first_failed_at: null }]);
    });
    await arrived(database, 'first', 'late 1');
    await worker.stop();
  });

  test('by one, another who would build it, too, does not go through it to vacuum', async () => {
    const database = await databases.open();
    await database.query(`create table items (id integer primary key, body text);
      insert into items select n, 'item ' || n from generate_series(1, 8) n`);
    await keep(database, { items: { table: 'items', text: ['body'] } });
    const { rows } = await database.query<{ id: number }>('select id from evervec.spaces');
    const id = rows[0]?.id ?? 0;
    await database.query(
      `insert into evervec.chunks_${id} select copy.* from evervec.chunks_${id} first, generate_series(9, 10000) n,
      lateral jsonb_populate_record(first, jsonb_build_object('record_key', n::text)) copy where first.record_key = '1'`,
    );
    let built: Promise<boolean> | undefined;
    await besideBuild(database, id, async () => {
      built = finishSpace(database, id);
      expect(await waiting(database)).toMatch(/^\s*select .* for update$/s);
    });
    expect(await built).toBe(true);
  });

  test('a changed definition is set up, and nobody who searches or writes waits', async () => {
    const kept = await migrating(await databases.open());
    const { database, evervec, first, second } = kept;
    await database.query('alter table items add column kind text');
    await evervec.migrations.begin('items');
    const { rows } = await database.query<{ id: number }>(
      'select max(id) as id from evervec.spaces',
    );
    const changed = await createEvervec(
      {
        model: first,
        otherModels: [second],
        sources: { items: { table: 'items', text: ['body', 'kind'] } },
      },
      { database },
    );
    await besideBuild(database, rows[0]?.id ?? 0, async () => {
      const [report] = await changed.setup();
      expect(report).toMatchObject({ outcome: 'updated' });
      expect((await changed.search({ query: 'item number 3' })).hits).not.toEqual([]);
      await database.query(`update items set kind = 'seen' where id = 1`);
    });
  });

  test('anew while somebody reads for long, as a dump does, nobody who searches or writes waits', async () => {
    const database = await databases.open();
    await database.query(`create table items (id integer primary key, body text);
      insert into items select n, 'item ' || n from generate_series(1, 8) n`);
    const { evervec, drain: work } = await keep(database, {
      items: { table: 'items', text: ['body'] },
    });
    await database.query('update evervec.spaces set indexed_at = now()');
    expect(await evervec.reindex()).toMatchObject([{ is_built: true }]);
    let reindexed: Promise<unknown> | undefined;
    await whileHeld(database, ['select count(*) from evervec.chunks_1'], async () => {
      reindexed = evervec.reindex();
      expect(await waiting(database)).toMatch(/drop index/);
      expect((await evervec.search({ query: 'item 3' })).hits).not.toEqual([]);
      await database.query(`update items set body = 'changed' where id = 1`);
      await work();
      expect(await sidecar(database)).toContainEqual(expect.objectContaining({ text: 'changed' }));
    });
    await reindexed;
    const { rows } = await database.query(
      `select indexname as name from pg_indexes where tablename = 'chunks_1' and indexname like '%embedding%'`,
    );
    expect(rows).toEqual([{ name: 'chunks_1_embedding' }]);
  });

  test('or a table is in a long transaction, set-up gives up, and writers go on', async () => {
    const database = await databases.open();
    await database.query(`create table items (id integer primary key, body text, kind text);
      insert into items select n, 'item ' || n from generate_series(1, 8) n`);
    await keep(database, { items: { table: 'items', text: ['body'] } });
    const { evervec } = await configure(database, {
      items: { table: 'items', text: ['body', 'kind'] },
    });
    await whileHeld(database, [`update items set body = 'long' where id = 1`], async () => {
      const setup = evervec.setup();
      expect(await waiting(database)).toMatch(/trigger/);
      // Behind set-up, which waits: but not for long.
      await database.query(`update items set body = 'short' where id = 2`);
      await expect(setup).rejects.toMatchObject({ code: 'EVERVEC_SCHEMA', isRetryable: true });
    });
    expect(await evervec.setup()).toMatchObject([{ outcome: 'updated' }]);
  });

  test('or what is searched is read for long, a migration begins', async () => {
    const { database, evervec } = await migrating(await databases.open());
    await whileHeld(database, ['select count(*) from evervec.chunks_1'], async () => {
      expect(await evervec.migrations.begin('items')).toBe(true);
    });
  });
});
