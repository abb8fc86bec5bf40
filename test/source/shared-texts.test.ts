/** Within a space a text is embedded once (I5): across records, batches, loops and re-runs. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { Signal } from '../setup/signal.ts';
import { configure, expectTrue, type Kept, keep } from './fixture.ts';

const OPTIONS = { items: { table: 'items', text: ['body'] } };
const ROWS = `select id::text as key, body as text from items`;

/** `rows` rows of which every `distinct`-th has the same text. */
async function items(database: Database, rows: number, distinct: number): Promise<void> {
  await database.query('create table items (id integer primary key, body text)');
  await database.query(
    `insert into items select n, 'text ' || n % $2::integer from generate_series(1, $1::integer) n`,
    [rows, distinct],
  );
}

async function embeddedTexts(kept: Kept): Promise<number> {
  expect(kept.model.texts.length).toBe(new Set(kept.model.texts).size);
  return kept.model.texts.length;
}

describeEachDatabase('equal texts', (databases) => {
  test('of many records are embedded once, whatever batch they are in', async () => {
    const database = await databases.open();
    await items(database, 10_000, 1_000);
    const kept = await configure(database, OPTIONS, { worker: { batchSize: 300 } });
    await kept.evervec.setup();
    await kept.evervec.backfill();
    await kept.drain();
    expect(await embeddedTexts(kept)).toBe(1_000);
    expect(kept.model.texts).toHaveLength(1_000);
    const { rows } = await database.query<{ count: number; vectors: number }>(
      'select count(*)::integer as count, count(embedding)::integer as vectors from evervec.chunks_1',
    );
    expect(rows).toEqual([{ count: 10_000, vectors: 10_000 }]);
  });

  test('are found by another process, and the vectors are of the texts', async () => {
    const database = await databases.open();
    await items(database, 30, 10);
    const first = await keep(database, OPTIONS);
    expect(await embeddedTexts(first)).toBe(10);
    const second = await configure(database, OPTIONS);
    await database.query(`insert into items values (31, 'text 3'), (32, 'new'), (33, 'new')`);
    await database.query(`update items set body = 'text 7' where id = 1`);
    await second.drain();
    expect(second.model.texts).toEqual(['new']);
    await expectTrue(second, ROWS);
  });

  test('that two loops ask for at the same time share the call', async () => {
    const database = await databases.open();
    await items(database, 40, 20);
    const kept = await configure(database, OPTIONS);
    await kept.evervec.setup();
    await kept.evervec.backfill();
    const both = new Signal('two batches under way');
    let batches = 0;
    const { doEmbed } = kept.model;
    Object.assign(kept.model, {
      doEmbed: async (call: Parameters<typeof doEmbed>[0]) => {
        batches += 1;
        if (batches > 1) both.fire();
        // The first call stays until the other loop has asked for what it lacks, or had nothing to ask for.
        if (batches === 1) await Promise.race([both.fired(), kept.evervec.queue.status()]);
        return await doEmbed(call);
      },
    });
    const worker = await kept.evervec.worker(undefined, { maxBatch: 20 });
    await Promise.all([worker.drain(), worker.drain()]);
    await kept.drain();
    expect(await embeddedTexts(kept)).toBe(20);
    await expectTrue(kept, ROWS);
  });

  test('of which the one that has the vector goes meanwhile are embedded again', async () => {
    const database = await databases.open();
    await items(database, 1, 1);
    const kept = await keep(database, OPTIONS);
    await database.query(`insert into items values (2, 'text 0')`);
    const worker = await kept.evervec.worker();
    const { query } = database;
    // Seen by the one that plans, gone for the one that writes.
    let isGone = false;
    Object.assign(database, {
      query: async (...args: Parameters<typeof query>) => {
        const answer = await query.apply(database, args);
        if (!isGone && String(args[0]).includes('group by text_hash')) {
          isGone = true;
          await query.call(database, 'delete from items where id = 1');
          await query.call(database, `delete from evervec.chunks_1 where record_key = '1'`);
        }
        return answer;
      },
    });
    await worker.drain();
    expect(isGone).toBe(true);
    const { rows } = await query.call(
      database,
      'select record_key, attempts, last_error from evervec.jobs where record_key = $1',
      ['2'],
    );
    expect(rows).toEqual([
      { record_key: '2', attempts: 0, last_error: 'VectorGoneError EVERVEC_VECTOR_GONE' },
    ]);
    await database.query('update evervec.jobs set ready_at = now()');
    await kept.drain();
    await expectTrue(kept, ROWS);
    expect(kept.model.texts).toEqual(['text 0', 'text 0']);
  });
});
