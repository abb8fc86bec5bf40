/** The ledger and the budget as the command and HTTP show them. */
import { expect, test } from 'vitest';
import type { CostReport } from '../../src/operate/index.ts';
import { createHandler } from '../../src/server/index.ts';
import { WIDTH } from '../faults/model-server.ts';
import { KEY, startWireServer } from '../providers/wire-server.ts';
import { commandFolder, type Folder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';
import { askedOf, drain, insertRows, prepare, TOKENS } from './fixture.ts';

async function configure(folder: Folder, database: string, more: string): Promise<void> {
  await folder.write(
    'evervec.config.ts',
    `export default {
      database: ${JSON.stringify(database)},
      model: { provider: 'openai', model: 'text-embedding-3-small', dimensions: ${WIDTH} },
      sources: { items: { table: 'items', text: ['body'] } },
      ${more}
    };`,
  );
}

describeOnOneDatabase('the cost', (databases) => {
  test('on the command line, with a budget and without a price', async () => {
    const place = await databases.create();
    await using server = await startWireServer();
    await using folder = await commandFolder();
    const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: `${server.url}/v1` };
    const database = await place.open();
    await database.query('create table items (id integer primary key, body text not null)');
    await insertRows(database, 1, 12);
    await database.close();

    await configure(folder, place.location, `budget: { perDay: { tokens: ${TOKENS} } },`);
    await folder.run(['setup'], env);
    const nothing = await folder.run(['cost'], env);
    expect(nothing.stdout).toMatch(/no model was called from \d{4}-\d{2}-\d{2} to/);
    expect(nothing.stdout).toMatch(/budget of all sources: 3 of 3 tokens left/);
    const plan = await folder.run(['backfill', '--dry-run'], env);
    expect(plan.stdout).toMatch(/budget of all sources: 3 of 3 tokens left/);

    const begun = await folder.run(['backfill', '--yes', '--batch-size', '6'], env);
    expect(begun.stdout).toMatch(/6 still wait/);
    expect(begun.stderr).toMatch(/daily budget reached/);
    expect(askedOf(server).texts).toBe(6);
    const status = await folder.run(['queue', 'status'], env);
    expect(status.stdout).toMatch(/items:bulk.*paused: daily budget/);
    await folder.run(['queue', 'pause', 'items'], env);
    const again = await folder.run(['queue', 'resume', 'items'], env);
    expect(again.stdout).toMatch(/resumed: items\n.*budget still holds items: say it again/);
    const resumed = await folder.run(['queue', 'resume', '--all'], env);
    expect(resumed.stdout).toMatch(/resumed: items, items:bulk/);
    await folder.run(['worker', '--once'], env);
    expect(askedOf(server).texts).toBe(12);

    const table = await folder.run(['cost', '--by', 'cause'], env);
    expect(table.stdout).toMatch(/^cause +calls +texts +saved +tokens +failed +US\$$/m);
    expect(table.stdout).toMatch(/^backfill +2 +12 +0 +6 +0 +0\.00000012$/m);
    const json = await folder.run(['cost', '--json', '--source', 'items', '--days', '1'], env);
    const report = JSON.parse(json.stdout) as CostReport;
    expect(report).toMatchObject({ currency: 'USD', by: 'source', total: { money: '0.00000012' } });

    // A model whose price nobody knows: never shown as 0, and refused with a budget of money.
    const unknown = { ...env, EMBEDDING_PROVIDER: 'openai-compatible', EMBEDDING_MODEL: 'mine' };
    const priceless = `budget: { perDay: { money: 1 } },`;
    await configure(folder, place.location, priceless);
    const refused = await folder.run(['worker', '--once'], unknown);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/mine.*not known[\s\S]*price\.perMillionTokens/);
    const checked = await folder.run(['check'], unknown);
    expect(checked.stdout).toMatch(/BAD +model.*mine.*not known/);
    const wrong = await folder.run(['cost', '--from', '2026-02-30'], env);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/"2026-02-30" is no day/);
  }, 120_000);

  test('of an unknown price is said to be so', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const model = {
      provider: 'openai-compatible',
      model: 'mine',
      baseUrl: `${server.url}/v1`,
    } as const;
    const evervec = await prepare(database, server, { model });
    await insertRows(database, 1, 3);
    await drain(evervec);
    const { total } = await evervec.cost();
    expect(total).toMatchObject({ money: null, unpriced_tokens: TOKENS, tokens: TOKENS });
    const [plan] = await evervec.planBackfill();
    expect(plan?.cost).toBeNull();
  });

  test('over HTTP, and as metrics', async () => {
    const database = await (await databases.create()).open();
    await using server = await startWireServer();
    const evervec = await prepare(database, server, { budget: { perDay: { money: 1 } } });
    await insertRows(database, 1, 3);
    await drain(evervec);
    const token = 'a-token-that-only-reads';
    const handler = createHandler(evervec, { tokens: { reader: { scope: 'read', token } } });
    const get = (path: string, headers: Record<string, string> = {}) =>
      handler(new Request(`http://127.0.0.1${path}`, { headers }));
    const authorization = `Bearer ${token}`;
    expect((await get('/v1/cost')).status).toBe(401);
    const answer = await get('/v1/cost?by=model&days=2', { authorization });
    expect(await answer.json()).toMatchObject({
      by: 'model',
      rows: [{ name: `openai/text-embedding-3-small/${WIDTH}`, texts: 3, money: '0.00000006' }],
      budgets: [{ of: 'all sources', unit: 'money', budget: '1', left: '0.99999994' }],
    });
    const wrong = await get('/v1/cost?from=2026-01-02&to=2026-01-01', { authorization });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ error: { code: 'EVERVEC_COST_REQUEST' } });
    const metrics = await get('/metrics', { authorization });
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect((await metrics.text()).split('\n')).toContain(
      `evervec_model_calls_total{provider="openai",model="openai/text-embedding-3-small/${WIDTH}",cause="change"} 1`,
    );
  });
});
