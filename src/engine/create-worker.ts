/** Makes a worker for sources: what embeds their records, and what is done once they are full. */
import type { Database } from '../database/index.ts';
import { activateVersions } from '../document/index.ts';
import type { CallPurpose, EmbeddingModel } from '../embed/index.ts';
import { isPending } from '../queue/index.ts';
import type { Logger } from '../runtime/index.ts';
import { VERSION } from '../runtime/index.ts';
import {
  type ElementOids,
  findElementOids,
  finishSpace,
  type KnownWords,
  queueSidecar,
  spacesOfLog,
} from '../space/index.ts';
import {
  createEmbedRecords,
  type Handler,
  type Upkeep,
  Worker,
  type WorkerOptions,
} from '../worker/index.ts';
import type { Config } from './config.ts';
import { dropOutdated } from './second-space.ts';
import { ledgerUpkeep, upkeepOf } from './upkeep.ts';
import type { Wired } from './wiring.ts';

export type WorkerChoices = Partial<
  Pick<
    WorkerOptions,
    'concurrency' | 'maxBatch' | 'leaseMs' | 'pollMs' | 'maxCrashes' | 'stopMs' | 'onBatch'
  >
>;

export interface WorkerParts {
  database: Database;
  /** What there is to work on; asked again when the database has other spaces than before. */
  wire(): Promise<Wired[]>;
  logger: Logger;
  config: Config;
  /** What stands in the ledger beside the calls themselves. */
  books: Books;
  /** What is known of words in this database. */
  words: KnownWords;
  /** What is kept up beside the sources' rows. */
  upkeep: readonly Upkeep[];
}

export interface Books {
  /** What counts the texts that needed no call of `model`. */
  savedBy(model: EmbeddingModel): (purpose: CallPurpose, texts: number) => void;
  flush(): Promise<void>;
}

/** @param choices override what is configured */
export async function createWorker(
  parts: WorkerParts,
  choices: WorkerChoices = {},
): Promise<Worker> {
  const { database, logger, config } = parts;
  const work = new Work(parts, await findElementOids(database));
  await work.look();
  return new Worker({
    database,
    logger,
    version: VERSION,
    handlerOf: (sourceId) => work.handlerOf(sourceId),
    isSecond: (sourceId) => work.isSecond(sourceId),
    sourceIds: () => work.sourceIds,
    refresh: () => work.look(),
    queueSidecars: async (tx, logIds) => {
      for (const id of logIds)
        for (const space of await spacesOfLog(tx, id)) await queueSidecar(tx, id, space.id);
    },
    onIdle: () => indexFull(database, work.wired),
    upkeep: () => work.upkeep,
    onEnd: () => parts.books.flush(),
    ...optionsOf(config.worker ?? {}),
    ...choices,
  });
}

const SPACES = `
select coalesce(string_agg(concat_ws(' ', id, name, active_space_id), ',' order by id), '') as spaces from evervec.sources`;

interface Made {
  spaceId: number;
  isStandby: boolean;
  handler: Handler;
}

/** The spaces that a worker works on, and what is made once for each. */
class Work {
  readonly #parts: WorkerParts;
  readonly #oids: ElementOids;
  /** By space: what a row of `sources` stands for may be made anew. */
  #handlers = new Map<number, Made>();
  #seen: string | null = null;
  wired: readonly Wired[] = [];
  upkeep: readonly Upkeep[] = [];

  constructor(parts: WorkerParts, oids: ElementOids) {
    this.#parts = parts;
    this.#oids = oids;
  }

  get sourceIds(): readonly number[] {
    return [...this.#handlers.keys()];
  }

  handlerOf(sourceId: number): Handler | undefined {
    return this.#handlers.get(sourceId)?.handler;
  }

  isSecond(sourceId: number): boolean {
    return this.#handlers.get(sourceId)?.isStandby === true;
  }

  /** Learns what there is, where that is not what it was: a migration began, was switched or ended. */
  async look(): Promise<void> {
    const { database, wire, config, logger } = this.#parts;
    const { rows } = await database.query<{ spaces: string }>(SPACES);
    const spaces = rows[0]?.spaces ?? '';
    if (spaces === this.#seen) return;
    this.wired = await wire();
    for (const { source, differs } of this.wired)
      if (differs.length > 0)
        logger.warn(
          { source: source.name, differs },
          'the space stays as it is until "evervec model migrate"',
        );
    this.#handlers = new Map(this.wired.map((one) => [one.row.id, this.#handlerFor(one)]));
    const wantsVectors = config.semanticSearch !== false;
    this.upkeep = [
      ledgerUpkeep(database),
      { task: 'second spaces', everyMinutes: 60, run: () => dropOutdated(database) },
      ...this.#parts.upkeep,
      ...upkeepOf(database, this.wired, wantsVectors),
    ];
    this.#seen = spaces;
  }

  /** One that is there stays: it knows vectors that were paid for and not yet written. */
  #handlerFor({ row, name, ...parts }: Wired): Made {
    const spaceId = parts.space.id;
    const before = this.#handlers.get(row.id);
    // A switch changes the part that a space has: then it is made anew.
    const isStandby = row.standby_of !== null;
    if (before?.spaceId === spaceId && before.isStandby === isStandby) return before;
    const { database, config, books, words } = this.#parts;
    const handler = createEmbedRecords({
      ...parts,
      logId: row.log_id,
      isStandby,
      ledgerName: name,
      onSaved: books.savedBy(parts.model),
      ...(parts.source.revision !== null && !isStandby && { onWritten: activateVersions }),
      database,
      oids: this.#oids,
      words: words.of(parts.space.language),
      wantsVectors: config.semanticSearch !== false,
    });
    return { spaceId, isStandby, handler };
  }
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
    if (!(await isPending(database, source_id))) await finishSpace(database, id);
}
