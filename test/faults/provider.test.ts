/** A provider that answers wrongly, late or not at all: nobody's try is counted for it, and a bad record stands alone. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { expectConverged } from './converged.ts';
import { forkWorker } from './fork-worker.ts';
import { insertItems, prepareItems } from './items.ts';
import { type Behaviour, type Reply, startModelServer, vectorOf, well } from './model-server.ts';

const ROWS = 60;

async function attempts(database: Database): Promise<number> {
  const { rows } = await database.query<{ most: number }>(
    'select coalesce(max(attempts + crashes), 0)::integer as most from evervec.jobs',
  );
  return rows[0]?.most ?? 0;
}

/** Until a provider's fault has reached the breaker, which all workers share. */
async function untilTripped(database: Database): Promise<void> {
  await eventually('the breaker open', async () => {
    const { rows } = await database.query('select from evervec.providers where failures > 0');
    return rows.length > 0 ? true : undefined;
  });
}

const DOWN: [string, Reply][] = [
  ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' }, body: {} }],
  ['429 without', { status: 429, body: {} }],
  ['500', { status: 500, body: {} }],
  ['nothing', { status: 202, body: null }],
];

describeOnPostgres('a provider that answers', (databases) => {
  test.each(DOWN)('%s', async (_name, reply) => {
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer(() => reply);
    await prepareItems(database, server.url);
    await insertItems(database, 1, ROWS);
    const plan = { url: place.location, modelUrl: server.url, timeoutMs: 300 };
    await using worker = await forkWorker(plan);
    await untilTripped(database);
    expect(await attempts(database), 'tries counted').toBe(0);
    server.behave = well;
    expect(await expectConverged(database, server)).toBe(ROWS);
    await worker.stop();
  });

  const bad: [string, (texts: readonly string[]) => unknown][] = [
    ['half a batch', (texts) => texts.slice(0, texts.length / 2).map(vectorOf)],
    ['NaN', (texts) => texts.map((text) => vectorOf(text).map(() => 'NaN'))],
    ['the wrong width', (texts) => texts.map((text) => vectorOf(text).slice(1))],
  ];
  test.each(bad)('%s for one record: parked alone', async (_name, embeddings) => {
    const behave: Behaviour = (texts) =>
      texts.some((text) => text.startsWith('item 13 '))
        ? { status: 200, body: { embeddings: embeddings(texts) } }
        : well(texts);
    const place = await databases.create();
    const database = await place.open();
    await using server = await startModelServer(behave);
    await prepareItems(database, server.url);
    await insertItems(database, 1, ROWS);
    await using worker = await forkWorker({ url: place.location, modelUrl: server.url });
    // Batches with the bad record in them are not believed, and so paid for again in halves.
    await expectConverged(database, server, { parked: ['13'], paidAgain: 4 * ROWS });
    await worker.stop();
  });
});
