/** Puts a source into a database, and takes it out without a trace. */
import { isDeepStrictEqual } from 'node:util';
import type { Chunker } from '../chunk/index.ts';
import { type Connection, type Database, quoteIdentifier } from '../database/index.ts';
import { type EmbeddingModel, isEmbedded } from '../embed/index.ts';
import { PermissionError, QueryError, SpaceMismatchError } from '../errors/index.ts';
import {
  captureState,
  checkAsPinned,
  createViews,
  dropViews,
  emptyArchive,
  findSource,
  forgetChanges,
  forgetSource,
  installCapture,
  listSources,
  removeCapture,
  type SourceDefinition,
  saveSource,
  storedDefinition,
} from '../source/index.ts';
import { createSpace, dropSpace, type Space, spacesOf } from '../space/index.ts';

export interface SetupReport {
  source: string;
  table: string;
  outcome: 'created' | 'updated' | 'unchanged';
  /** Whether records have to be queued: the source is new, or its text is made differently now. */
  needsBackfill: boolean;
}

/** Two set-ups at once, or a set-up and a teardown, take turns. The number is any, but everyone's. */
const LOCK = `select pg_advisory_xact_lock(hashtext('evervec setup'))`;

/**
 * Set-up of one source, in one transaction: all of it or nothing. Run again it changes nothing, and takes no lock on
 * the user's table.
 * @throws SpaceMismatchError when model or chunking differ from what the vectors there were made with
 */
export async function setUpSource(
  database: Database,
  source: SourceDefinition,
  model: EmbeddingModel,
  chunker: Chunker,
): Promise<SetupReport> {
  const table = `${source.table.schema}.${source.table.name}`;
  return await database.transaction(async (tx) => {
    await tx.query(LOCK);
    const before = await findSource(tx, source.name);
    for (const space of before === null ? [] : await spacesOf(tx, before.id))
      refuseOtherSpace(space, source, model, chunker);
    const stored = storedDefinition(source);
    const capture = await captureState(tx, database.schema, source);
    const isSameName =
      before?.table_schema === source.table.schema && before.table_name === source.table.name;
    const isSame =
      isSameName &&
      isDeepStrictEqual(before.definition, stored) &&
      capture.missing.length + capture.surplus.length === 0;
    const needsBackfill = before?.queued_fingerprint !== source.fingerprint;
    if (isSame) return { source: source.name, table, outcome: 'unchanged', needsBackfill };

    const isSameKey = before !== null && isDeepStrictEqual(before.definition.key, stored.key);
    const isAnew = before !== null && !(isSameKey && (isSameName || capture.isKnown));
    if (isAnew) await startAnew(tx, before.id);
    // Triggers that were missing or off may have missed changes.
    const hasGap = isAnew || !isSameName || capture.missing.length + capture.surplus.length > 0;
    const saved = await saveSource(tx, source);
    await removeCapture(tx, database.schema, source.name);
    await installCapture(tx, saved.id, source);
    await setUpArchive(tx, saved.id, source, before?.definition.archive !== undefined);
    if (saved.active_space_id === null)
      await createSpace(tx, {
        sourceId: saved.id,
        modelId: model.id,
        dimensions: model.dimensions,
        vectorType: database.capabilities.vectorType,
        chunkerId: chunker.id,
        language: source.language,
        fusionWeight: model.fusionWeight,
        sharesTexts: !isEmbedded(model),
      });
    if (before !== null && hasGap)
      await tx.query(
        'update evervec.sources set queued_fingerprint = null, backfill = null where id = $1',
        [saved.id],
      );
    return {
      source: source.name,
      table,
      outcome: before === null ? 'created' : 'updated',
      needsBackfill: needsBackfill || hasGap,
    };
  });
}

async function setUpArchive(
  tx: Connection,
  sourceId: number,
  source: SourceDefinition,
  hadRule: boolean,
): Promise<void> {
  await dropViews(tx, source.name);
  const when = source.archive?.when;
  if (when !== undefined)
    await checkAsPinned(tx, source.name, source.table, 'archive.when', when, 'boolean');
  else if (hadRule) await emptyArchive(tx, sourceId, source.name);
  await createViews(tx, sourceId, source);
}

/** Keys of another table, or of other columns, say nothing about the rows there are now. */
async function startAnew(tx: Connection, sourceId: number): Promise<void> {
  await tx.query('delete from evervec.archived where source_id = $1', [sourceId]);
  for (const space of await spacesOf(tx, sourceId)) await dropSpace(tx, space.id);
  await forgetChanges(tx, sourceId);
}

/** @throws SpaceMismatchError when what would be written does not belong into `space` */
export function refuseOtherSpace(
  space: Space,
  source: SourceDefinition,
  model: EmbeddingModel,
  chunker: Chunker,
): void {
  const differences = [
    ['model', space.modelId, model.id],
    ['chunking', space.chunkerId, chunker.id],
    ['language', space.language, source.language],
  ].filter(([, before, now]) => before !== now);
  if (differences.length === 0) return;
  const text = differences.map(([what, before, now]) => `${what} ${before} → ${now}`).join(', ');
  throw new SpaceMismatchError(
    `Source "${source.name}" was set up otherwise: ${text}. Its vectors can't be mixed with new ones.`,
    {
      remedy: `Undo the change, or start the source anew: "evervec teardown ${source.name}", then setup and backfill.`,
      isUsage: true,
    },
  );
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
  return await database.transaction(async (tx) => {
    await tx.query(LOCK);
    const all = await listSources(tx);
    const chosen = all.filter((source) => names === null || names.includes(source.name));
    for (const source of chosen) {
      await removeCapture(tx, database.schema, source.name);
      await dropViews(tx, source.name);
      for (const space of await spacesOf(tx, source.id)) await dropSpace(tx, space.id);
      await forgetSource(tx, source.id);
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
