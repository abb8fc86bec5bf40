/** The queue switched off, and search by meaning switched off: what goes on, and what is refused. */
import { expect, test } from 'vitest';
import type { Connection, Database } from '../../src/database/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { configure, expectTrue, queued } from './fixture.ts';

const OPTIONS = { items: { table: 'items', text: ['body'] } };
const ROWS = `select id::text as key, body as text from items`;
const OFF = { queueEnabled: false };

async function items(database: Database): Promise<void> {
  await database.query('create table items (id integer primary key, body text)');
}

const insert = (id: number) => async (tx: Connection) =>
  await tx.query('insert into items values ($1, $2)', [id, `item ${id}`]);

describeEachDatabase('with the queue switched off', (databases) => {
  test('what was written is embedded before the writer hears of it', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await configure(database, OPTIONS, OFF);
    await kept.evervec.setup();
    const { result, pending } = await kept.evervec.write(async (tx) => {
      await insert(1)(tx);
      return 'done';
    });
    expect({ result, pending }).toEqual({ result: 'done', pending: 0 });
    await expectTrue(kept, ROWS);
    await Promise.all([2, 3, 4, 5].map((id) => kept.evervec.write(insert(id))));
    await expectTrue(kept, ROWS);
    await kept.evervec.write((tx) => tx.query('delete from items where id < 3'));
    await expectTrue(kept, ROWS);
    expect(await queued(database)).toEqual([]);
  });

  test('work that throws writes nothing; a model that fails leaves the row and what it wants', async () => {
    const database = await databases.open();
    await items(database);
    const digest = createDigestModel();
    let isDown = false;
    const model = {
      ...digest,
      doEmbed: async (call: Parameters<typeof digest.doEmbed>[0]) => {
        if (isDown) throw Object.assign(new Error('down'), { statusCode: 503 });
        return await digest.doEmbed(call);
      },
    };
    const evervec = await createEvervec({ model, sources: OPTIONS, ...OFF }, { database });
    await evervec.setup();
    const failing = evervec.write(async (tx) => {
      await insert(1)(tx);
      throw new Error('of the work');
    });
    await expect(failing).rejects.toThrow('of the work');
    isDown = true;
    expect(await evervec.write(insert(2))).toMatchObject({ pending: 1 });
    isDown = false;
    await database.query(`update evervec.providers set open_until = now()`);
    await database.query(`update evervec.jobs set ready_at = now()`);
    // The one that met the fault leaves the model alone for a while; another process knows nothing of that.
    const other = await createEvervec({ model, sources: OPTIONS, ...OFF }, { database });
    expect(await other.write(insert(3))).toMatchObject({ pending: 0 });
    const { rows } = await database.query('select record_key from evervec.chunks_1 order by 1');
    expect(rows).toEqual([{ record_key: '2' }, { record_key: '3' }]);
  });

  test('a source that is not set up is said before anything is written', async () => {
    const database = await databases.open();
    await items(database);
    const { evervec } = await configure(database, OPTIONS, OFF);
    await expect(evervec.write(insert(1))).rejects.toMatchObject({ code: 'EVERVEC_SCHEMA' });
    expect((await database.query('select from items')).rowCount).toBe(0);
    await evervec.setup();
    expect(await evervec.write(insert(1))).toMatchObject({ pending: 0 });
  });
});

describeEachDatabase('with the queue on', (databases) => {
  test('a write returns at once, and a worker does the rest', async () => {
    const database = await databases.open();
    await items(database);
    const kept = await configure(database, OPTIONS);
    await kept.evervec.setup();
    expect(await kept.evervec.write(insert(1))).toMatchObject({ pending: null });
    expect(await queued(database)).toEqual(['1']);
    await kept.drain();
    await expectTrue(kept, ROWS);
  });
});

describeEachDatabase('with search by meaning switched off', (databases) => {
  test('every search is one by words, and the model is not asked', async () => {
    const database = await databases.open();
    await items(database);
    const on = await configure(database, OPTIONS);
    await on.evervec.setup();
    await on.evervec.write(insert(7));
    await on.drain();
    const off = await configure(database, OPTIONS, { semanticSearch: false });
    for (const mode of [undefined, 'hybrid', 'text'] as const) {
      const answer = await off.evervec.search({ query: 'item 7', ...(mode && { mode }) });
      expect(answer).toMatchObject({ mode: 'text', hits: [{ key: '7' }] });
    }
    const byMeaning = off.evervec.search({ query: 'item', mode: 'vector' });
    await expect(byMeaning).rejects.toMatchObject({
      code: 'EVERVEC_SEARCH_REQUEST',
      isUsage: true,
    });
    expect(off.model.texts).toEqual([]);
  });

  test('changes are searchable by words; switched on again, reconcile finds what has no vector', async () => {
    const database = await databases.open();
    await items(database);
    const on = await configure(database, OPTIONS);
    await on.evervec.setup();
    await on.evervec.write(insert(1));
    await on.evervec.write(insert(2));
    await on.drain();
    const off = await configure(database, OPTIONS, { semanticSearch: false });
    await database.query(`update items set body = 'pelican' where id = 2`);
    await off.evervec.write(insert(3));
    expect(await off.drain()).toBe(2);
    expect(off.model.texts).toEqual([]);
    const found = await off.evervec.search({ query: 'pelican' });
    expect(found.hits.map((hit) => hit.key)).toEqual(['2']);
    const { rows } = await database.query(
      'select record_key, embedding is not null as has_vector from evervec.chunks_1 order by 1',
    );
    expect(rows.map((row) => row['has_vector'])).toEqual([true, false, false]);
    // Off, nothing is missing: words are all that is wanted. On, the vectors are.
    expect(await off.evervec.reconcile(undefined, { dryRun: true })).toMatchObject([
      { missing: 0, outdated: 0 },
    ]);
    expect(await on.evervec.reconcile(undefined, { dryRun: false })).toMatchObject([
      { missing: 2, outdated: 0 },
    ]);
    expect(await on.drain()).toBe(2);
    await expectTrue(on, ROWS);
  });
});
