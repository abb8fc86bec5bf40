/**
 * A source's second space as the database has it: made, exchanged with the first, dropped, each in one transaction and written
 * down (I7). Whether it is time for that is asked in `migrations.ts`.
 */
import { type Connection, type Database, transactPastDeadlocks } from '../database/index.ts';
import { MigrationError, QueryError } from '../errors/index.ts';
import { notifyWorkers, recordAudit } from '../queue/index.ts';
import { findSource, findStandby, type SourceRow, saveStandby } from '../source/index.ts';
import { createSpace, type Space } from '../space/index.ts';
import { onSchema } from './on-schema.ts';
import { removeStandby, takeSetupTurn } from './setup.ts';
import { activeSpace, differences, notSetUp, type WantedSpace } from './spaces.ts';

/** How long the space before is kept, days. */
const KEEP_DAYS = 7;
const MAX_KEEP_DAYS = 365;

/**
 * Gives a source its second space. One that is there already is left as it is, if it is the one asked for.
 * @returns false where the source is as asked for already
 * @throws MigrationError when it has another second space
 */
export async function makeSecond(
  database: Database,
  name: string,
  wanted: WantedSpace,
  by: string,
): Promise<boolean> {
  return await database.transaction(async (tx) => {
    await takeSetupTurn(tx);
    const row = await requireSource(tx, name);
    const active = await activeSpace(tx, row);
    const standby = await findStandby(tx, row.id);
    if (standby !== null) {
      const second = await activeSpace(tx, standby);
      if (differences(second, wanted).length === 0) return true;
      throw new MigrationError(
        `Source "${name}" has a second space already, of ${second.modelId}.`,
        { remedy: `Finish with it, or "evervec model drop ${name}".`, isUsage: true },
      );
    }
    if (differences(active, wanted).length === 0) return false;
    const { id } = await saveStandby(tx, row);
    await createSpace(tx, { ...wanted, sourceId: id });
    const detail = { from: active.modelId, to: wanted.modelId };
    await recordAudit(tx, { actor: by, action: 'migrate', target: `source ${name}`, detail });
    await notifyWorkers(tx);
    return true;
  });
}

/**
 * Searches read the second space from now on, and the first becomes the second.
 * @param space the second one as it was seen: where somebody else was first, an exchange would undo theirs
 * @param options `keepDays` how long the first is kept, 0 to 365, default 7
 * @throws MigrationError where `space` is the second one no more
 */
export async function exchangeSpaces(
  database: Database,
  name: string,
  space: Space,
  action: 'switch' | 'rollback',
  options: { keepDays?: number | undefined; by?: string },
): Promise<void> {
  const { keepDays = KEEP_DAYS, by = 'program' } = options;
  if (!(keepDays >= 0 && keepDays <= MAX_KEEP_DAYS))
    throw new MigrationError(`${keepDays} is no number of days to keep a space.`, {
      remedy: `Use 0 to ${MAX_KEEP_DAYS}.`,
      isUsage: true,
    });
  await transactPastDeadlocks(database, async (tx) => {
    await switchSpace(tx, name, space, keepDays);
    const detail = { to: space.modelId, keepDays };
    const target = `source ${name}`;
    await recordAudit(tx, { actor: by, action: `model ${action}`, target, detail });
    await notifyWorkers(tx);
  });
}

async function switchSpace(
  tx: Connection,
  name: string,
  space: Space,
  keepDays: number,
): Promise<void> {
  try {
    await tx.query('select evervec.switch_space($1, $2, make_interval(secs => $3))', [
      name,
      space.id,
      keepDays * 86_400,
    ]);
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlState !== '55000') throw error;
    throw new MigrationError(`Somebody else was first: the spaces of "${name}" are others now.`, {
      remedy: 'See "evervec model status".',
      cause: error,
      isUsage: true,
    });
  }
}

/** Drops the second spaces whose time is over. */
export async function dropOutdated(database: Database): Promise<void> {
  const { rows } = await database.query<{ name: string }>(
    `select source.name from evervec.sources source join evervec.sources standby on standby.standby_of = source.id
    where standby.keep_until <= now() order by 1`,
  );
  for (const { name } of rows) await dropSecond(database, name, 'worker');
}

/** Drops a source's second space, if it has one. */
export async function dropSecond(database: Database, name: string, by: string): Promise<boolean> {
  return await transactPastDeadlocks(database, async (tx) => {
    await takeSetupTurn(tx);
    const row = await requireSource(tx, name);
    const isDropped = await removeStandby(tx, row);
    const entry = { actor: by, action: 'model drop', target: `source ${name}`, detail: {} };
    if (isDropped) await recordAudit(tx, entry);
    return isDropped;
  });
}

/** @throws SchemaError when it is not set up */
export async function requireSource(connection: Connection, name: string): Promise<SourceRow> {
  const row = await onSchema(findSource(connection, name));
  if (row === null) throw notSetUp(name);
  return row;
}
