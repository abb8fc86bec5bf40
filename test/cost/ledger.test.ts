/** The ledger says what the provider counted, whatever becomes of the batch that a call was made for. */
import { expect, test } from 'vitest';
import { describeEachDatabase } from '../setup/each-database.ts';
import { vectorOf } from '../faults/model-server.ts';
import { startWireServer } from '../providers/wire-server.ts';
import { eventually } from '../setup/signal.ts';
import {
  askedOf,
  byCause,
  drain,
  hurry,
  insertRows,
  moveTo,
  prepare,
  PRICE,
  TOKENS,
} from './fixture.ts';

/** Tried again when the test says so. */
const SLOW_RETRY = { retryBaseMs: 600_000, retryCapMs: 600_000 };
/** An answer that was paid for and is of no use. */
const NARROW = {
  vectors: (texts: readonly string[]) => texts.map((text) => vectorOf(text).slice(1)),
};

describeEachDatabase('the ledger', (databases) => {
  test('has changes, a backfill and queries as the server counted them', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server);
    await insertRows(database, 1, 30);
    await drain(evervec);
    const changes = askedOf(server);
    await evervec.reset();
    await drain(evervec);
    const both = askedOf(server);
    await evervec.search({ query: 'the seventh', mode: 'vector' });
    await evervec.search({ query: 'the seventh', mode: 'vector' });
    await evervec.search({ query: 'by words', mode: 'text' });

    const causes = await byCause(evervec);
    expect(causes).toMatchObject({
      change: { calls: changes.calls, texts: 30, tokens: TOKENS * changes.calls, failed: 0 },
      backfill: { calls: both.calls - changes.calls, texts: 30 },
      query: { calls: 1, texts: 1, saved: 1, tokens: TOKENS },
    });
    expect(Object.keys(causes).sort()).toEqual(['backfill', 'change', 'query']);
    const { total } = await evervec.cost();
    const { calls, texts } = askedOf(server);
    expect(total).toMatchObject({ calls, texts, tokens: TOKENS * calls, estimated_tokens: 0 });
    // Exactly: it was never a float.
    expect(total.money).toBe(((TOKENS * calls * PRICE) / 1e6).toFixed(8).replace(/0+$/, ''));
  });

  test('waits for the disk with what is about to be paid, and with nothing else', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server);
    await database.query(`create table seen (calls bigint, commit text)`);
    await database.query(`create function note_commit() returns trigger language plpgsql as $$
      begin
        insert into seen values (new.calls, current_setting('synchronous_commit'));
        return new;
      end $$`);
    await database.query(
      'create trigger noting before insert on evervec.calls for each row execute function note_commit()',
    );
    await evervec.search({ query: 'the seventh', mode: 'vector' });
    const { rows } = await database.query<{ calls: string; commit: string }>('select * from seen');
    // The call with its estimate, then what the provider counted.
    expect(rows).toEqual([
      { calls: '1', commit: 'on' },
      { calls: '0', commit: 'off' },
    ]);
  });

  test('has texts that needed no call as saved', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server);
    await database.query(
      `insert into items select n, 'one of ' || n % 5 from generate_series(1, 50) n`,
    );
    await drain(evervec);
    expect(askedOf(server)).toMatchObject({ texts: 5, paid: 5 });
    expect((await byCause(evervec))['change']).toMatchObject({ texts: 5, saved: 45 });
    await evervec.backfill();
    await drain(evervec);
    expect((await byCause(evervec))['backfill']).toMatchObject({ calls: 0, texts: 0, saved: 50 });
    expect((await evervec.cost()).total).toMatchObject({ texts: 5, saved: 95 });
  });

  test.each([429, 500, 400])('has calls that were answered %i, unpaid', async (status) => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server);
    await insertRows(database, 1, 8);
    server.play = () => (server.calls === 1 ? { status } : 'well');
    await drain(evervec);
    await hurry(database);
    await drain(evervec);
    const { calls, texts, paid } = askedOf(server);
    const { total } = await evervec.cost();
    expect(total).toMatchObject({ calls, texts, failed: 1, failed_billed: 0 });
    expect(total).toMatchObject({ tokens: TOKENS * (calls - 1), estimated_tokens: 0 });
    expect(paid).toBe(8);
  });

  test('has answers of no use and connections that were cut as billed', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server, { worker: SLOW_RETRY });
    await insertRows(database, 1, 1);
    server.play = () => (server.calls === 1 ? NARROW : 'cut');
    await drain(evervec);
    const failed = { calls: 1, failed: 1, failed_billed: 1 };
    expect(await byCause(evervec)).toMatchObject({
      change: { ...failed, tokens: TOKENS, estimated_tokens: 0 },
    });
    await hurry(database);
    await drain(evervec);
    const { retry } = await byCause(evervec);
    expect(askedOf(server).calls).toBe(2);
    expect(retry).toMatchObject({ ...failed, tokens: retry?.estimated_tokens });
    expect(retry?.tokens).toBeGreaterThan(0);
  });

  test('counts a record that is tried again as such, and those beside it not', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server, { worker: SLOW_RETRY });
    await insertRows(database, 1, 1);
    server.play = () => NARROW;
    await drain(evervec);
    server.play = () => 'well';
    await insertRows(database, 2, 10);
    // Folded while nothing is leased: then all ten are of one claim.
    await evervec.queue.pause('all');
    await drain(evervec);
    await hurry(database);
    await evervec.queue.resume('all');
    await drain(evervec);
    expect(server.calls).toBe(2);
    const { change, retry } = await byCause(evervec);
    expect(change).toMatchObject({ calls: 2, texts: 1 + 9, failed: 1 });
    expect(retry).toMatchObject({ calls: 0, texts: 1, tokens: 0 });
    expect((change?.tokens ?? 0) + (retry?.tokens ?? 0)).toBe(2 * TOKENS);
  });

  test('has a call that its worker did not live to see the end of', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server);
    await insertRows(database, 1, 4);
    server.play = () => 'hang';
    const worker = await evervec.worker(undefined, { leaseMs: 300, stopMs: 0 });
    await worker.start();
    await eventually('a call', () => (server.calls > 0 ? true : undefined));
    // What stands there now is what is left when the process is gone.
    const { rows } = await database.query<{ calls: number; tokens: number; estimated: number }>(
      `select sum(calls)::integer as calls, sum(tokens)::integer as tokens,
        sum(estimated_tokens)::integer as estimated from evervec.calls`,
    );
    expect(rows[0]?.calls).toBe(1);
    expect(rows[0]?.estimated).toBe(rows[0]?.tokens);
    expect(rows[0]?.tokens).toBeGreaterThan(0);
    await worker.stop();
    expect((await evervec.cost()).total).toMatchObject({ calls: 1, failed: 1, failed_billed: 1 });
  });

  test('becomes one row per sum when a day is over, and is never cleaned up', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server);
    // As five processes write: each to rows of its own.
    await database.query(
      `insert into evervec.calls (day, source, model, provider, cause, price, stripe,
        calls, texts, saved, tokens, estimated_tokens, failed, failed_billed)
      select evervec.ledger_day(), 'items', 'm', 'p', 'change', price, stripe, 1, 20, 3, 400, 5, 1, 1
      from generate_series(0, 4) stripe cross join (values (0.02), (null)) priced (price)`,
    );
    const count = async () =>
      (await database.query('select from evervec.calls where model = $1', ['m'])).rows.length;
    const { total } = await evervec.cost();
    expect(total).toMatchObject({ calls: 10, tokens: 4_000, unpriced_tokens: 2_000 });
    expect(total.money).toBe('0.00004');
    await moveTo(database, 1);
    await database.query('select evervec.roll_up_calls()');
    expect(await count()).toBe(10);
    await moveTo(database, 40);
    await database.query('select evervec.roll_up_calls()');
    await evervec.queue.cleanup(1);
    expect(await count()).toBe(2);
    expect((await evervec.cost({ days: 60 })).total).toEqual(total);
  });

  test('has a search over several sources once, under one of them', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    await database.query('create table others (id integer primary key, body text not null)');
    const source = (table: string) => ({ table, text: ['body'] });
    const sources = { items: source('items'), others: source('others') };
    const evervec = await prepare(database, server, { sources });
    for (let n = 0; n < 24; n++) await evervec.search({ query: `q${n}`, mode: 'vector' });
    const { rows, total } = await evervec.cost({ by: 'source' });
    expect(total).toMatchObject({ calls: server.calls, texts: 24 });
    // By lot: that one of them gets none of 24 happens once in eight million times.
    expect(rows.map(({ name }) => name)).toEqual(['items', 'others']);
    const [only] = (await evervec.cost({ sources: ['items'] })).rows;
    expect(only?.calls).toBe(rows[0]?.calls);
  });
});
