/** Makes a worker for sources: what embeds their records, and what is done once they are full. */
import type { Database } from '../database/index.ts';
import type { CallPurpose, EmbeddingModel } from '../embed/index.ts';
import { isPending } from '../queue/index.ts';
import type { Logger } from '../runtime/index.ts';
import { indexWhenFull, queueSidecar, spacesOf } from '../space/index.ts';
import { createEmbedRecords, type Handler, Worker, type WorkerOptions } from '../worker/index.ts';
import type { Config } from './config.ts';
import { ledgerUpkeep, upkeepOf } from './upkeep.ts';
import type { Wired } from './wiring.ts';

export type WorkerChoices = Partial<
  Pick<
    WorkerOptions,
    'concurrency' | 'maxBatch' | 'leaseMs' | 'pollMs' | 'maxCrashes' | 'stopMs' | 'onBatch'
  >
>;

export const VERSION = '0.1.0';

export interface WorkerParts {
  database: Database;
  model: EmbeddingModel;
  logger: Logger;
  config: Config;
  /** What stands in the ledger beside the calls themselves. */
  books: Books;
}

export interface Books {
  onSaved(purpose: CallPurpose, texts: number): void;
  flush(): Promise<void>;
}

/** @param choices override what is configured */
export async function createWorker(
  { database, model, logger, config, books }: WorkerParts,
  wired: readonly Wired[],
  choices: WorkerChoices = {},
): Promise<Worker> {
  const vectorOid = await findVectorOid(database);
  const wantsVectors = config.semanticSearch !== false;
  const handlers = new Map<number, Handler>(
    wired.map(({ row, ...parts }) => [
      row.id,
      createEmbedRecords({
        ...parts,
        sourceId: row.id,
        database,
        model,
        vectorOid,
        wantsVectors,
        onSaved: books.onSaved,
      }),
    ]),
  );
  return new Worker({
    database,
    logger,
    version: VERSION,
    handlerOf: (sourceId) => handlers.get(sourceId),
    sourceIds: [...handlers.keys()],
    queueSidecars: async (tx, sourceIds) => {
      for (const id of sourceIds)
        for (const space of await spacesOf(tx, id)) await queueSidecar(tx, id, space.id);
    },
    onIdle: () => indexFull(database, wired),
    upkeep: [...upkeepOf(database, wired, wantsVectors), ledgerUpkeep(database)],
    onEnd: () => books.flush(),
    ...optionsOf(config.worker ?? {}),
    ...choices,
  });
}

function optionsOf(configured: NonNullable<Config['worker']>): Partial<WorkerOptions> {
  const { concurrency, batchSize, intervalMs, maxRetries, retryBaseMs, retryCapMs } = configured;
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(batchSize !== undefined && { maxBatch: batchSize }),
    ...(intervalMs !== undefined && { pollMs: intervalMs }),
    retry: {
      ...(maxRetries !== undefined && { maxAttempts: maxRetries }),
      ...(retryBaseMs !== undefined && { baseMs: retryBaseMs }),
      ...(retryCapMs !== undefined && { capMs: retryCapMs }),
    },
    cleanup: {
      everyHours: configured.cleanupIntervalHours,
      days: configured.cleanupRetentionDays,
    },
  };
}

const UNINDEXED = `
select id, source_id from evervec.spaces where id = any ($1) and indexed_at is null`;

/** Builds the indexes of spaces that have become full and large. A space may have been emptied by another process. */
async function indexFull(database: Database, wired: readonly Wired[]): Promise<void> {
  const { rows } = await database.query<{ id: number; source_id: number }>(UNINDEXED, [
    wired.map(({ space }) => space.id),
  ]);
  for (const { id, source_id } of rows)
    if (!(await isPending(database, source_id)))
      await database.transaction((tx) => indexWhenFull(tx, id));
}

async function findVectorOid(database: Database): Promise<number> {
  const { rows } = await database.query<{ oid: number }>(
    `select type.oid from pg_type type
    join pg_extension extension on extension.extnamespace = type.typnamespace
    where extension.extname = 'vector' and type.typname = $1`,
    [database.capabilities.vectorType],
  );
  return rows[0]?.oid ?? 0;
}
