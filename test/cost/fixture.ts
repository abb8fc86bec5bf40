/** Evervec over `items`, with a model of OpenAI's that a local server plays, and what that server was asked. */
import type { Database } from '../../src/database/index.ts';
import { type Config, createEvervec, type Evervec } from '../../src/engine/index.ts';
import type { CostSums } from '../../src/operate/index.ts';
import type { Logger } from '../../src/runtime/index.ts';
import { WIDTH } from '../faults/model-server.ts';
import { KEY, type WireServer } from '../providers/wire-server.ts';

/** What the server says that each of its answers took, and OpenAI's list price of a million. */
export const TOKENS = 3;
export const PRICE = 0.02;

export function configOf(server: WireServer, more: Partial<Config> = {}): Config {
  return {
    model: {
      provider: 'openai',
      model: 'text-embedding-3-small',
      dimensions: WIDTH,
      baseUrl: `${server.url}/v1`,
      apiKey: KEY,
    },
    sources: { items: { table: 'items', text: ['body'] } },
    ...more,
    worker: { retryBaseMs: 5, retryCapMs: 5, intervalMs: 20, timeoutMs: 2_000, ...more.worker },
  };
}

export async function prepare(
  database: Database,
  server: WireServer,
  more: Partial<Config> = {},
  logger?: Logger,
): Promise<Evervec> {
  await database.query(
    'create table if not exists items (id integer primary key, body text not null)',
  );
  const evervec = await createEvervec(configOf(server, more), {
    database,
    ...(logger && { logger }),
  });
  await evervec.setup();
  return evervec;
}

/** Rows `from` to `to`, each with a text of its own. */
export async function insertRows(
  database: Database,
  from: number,
  to: number,
  table = 'items',
): Promise<void> {
  await database.query(
    `insert into ${table} select n, '${table} ' || n || ' as it was first written'
    from generate_series($1::integer, $2::integer) n`,
    [from, to],
  );
}

/** Works until nothing is ready, as one process does that then ends. */
export async function drain(evervec: Evervec, maxBatch?: number): Promise<number> {
  return await (await evervec.worker(undefined, maxBatch ? { maxBatch } : {})).drain();
}

/** Makes everything due that waits: a back-off, the breaker's pause. */
export async function hurry(database: Database): Promise<void> {
  await database.query('update evervec.providers set open_until = now() where open_until > now()');
  await database.query('update evervec.jobs set ready_at = now() where state = 2');
}

/** Calls and texts that the server was asked, and texts that it answered, that is, billed. */
export function askedOf(server: WireServer): { calls: number; texts: number; paid: number } {
  return {
    calls: server.calls,
    texts: server.asked.reduce((sum, { texts }) => sum + texts.length, 0),
    paid: [...server.paid.values()].reduce((sum, times) => sum + times, 0),
  };
}

/** Cause → sums. */
export async function byCause(evervec: Evervec): Promise<Record<string, CostSums>> {
  const { rows } = await evervec.cost({ by: 'cause' });
  return Object.fromEntries(rows.map(({ name, ...sums }) => [name, sums]));
}

/** The database's day, for ledger and budget, becomes the one so many days from today. */
export async function moveTo(database: Database, days: number): Promise<void> {
  await database.query(
    `create or replace function evervec.ledger_day() returns date language sql stable as $$
      select (pg_catalog.now() at time zone 'UTC')::pg_catalog.date + ${days}
    $$`,
  );
}
