/** Puts a source into a database, and takes it out without a trace. */
import { isDeepStrictEqual } from 'node:util';
import {
  type Connection,
  type Database,
  quoteIdentifier,
  quoteQualified,
  transactOnTables,
} from '../database/index.ts';
import { PermissionError, QueryError } from '../errors/index.ts';
import {
  captureState,
  checkAsPinned,
  createViews,
  dropViews,
  emptyArchive,
  findSource,
  findStandby,
  forgetChanges,
  forgetSource,
  forgetStandby,
  installCapture,
  listSources,
  removeCapture,
  type SourceDefinition,
  type SourceRow,
  saveSource,
  storedDefinition,
  watchTable,
} from '../source/index.ts';
import {
  areGuarded,
  createSpace,
  noteIndexSettings,
  describeSpace,
  dropSpace,
  guardSidecars,
  spacesOf,
} from '../space/index.ts';
import { differences, type WantedSpace } from './spaces.ts';

export interface SetupReport {
  source: string;
  table: string;
  outcome: 'created' | 'updated' | 'unchanged';
  /** Whether records have to be queued: the source is new, or its text is made differently now. */
  needsBackfill: boolean;
  /** In what its space is another than the configuration asks for: it stays as it is until a migration. */
  differs: string[];
}

/** Two set-ups at once, or a set-up and a teardown, take turns; until the transaction ends. The number is any, but everyone's. */
export async function takeSetupTurn(tx: Connection): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('evervec setup'))`);
}

const turnOf = (what: string) => ({ what, turn: takeSetupTurn });

/**
 * Set-up of one source, in one transaction: all of it or nothing. Run again it changes nothing, and takes no lock on
 * the user's table. A space that is there stays, also where another one would be made now.
 */
export async function setUpSource(
  database: Database,
  source: SourceDefinition,
  wanted: WantedSpace,
): Promise<SetupReport> {
  const table = `${source.table.schema}.${source.table.name}`;
  return await transactOnTables(
    database,
    turnOf(`The set-up of source "${source.name}"`),
    async (tx) => {
      const before = await findSource(tx, source.name);
      const differs = before === null ? [] : await compareSpace(tx, before, wanted);
      const stored = storedDefinition(source);
      const capture = await captureState(tx, database.schema, source);
      const isSameName =
        before?.table_schema === source.table.schema && before.table_name === source.table.name;
      const isSame =
        isSameName &&
        isDeepStrictEqual(before.definition, stored) &&
        (await areGuarded(tx, before.id)) &&
        capture.missing.length + capture.surplus.length === 0;
      const needsBackfill = before?.queued_fingerprint !== source.fingerprint;
      if (isSame) {
        return { source: source.name, table, outcome: 'unchanged', needsBackfill, differs };
      }

      const isSameKey = before !== null && isDeepStrictEqual(before.definition.key, stored.key);
      const isAnew = before !== null && !(isSameKey && (isSameName || capture.isKnown));
      if (isAnew) await startAnew(tx, before);
      // Triggers that were missing or off may have missed changes.
      const hasGap = isAnew || !isSameName || capture.missing.length + capture.surplus.length > 0;
      const saved = await saveSource(tx, source);
      await removeCapture(tx, database.schema, source.name);
      await installCapture(tx, saved.log_id, source);
      await setUpArchive(tx, saved.log_id, source, before?.definition.archive !== undefined);
      if (saved.active_space_id === null) await createSpace(tx, { ...wanted, sourceId: saved.id });
      else
        await guardSidecars(tx, saved.id, !isSameName || before?.definition.join !== stored.join);
      if (before !== null && hasGap)
        await tx.query(
          'update evervec.sources set queued_fingerprint = null, backfill = null where log_id = $1',
          [saved.log_id],
        );
      // What comes from now on is captured: of an empty table nothing is left to queue.
      const isQueued = before === null && source.table.hasTriggers && (await isEmpty(tx, source));
      if (isQueued) await noteQueued(tx, saved, source);
      return {
        source: source.name,
        table,
        outcome: before === null ? 'created' : 'updated',
        needsBackfill: !isQueued && (needsBackfill || hasGap),
        differs: isAnew ? [] : differs,
      };
    },
  );
}

/** Once its triggers are there: for them the database has waited for whoever was writing. */
async function isEmpty(tx: Connection, { table }: SourceDefinition): Promise<boolean> {
  const { rows } = await tx.query<{ is_empty: boolean }>(
    `select not exists (select from ${quoteQualified(table.schema, table.name)}) as is_empty`,
  );
  return rows[0]?.is_empty === true;
}

async function noteQueued(
  tx: Connection,
  { id }: SourceRow,
  { fingerprint }: SourceDefinition,
): Promise<void> {
  await tx.query('update evervec.sources set queued_fingerprint = $2 where id = $1', [
    id,
    fingerprint,
  ]);
}

/**
 * Has a source's table tell of every change, for answers that are kept; or no more. In a transaction of its own: where it
 * can't be had, all else stays.
 * @returns whether it is so now; false where this role does not own the table
 */
export async function watchSource(
  database: Database,
  source: SourceDefinition,
  isWanted: boolean,
): Promise<boolean> {
  try {
    await transactOnTables(
      database,
      turnOf(`The set-up of source "${source.name}"`),
      async (tx) => {
        const row = await findSource(tx, source.name);
        if (row !== null) await watchTable(tx, row.log_id, isWanted ? source.table : null);
      },
    );
    return true;
  } catch (error) {
    if (error instanceof PermissionError) return false;
    throw error;
  }
}

/** @returns what differs; where nothing does, a space from before settings were kept on it gets them */
async function compareSpace(
  tx: Connection,
  row: SourceRow,
  wanted: WantedSpace,
): Promise<string[]> {
  const space = (await spacesOf(tx, row.id)).find(({ id }) => id === row.active_space_id);
  if (space === undefined) return [];
  const differs = differences(space, wanted);
  await noteIndexSettings(tx, space.id, wanted.indexSettings);
  if (differs.length === 0 && space.chunkSettings === null)
    await describeSpace(tx, space.id, wanted);
  return differs;
}

async function setUpArchive(
  tx: Connection,
  logId: number,
  source: SourceDefinition,
  hadRule: boolean,
): Promise<void> {
  await dropViews(tx, source.name);
  const when = source.archive?.when;
  if (when !== undefined)
    await checkAsPinned(tx, source.name, source.table, 'archive.when', when, 'boolean');
  else if (hadRule) await emptyArchive(tx, logId, source.name);
  await createViews(tx, logId, source);
}

/** Keys of another table, or of other columns, say nothing about the rows there are now. */
async function startAnew(tx: Connection, row: SourceRow): Promise<void> {
  await removeStandby(tx, row);
  for (const space of await spacesOf(tx, row.id)) await dropSpace(tx, space.id);
  await forgetChanges(tx, row);
}

/** Takes a source's second space out, if it has one. @returns whether it had */
export async function removeStandby(tx: Connection, row: SourceRow): Promise<boolean> {
  const standby = await findStandby(tx, row.id);
  if (standby === null) return false;
  for (const space of await spacesOf(tx, standby.id)) await dropSpace(tx, space.id);
  await forgetStandby(tx, standby);
  return true;
}

/**
 * Removes sources with their triggers, functions, sidecars and jobs; with the last one Evervec's schema too, and
 * pgvector where set-up created it and nothing else uses it.
 * @param names null means all
 * @returns names of what was removed, and whether anything of Evervec is left
 */
export async function tearDown(
  database: Database,
  names: readonly string[] | null,
): Promise<{ removed: string[]; isEmpty: boolean; keptExtension: boolean }> {
  return await transactOnTables(database, turnOf('The teardown'), async (tx) => {
    const all = await listSources(tx);
    const chosen = all.filter((source) => names === null || names.includes(source.name));
    for (const source of chosen) {
      await removeCapture(tx, database.schema, source.name);
      await watchTable(tx, source.log_id, null);
      await dropViews(tx, source.name);
      await removeStandby(tx, source);
      for (const space of await spacesOf(tx, source.id)) await dropSpace(tx, space.id);
      await forgetSource(tx, source);
    }
    const removed = chosen.map((source) => source.name);
    if (chosen.length < all.length) return { removed, isEmpty: false, keptExtension: false };
    const keptExtension = await removeSchema(tx, database.schema);
    return { removed, isEmpty: true, keptExtension };
  });
}

async function removeSchema(tx: Connection, schema: string): Promise<boolean> {
  const { rows } = await tx.query<{ value: boolean }>(
    `select value from evervec.settings where name = 'created_vector_extension'`,
  );
  await tx.query(`drop schema ${quoteIdentifier(schema)} cascade`);
  if (rows[0]?.value !== true) return false;
  const used = await tx.query(`select from pg_attribute attribute
    join pg_type type on type.oid = attribute.atttypid
    join pg_depend on pg_depend.objid = type.oid and pg_depend.deptype = 'e'
    join pg_extension extension on extension.oid = pg_depend.refobjid
    where extension.extname = 'vector' and attribute.attnum > 0 and not attribute.attisdropped limit 1`);
  if (used.rowCount > 0) return true;
  // A function of the user's may take a vector, which no column shows; or another role owns the extension.
  await tx.query('savepoint before_extension');
  try {
    await tx.query('drop extension vector');
    return false;
  } catch (error) {
    const isNeeded = error instanceof QueryError && error.sqlState === '2BP01';
    if (!isNeeded && !(error instanceof PermissionError)) throw error;
    await tx.query('rollback to savepoint before_extension');
    return true;
  }
}
