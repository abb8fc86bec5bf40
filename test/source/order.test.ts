/** Which rows are embedded first: the source's priority and recency, from the row to the job. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, expectTrue, keep, queued } from './fixture.ts';

const TABLE = `create table items (id integer primary key, status text, body text, changed timestamp)`;
const PRIORITY = `case status when 'open' then 0 else 100 / length(status) end`;
const OPTIONS = {
  items: { table: 'items', text: ['body'], priority: PRIORITY, recency: 'changed' },
};

async function logged(database: Database) {
  const { rows } = await database.query<{ priority: number | null; keys: string[] }>(
    'select priority, keys from evervec.changes order by priority nulls first, keys',
  );
  return rows.map(({ priority, keys }) => [priority, keys.sort().join(' ')]);
}

describeEachDatabase('the order of rows', (databases) => {
  test('each change carries its row’s priority; a row that is gone has none', async () => {
    const database = await databases.open();
    await database.query(TABLE);
    const kept = await keep(database, OPTIONS);
    await database.query(
      `insert into items values (1, 'open', 'a'), (2, 'shut', 'b'), (3, 'open', 'c'), (4, null, 'd')`,
    );
    expect(await logged(database)).toEqual([
      [0, '1 3 4'],
      [25, '2'],
    ]);
    await kept.drain();
    await database.query(`update items set body = body || '!', status = 'lost' where id < 3`);
    await database.query('update items set id = 9 where id = 4');
    await database.query('delete from items where id = 3');
    expect(await logged(database)).toEqual([
      [null, '3'],
      [0, '4 9'],
      [25, '1 2'],
    ]);
    await kept.drain();
    await expectTrue(kept, 'select id::text as key, body as text from items');
  });

  test('an expression that fails for a row fails no writer', async () => {
    const database = await databases.open();
    await database.query(TABLE);
    await database.query(`insert into items values (1, '', 'a'), (2, 'shut', 'b')`);
    const kept = await keep(database, OPTIONS);
    await database.query(`insert into items values (3, '', 'c'), (4, 'shut', 'd')`);
    expect(await logged(database)).toEqual([[null, '3 4']]);
    await kept.drain();
    await expectTrue(kept, 'select id::text as key, body as text from items');
  });

  test('a backfill goes by priority, then by the newest', async () => {
    const database = await databases.open();
    await database.query(TABLE);
    await database.query(`insert into items values (1, 'open', 'a', '2020-01-01'), (2, 'shut', 'b', '2025-01-01'),
      (3, 'open', 'c', '2024-01-01'), (4, 'open', 'd', null)`);
    const { evervec } = await configure(database, OPTIONS);
    await evervec.setup();
    await evervec.backfill();
    const { rows } = await database.query(
      `select record_key, lane.name from evervec.jobs job join evervec.lanes lane on lane.id = lane_id
      order by job.priority, recency desc`,
    );
    expect(rows.map((row) => row['record_key'])).toEqual(['4', '3', '1', '2']);
    expect(new Set(rows.map((row) => row['name']))).toEqual(new Set(['items:bulk']));
  });

  test('another priority takes effect at set-up and queues nothing again', async () => {
    const database = await databases.open();
    await database.query(TABLE);
    await database.query(`insert into items values (1, 'open', 'a')`);
    await keep(database, { items: { table: 'items', text: ['body'] } });
    const { evervec } = await configure(database, OPTIONS);
    expect(await evervec.setup()).toMatchObject([{ outcome: 'updated', needsBackfill: false }]);
    await database.query(`insert into items values (2, 'shut', 'b')`);
    expect(await logged(database)).toEqual([[25, '2']]);
    expect(await queued(database)).toEqual(['2']);
  });

  test.each([
    ['priority: status ||', /priority is no SQL expression/, { priority: 'status ||' }],
    ['priority: of no column', /SQLSTATE 42703/, { priority: 'urgency' }],
    ['priority: no number', /SQLSTATE 42846/, { priority: 'changed' }],
    ['recency: no time', /recency is the column "body", of type text/, { recency: 'body' }],
    ['recency: no column', /no column "when"/, { recency: 'when' }],
  ])('refuses at set-up, with nothing made: %s', async (_, message, wrong) => {
    const database = await databases.open();
    await database.query(TABLE);
    const { evervec } = await configure(database, {
      items: { table: 'items', text: ['body'], ...wrong },
    });
    await expect(evervec.setup()).rejects.toThrow(message);
  });

  test('a function of the user’s is named with its schema, or set-up says so', async () => {
    const database = await databases.open();
    await database.query(TABLE);
    await database.query(
      `create function public.urgency(text) returns integer language sql immutable as 'select length($1)'`,
    );
    const options = { table: 'items', text: ['body'] };
    const bare = await configure(database, { items: { ...options, priority: 'urgency(status)' } });
    await expect(bare.evervec.setup()).rejects.toThrow(/named by their schema/);
    const full = { items: { ...options, priority: 'public.urgency(status)' } };
    await (await configure(database, full)).evervec.setup();
    await database.query(`insert into items values (1, 'open', 'a')`);
    expect(await logged(database)).toEqual([[4, '1']]);
  });
});
