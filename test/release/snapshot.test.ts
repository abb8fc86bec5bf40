/** A release is of one moment: what others commit while it is read is in the next one. */
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { keep } from '../source/fixture.ts';
import { readBack, scratchFolder } from './fixture.ts';

/** `work` runs once, after the first statement of a transaction that returned 500 rows. */
function interrupted(database: Database, work: () => Promise<unknown>): Database {
  let isDone = false;
  return new Proxy(database, {
    get(target, name) {
      if (name !== 'transaction') {
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return ((run) =>
        target.transaction((tx) =>
          run({
            copyIn: (...given) => tx.copyIn(...given),
            query: async (text, values) => {
              const result = await tx.query(text, values);
              if (!isDone && result.rows.length === 500) {
                isDone = true;
                await work();
              }
              return result as never;
            },
          }),
        )) satisfies Database['transaction'];
    },
  });
}

describeOnPostgres('a release while others write', (databases) => {
  test('has none of what they write, and the next one all of it', async () => {
    const place = await databases.create();
    const database = await place.open();
    await database.query(`create table items (id text primary key, body text);
      insert into items select 'k' || to_char(n, 'FM0000'), 'text ' || n from generate_series(1, 1200) n`);
    const sources = { items: { table: 'items', text: ['body'] } };
    const kept = await keep(database, sources, { releases: { items: { source: 'items' } } });
    const other = await place.open();
    const beside = await createEvervec({ model: kept.model, sources }, { database: other });
    const writing = interrupted(database, async () => {
      await other.query(`delete from items where id in ('k0002', 'k1000')`);
      await other.query(`update items set body = 'changed' where id in ('k0003', 'k1001')`);
      await other.query(`insert into items values ('k0000', 'new'), ('k9999', 'new')`);
      await (await beside.worker()).drain();
    });
    const evervec = await createEvervec({ model: kept.model, sources }, { database: writing });
    const folder = path.join(await scratchFolder(), 'items');
    const textOf = async (key: string) => {
      const { index } = await readBack(folder);
      const found = index.findRecord(key);
      return found < 0 ? null : index.text(index.record(found).firstChunk);
    };
    const texts = async () =>
      await Promise.all(['k0000', 'k0002', 'k0003', 'k1000', 'k1001', 'k9999'].map(textOf));
    expect(await evervec.releases.build('items', { folder })).toMatchObject({
      records: 1200,
      stale: 0,
    });
    expect(await texts()).toEqual([null, 'text 2', 'text 3', 'text 1000', 'text 1001', null]);
    expect(await evervec.releases.build('items', { folder })).toMatchObject({
      records: 1200,
      stale: 0,
    });
    expect(await texts()).toEqual(['new', null, 'changed', null, 'changed', 'new']);
  });
});
