/** A source on its way from one model to another: `items`, from eight numbers to twelve. */
import type { Database } from '../../src/database/index.ts';
import { type Config, createEvervec, type Evervec } from '../../src/engine/index.ts';
import { createDigestModel, type DigestModel } from '../setup/digest-model.ts';
import { expectTrue, keep } from '../source/fixture.ts';

export const ROWS = `select id::text as key, body as text from items`;
export const STANDBY = 'items:standby';
export const SOURCES = { items: { table: 'items', text: ['body'] } } satisfies Config['sources'];

export interface Migrating {
  database: Database;
  /** Configured with the second model, and knowing the first. */
  evervec: Evervec;
  first: DigestModel;
  second: DigestModel;
}

/** `count` items in the first model's space; the configuration names the second. */
export async function migrating(
  database: Database,
  count = 20,
  config: Partial<Config> = {},
): Promise<Migrating> {
  await database.query('create table items (id integer primary key, body text)');
  await database.query(
    `insert into items select n, 'item number ' || n from generate_series(1, ${count}) n`,
  );
  await keep(database, SOURCES);
  return await reopened(database, config);
}

/** Another program on the same database, with models of its own. */
export async function reopened(
  database: Database,
  config: Partial<Config> = {},
): Promise<Migrating> {
  const [first, second] = [createDigestModel(8), createDigestModel(12)];
  const evervec = await createEvervec(
    { model: second, otherModels: [first], sources: SOURCES, ...config },
    { database },
  );
  return { database, evervec, first, second };
}

/** Embeds until nothing is ready. */
export async function drain({ evervec }: Migrating): Promise<number> {
  return await (await evervec.worker()).drain();
}

/** Fails unless both spaces are true to the rows (I3): the one that is searched and the one beside it. */
export async function expectBothTrue(
  { database, evervec, first, second }: Migrating,
  searched: 'first' | 'second',
): Promise<void> {
  const [now, beside] = searched === 'first' ? [first, second] : [second, first];
  const kept = { database, evervec, drain: async () => 0, queued: async () => [] };
  await expectTrue({ ...kept, model: now }, ROWS);
  await expectTrue({ ...kept, model: beside }, ROWS, { source: STANDBY });
}
