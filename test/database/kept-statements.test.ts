/** Statements that the server keeps for a connection: nobody must notice but by the time that they take. */
import { afterEach, expect, test, vi } from 'vitest';
import type { Connection } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

afterEach(() => void vi.useRealTimers());

const kept = async (connection: Connection, statement: string) => {
  const { rows } = await connection.query<{ prepared_at: string }>(
    `select prepare_time::text as prepared_at from pg_prepared_statements where statement = '${statement}'`,
  );
  return rows.map(({ prepared_at }) => prepared_at);
};

describeEachDatabase('a statement that comes often', (databases) => {
  const DOUBLE = 'select 2 * $1::integer as twice';
  const double = async (connection: Connection, n: number) =>
    (await connection.query<{ twice: number }>(DOUBLE, [n])).rows[0]?.twice;

  test('is kept by the server, each time with its own values', async () => {
    const database = await databases.open('empty');
    await database.transaction(async (tx) => {
      expect(await double(tx, 1)).toBe(2);
      expect(await kept(tx, DOUBLE)).toEqual([]);
      for (let n = 2; n < 10; n++) expect(await double(tx, n)).toBe(2 * n);
      expect(await kept(tx, DOUBLE)).toHaveLength(1);
    });
  });

  test('is made anew after a while, since tables grow', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const database = await databases.open('empty');
    await database.transaction(async (tx) => {
      for (let n = 0; n < 5; n++) await double(tx, n);
      const [before] = await kept(tx, DOUBLE);
      vi.advanceTimersByTime(10_000);
      expect(await double(tx, 7)).toBe(14);
      expect(await kept(tx, DOUBLE)).toEqual([]);
      for (let n = 0; n < 5; n++) await double(tx, n);
      const [after] = await kept(tx, DOUBLE);
      expect(after).toBeDefined();
      expect(after).not.toBe(before);
    });
  });

  test('of which there are very many, each once, is not kept', async () => {
    const database = await databases.open('empty');
    await database.transaction(async (tx) => {
      for (let n = 0; n < 1_200; n++) {
        const { rows } = await tx.query(`select ${n} + $1::integer as sum`, [n]);
        expect(rows).toEqual([{ sum: 2 * n }]);
      }
      for (let n = 0; n < 100; n++)
        for (let time = 0; time < 3; time++) await tx.query(`select ${n} - $1::integer`, [n]);
      const { rows } = await tx.query<{ count: number }>(
        `select count(*)::integer as count from pg_prepared_statements where name ~ 'kept_'`,
      );
      expect(rows[0]?.count).toBe(50);
    });
  });

  test('gives the columns that its table has by now', async () => {
    const database = await databases.open('empty');
    const all = async (connection: Connection) =>
      (await connection.query('select * from t where $1::integer is not null', [1])).rows;
    await database.query('create table t as select 1 as one');
    for (let time = 0; time < 5; time++) expect(await all(database)).toEqual([{ one: 1 }]);
    await database.query(`alter table t add column two text default 'x'`);
    for (let time = 0; time < 5; time++)
      expect(await all(database)).toEqual([{ one: 1, two: 'x' }]);
    await database.query('alter table t drop column one');
    // A transaction has failed by then, and says why; the next one is right.
    await expect(database.transaction(all)).rejects.toMatchObject({ sqlState: '0A000' });
    expect(await database.transaction(all)).toEqual([{ two: 'x' }]);
  });

  test('that somebody removed from the server is sent again', async () => {
    const database = await databases.open('empty');
    for (let n = 0; n < 5; n++) await double(database, n);
    await database.query('deallocate all');
    for (let n = 0; n < 5; n++) expect(await double(database, n)).toBe(2 * n);
  });
});
