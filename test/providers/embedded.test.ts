/** The embedded models in a database: what the trained one finds, and that a space of the earlier one stays as it is. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { ModelChoice } from '../../src/embed/index.ts';
import { createEvervec, type Evervec } from '../../src/engine/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const ROWS = [
  [1, 'The automobile engine fails to ignite in winter.'],
  [2, 'A recipe for bread with olives.'],
  [3, 'The town elected its first mayor.'],
  [4, 'Ships leave the harbour at dawn.'],
] as const;
const HASHED: ModelChoice = { provider: 'evervec', model: 'hashed-words' };

async function open(database: Database, model?: ModelChoice): Promise<Evervec> {
  const sources = { notes: { table: 'notes', text: ['body'] } };
  return await createEvervec(
    { sources, queueEnabled: false, ...(model !== undefined && { model }) },
    { database },
  );
}

async function fill(evervec: Evervec): Promise<void> {
  await evervec.database.query('create table notes (id integer primary key, body text not null)');
  await evervec.setup();
  await evervec.write(async (tx) => {
    for (const row of ROWS) await tx.query('insert into notes values ($1, $2)', [...row]);
  });
}

describeEachDatabase('the embedded models', (databases) => {
  test('the trained one finds a row that shares no word with the query', async () => {
    const evervec = await open(await (await databases.create('empty')).open());
    await fill(evervec);
    const search = { query: 'car motor broken', mode: 'vector' } as const;
    expect((await evervec.search(search)).hits[0]).toMatchObject({ key: '1' });
    expect((await evervec.search({ ...search, query: 'boats in a port' })).hits[0]?.key).toBe('4');
  });

  test('a space of the earlier one stays searchable, and is not mixed with the other', async () => {
    const database = await (await databases.create('empty')).open();
    const evervec = await open(database, HASHED);
    await fill(evervec);
    const search = { query: 'olive bread', mode: 'vector' } as const;
    expect((await evervec.search(search)).hits[0]).toMatchObject({ key: '2' });
    const other = await open(database);
    expect(await other.setup()).toMatchObject([
      { differs: [expect.stringMatching(/hashed-words@1\/384, not evervec\/near-words@1/)] },
    ]);
    const { hits, space } = await other.search(search);
    expect(hits[0]).toMatchObject({ key: '2' });
    expect(space).toEqual({ notes: 'evervec/hashed-words@1/384' });
    await database.query(`insert into notes values (9, 'bread without olives')`);
    await (await other.worker()).drain();
    expect((await other.search({ ...search, limit: 9 })).hits.map(({ key }) => key)).toContain('9');
  });
});
