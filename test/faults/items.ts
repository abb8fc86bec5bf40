/** The table that the fault suite keeps embedded, and Evervec over it. Each row has one chunk, its body. */
import { type Database, openPostgres } from '../../src/database/index.ts';
import { type Config, createEvervec, type Evervec } from '../../src/engine/index.ts';
import { createRemoteModel } from './remote-model.ts';

export function itemsConfig(modelUrl: string, worker: Config['worker'] = {}): Config {
  return {
    model: createRemoteModel(modelUrl),
    sources: { items: { table: 'items', text: ['body'] } },
    worker: { retryBaseMs: 5, intervalMs: 50, ...worker },
  };
}

/** Table and capture, empty. */
export async function prepareItems(database: Database, modelUrl: string): Promise<Evervec> {
  await database.query('create table items (id integer primary key, body text not null)');
  const evervec = await createEvervec(itemsConfig(modelUrl), { database });
  await evervec.setup();
  return evervec;
}

/** Rows `from` to `to`, each with a text that no other has. */
export async function insertItems(database: Database, from: number, to: number): Promise<void> {
  await database.query(
    `insert into items select n, 'item ' || n || ' as it was first written'
    from generate_series($1::integer, $2::integer) n`,
    [from, to],
  );
}

/** Opens a database again that is opened and closed by the test. */
export async function reopen(url: string, maxConnections = 4): Promise<Database> {
  return await openPostgres({ url, maxConnections });
}
