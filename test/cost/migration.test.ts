/** A space that fills beside the active one: in the ledger as such, and held to the same budget. */
import { expect, test } from 'vitest';
import { createEvervec } from '../../src/engine/index.ts';
import { WIDTH } from '../faults/model-server.ts';
import { KEY, startWireServer } from '../providers/wire-server.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { askedOf, byCause, configOf, drain, insertRows, moveTo, prepare } from './fixture.ts';

const ROWS = 20;
const BATCH = 5;

describeEachDatabase('a migration', (databases) => {
  test('is its own cause, and waits for the next day where the budget is reached', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server);
    await insertRows(database, 1, ROWS);
    await drain(evervec);
    const before = askedOf(server).texts;
    const to = {
      ...(configOf(server).model as object),
      provider: 'openai',
      model: 'text-embedding-3-large',
      dimensions: WIDTH,
    } as const;
    await evervec.migrations.begin('items', to);
    await evervec.migrations.queue('items');

    const limited = await createEvervec(configOf(server, { budget: { perDay: { tokens: 1 } } }), {
      database,
    });
    await drain(limited, BATCH);
    expect(askedOf(server).texts).toBe(before);
    const { lanes } = await limited.queueStatus();
    const held = Object.keys(lanes).filter((name) => lanes[name]?.budget_paused);
    expect(held.length).toBeGreaterThan(2);
    const stop = new AbortController();
    const holds: unknown[] = [];
    const isFull = await limited.migrations.fill('items', {
      signal: stop.signal,
      onProgress: ({ hold }) => {
        holds.push(hold);
        stop.abort();
      },
    });
    expect(isFull).toBe(false);
    expect(holds[0]).toEqual({ why: 'budget', lanes: ['items:standby:bulk'] });

    await moveTo(database, 1);
    await drain(evervec);
    expect(askedOf(server).texts).toBe(before + ROWS);
    expect((await byCause(evervec))['migration']).toMatchObject({ texts: ROWS });
    const { rows } = await evervec.cost({ days: 3 });
    expect(rows.map(({ name }) => name)).toEqual(['items']);
  });

  test('that costs and reaches the budget leaves the free model beside it at work', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const free = createDigestModel();
    const evervec = await prepare(database, server, {
      model: free,
      price: { perMillionTokens: 0 },
      providers: { openai: { baseUrl: `${server.url}/v1`, apiKey: KEY } },
      budget: { perDay: { tokens: 1 } },
    });
    await insertRows(database, 1, ROWS);
    await drain(evervec);
    expect(await evervec.budgetsLeft()).toEqual([]);
    const to = { provider: 'openai', model: 'text-embedding-3-small', dimensions: WIDTH } as const;
    await evervec.migrations.begin('items', to);
    await evervec.migrations.queue('items');
    await drain(evervec, BATCH);
    expect(askedOf(server).texts).toBe(BATCH);
    const { lanes } = await evervec.queueStatus();
    const held = Object.keys(lanes).filter((name) => lanes[name]?.budget_paused);
    expect(held.toSorted()).toEqual(['items:standby', 'items:standby:bulk']);
    expect(await evervec.budgetsLeft()).toMatchObject([{ of: 'all sources', unit: 'tokens' }]);
    free.texts.length = 0;
    await database.query(`update items set body = 'changed meanwhile' where id = 3`);
    await drain(evervec);
    expect(free.texts).toEqual(['changed meanwhile']);
    expect(askedOf(server).texts).toBe(BATCH);
  });
});
