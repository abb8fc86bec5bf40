/** A budget that is reached stops what would spend more, for the day, and nothing else. */
import { expect, test } from 'vitest';
import { createEvervec, type Evervec } from '../../src/engine/index.ts';
import { ConfigError } from '../../src/errors/index.ts';
import { silentLogger } from '../../src/runtime/index.ts';
import type { Database } from '../../src/database/index.ts';
import { startWireServer } from '../providers/wire-server.ts';
import { createDigestModel } from '../setup/digest-model.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { askedOf, configOf, drain, insertRows, moveTo, prepare, PRICE, TOKENS } from './fixture.ts';

/** Records in a batch, and so texts in a call. */
const BATCH = 5;
/** What a call costs, and a budget that the second one reaches. */
const CALL = (TOKENS * PRICE) / 1e6;
const TWO_CALLS = { perDay: { money: 2 * CALL } };

async function states(database: Database): Promise<Record<string, number>> {
  const { rows } = await database.query<{ state: number; attempts: number; count: number }>(
    'select state, max(attempts + crashes)::integer as attempts, count(*)::integer as count from evervec.jobs group by 1',
  );
  const names = ['ready', 'leased', 'waiting', 'parked'];
  const tries = Math.max(0, ...rows.map(({ attempts }) => attempts));
  return { tries, ...Object.fromEntries(rows.map((row) => [names[row.state], row.count])) };
}

async function backfilled(evervec: Evervec): Promise<void> {
  await evervec.reset();
  await drain(evervec, BATCH);
}

async function lanesHeld(evervec: Evervec): Promise<string[]> {
  const { lanes } = await evervec.queueStatus();
  return Object.keys(lanes).filter((name) => lanes[name]?.budget_paused);
}

describeEachDatabase('a budget of the day', (databases) => {
  test('stops a backfill half-way: nothing is lost, nothing parked, search goes on', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const alerts: object[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => void alerts.push(fields) };
    const evervec = await prepare(database, server, { budget: TWO_CALLS }, logger);
    await insertRows(database, 1, 20);
    await database.query('delete from evervec.changes');
    await backfilled(evervec);

    expect(askedOf(server)).toEqual({ calls: 2, texts: 10, paid: 10 });
    expect(await states(database)).toEqual({ tries: 0, ready: 10 });
    expect(await lanesHeld(evervec)).toEqual(['items', 'items:bulk']);
    expect(alerts).toEqual([
      expect.objectContaining({ of: 'all sources', lanes: ['items', 'items:bulk'] }),
    ]);
    const entries = await evervec.queue.audit({ action: 'pause' });
    expect(entries.map(({ actor, target }) => `${actor}: ${target}`).sort()).toEqual([
      'budget: lane items',
      'budget: lane items:bulk',
    ]);
    const health = await evervec.queue.health();
    expect(health.checks.find(({ what }) => what === 'budget')).toMatchObject({
      level: 'warning',
      found: expect.stringMatching(/items:bulk wait until 00:00 UTC/),
      remedy: expect.stringMatching(/queue resume/),
    });

    // Capture and search go on, and what a search spends is counted.
    await insertRows(database, 21, 25);
    await drain(evervec, BATCH);
    const { hits } = await evervec.search({ query: 'items 3 as it was', mode: 'vector' });
    expect(hits).not.toHaveLength(0);
    expect(askedOf(server).calls).toBe(3);
    expect(await states(database)).toEqual({ tries: 0, ready: 15 });
    expect(alerts).toHaveLength(1);
    const { budgets } = await evervec.cost();
    expect(budgets).toEqual([
      { of: 'all sources', unit: 'money', budget: '0.00000012', spent: '0.00000018', left: '0' },
    ]);
  });

  test('is over with the day', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server, { budget: TWO_CALLS });
    await insertRows(database, 1, 20);
    await drain(evervec, BATCH);
    expect(askedOf(server).calls).toBe(2);
    await evervec.queue.pause(['items'], 'anna');

    await moveTo(database, 1);
    expect(await lanesHeld(evervec)).toEqual([]);
    // What an operator closed stays closed.
    await drain(evervec, BATCH);
    expect(askedOf(server).calls).toBe(2);
    await evervec.queue.resume(['items'], 'anna');
    await drain(evervec, BATCH);
    expect(askedOf(server)).toEqual({ calls: 4, texts: 20, paid: 20 });
    expect(await states(database)).toEqual({ tries: 0 });
    const { rows } = await evervec.cost({ by: 'day', days: 3 });
    expect(rows.map(({ calls, texts }) => ({ calls, texts }))).toEqual([
      { calls: 2, texts: 10 },
      { calls: 2, texts: 10 },
    ]);
  });

  test('is lifted for the rest of the day by resume, for the lanes that it names', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server, { budget: TWO_CALLS });
    await insertRows(database, 1, 20);
    await drain(evervec, BATCH);
    expect(await evervec.queue.resume(['items'], 'anna')).toEqual(['items']);
    expect(await lanesHeld(evervec)).toEqual(['items:bulk']);
    await drain(evervec, BATCH);
    expect(askedOf(server)).toEqual({ calls: 4, texts: 20, paid: 20 });
    await insertRows(database, 21, 25);
    await drain(evervec, BATCH);
    expect(await states(database)).toEqual({ tries: 0 });
    const [entry] = await evervec.queue.audit({ action: 'resume' });
    expect(entry).toMatchObject({ actor: 'anna', detail: { reason: 'daily budget' } });

    // The next day has a budget again.
    await moveTo(database, 1);
    await insertRows(database, 26, 45);
    await drain(evervec, BATCH);
    expect(await lanesHeld(evervec)).toEqual(['items', 'items:bulk']);
    expect(await evervec.queue.resume('all')).toEqual(['items', 'items:bulk']);
  });

  test('and an operator: resume takes away one pause at a time', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server, { budget: TWO_CALLS });
    await insertRows(database, 1, 20);
    await drain(evervec, BATCH);
    await evervec.queue.pause('all', 'anna');
    await evervec.queue.resume('all', 'anna');
    const { lanes } = await evervec.queueStatus();
    expect(lanes['items']).toMatchObject({ paused: false, budget_paused: true });
    await evervec.queue.resume('all', 'anna');
    expect(await lanesHeld(evervec)).toEqual([]);
  });

  test('of one source leaves the others alone', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    await database.query('create table others (id integer primary key, body text not null)');
    const evervec = await prepare(database, server, {
      sources: {
        items: { table: 'items', text: ['body'], budget: { perDay: { tokens: TOKENS } } },
        others: { table: 'others', text: ['body'] },
      },
    });
    await insertRows(database, 1, 20);
    await insertRows(database, 1, 20, 'others');
    await drain(evervec, BATCH);
    const { rows } = await evervec.cost();
    expect(rows).toMatchObject([
      { name: 'items', calls: 1, texts: BATCH },
      { name: 'others', texts: 20 },
    ]);
    expect(await lanesHeld(evervec)).toEqual(['items', 'items:bulk']);
    expect(await evervec.budgetsLeft()).toEqual([
      { of: 'source items', unit: 'tokens', budget: '3', spent: '3', left: '0' },
    ]);
  });

  test('writes what was paid for before it was reached', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    // A call of this provider has 32 texts.
    const model = {
      provider: 'openai-compatible',
      model: 'digest',
      baseUrl: `${server.url}/v1`,
    } as const;
    const price = { perMillionTokens: PRICE };
    const evervec = await prepare(database, server, { model, price });
    await insertRows(database, 1, 320);
    const limited = await createEvervec(
      { ...configOf(server, { model, price }), budget: { perDay: { tokens: 1 } } },
      { database },
    );
    // Each start asks for the width.
    server.paid.clear();
    await drain(limited);
    const { paid } = askedOf(server);
    // Four calls go at once: none of them sees the others.
    expect(paid).toBeGreaterThan(0);
    expect(paid).toBeLessThanOrEqual(4 * 32);
    const { rows } = await database.query<{ pending: number }>(
      'select count(*)::integer as pending from evervec.jobs',
    );
    expect(rows[0]?.pending).toBe(320 - paid);
    expect(await states(database)).toEqual({ tries: 0, ready: 320 - paid });
    await drain(evervec);
    expect(await states(database)).toEqual({ tries: 0, ready: 320 - paid });
    await limited.queue.resume('all');
    await drain(limited);
    expect(askedOf(server).paid).toBe(320);
  });

  test('of two workers is overshot by the calls that they have under way at most', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const first = await prepare(database, server, { budget: TWO_CALLS });
    const second = await createEvervec(configOf(server, { budget: TWO_CALLS }), { database });
    await insertRows(database, 1, 200);
    await Promise.all([drain(first, BATCH), drain(second, BATCH)]);
    // One call of the other may be under way as the last of the budget is taken.
    expect(askedOf(server).calls).toBeLessThanOrEqual(3);
    const { calls, paid } = askedOf(server);
    expect((await states(database))['ready']).toBe(200 - paid);
    expect((await first.cost()).total).toMatchObject({ calls, texts: paid });
  });

  test('does not hold up what is free', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const price = { perMillionTokens: 0 };
    const budget = { perDay: { tokens: 1, money: 0 } };
    const evervec = await prepare(database, server, { price, budget });
    await insertRows(database, 1, 20);
    await drain(evervec, BATCH);
    expect((await evervec.cost()).total).toMatchObject({ texts: 20, money: '0', calls: 4 });
    expect(await lanesHeld(evervec)).toEqual([]);
  });

  test('of money is refused where the price is not known', async () => {
    const database = await (await databases.create()).open();
    const model = createDigestModel();
    const sources = { items: { table: 'items', text: ['body'] } };
    const budget = { perDay: { money: 1 } };
    const opened = (config: object) =>
      createEvervec({ model, sources, ...config }, { database }).catch((error: unknown) => error);
    const error = await opened({ budget });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      isUsage: true,
      message: expect.stringMatching(/test\/digest@8/),
      remedy: expect.stringMatching(/price\.perMillionTokens/),
    });
    expect(await opened({ sources: { items: { ...sources.items, budget } } })).toBeInstanceOf(
      ConfigError,
    );
    const fits = [
      { budget, price: { perMillionTokens: 1 } },
      { budget: { perDay: { tokens: 1 } } },
    ];
    for (const config of fits) expect(await opened(config)).not.toBeInstanceOf(Error);
  });
});
