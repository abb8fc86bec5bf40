/**
 * Evervec in one object: opens the database, knows the configured sources, sets them up, runs workers, searches.
 * Every surface (command, HTTP, the program that embeds it) goes through here; the parts below don't know
 * each other's wiring.
 */
import {
  type Database,
  migrate,
  openEmbedded,
  openPostgres,
  schemaStatus,
} from '../database/index.ts';
import { createEmbeddedModel, type EmbeddingModel, guardModel, limitTime } from '../embed/index.ts';
import { countPending, isPending, type QueueStatus } from '../queue/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import { type SearchAnswer, type SearchRequest, search } from '../search/index.ts';
import {
  listSources,
  type Proposals,
  proposeSources,
  requireCaptureRights,
} from '../source/index.ts';
import { indexWhenFull, queueSidecar, spacesOf } from '../space/index.ts';
import { createEmbedRecords, type Handler, Worker, type WorkerOptions } from '../worker/index.ts';
import { queueAll } from './backfill.ts';
import { type Config, parseConfig } from './config.ts';
import { onSchema } from './on-schema.ts';
import { QueueAdmin } from './queue-admin.ts';
import { type Reconciled, reconcileSource } from './reconcile.ts';
import { type SetupReport, setUpSource, tearDown } from './setup.ts';
import { type SourceSummary, summarizeSources } from './summary.ts';
import { unknownSource } from './unknown-source.ts';
import { type Verdict, verifySchema } from './verify.ts';
import { chunkerOf, type Wired, Wiring } from './wiring.ts';

export interface EvervecOptions {
  logger?: Logger;
  /** An open database to use instead of the configured one; the caller closes it. */
  database?: Database;
}

type WorkerChoices = Partial<
  Pick<WorkerOptions, 'concurrency' | 'maxBatch' | 'leaseMs' | 'pollMs' | 'maxCrashes' | 'onBatch'>
>;

export const VERSION = '0.1.0';

/**
 * Opens the configured database; sets nothing up.
 * @throws ConfigError, DatabaseUnreachableError, DatabaseInUseError
 */
export async function createEvervec(
  config: Config,
  options: EvervecOptions = {},
): Promise<Evervec> {
  const parsed = parseConfig(config, 'the configuration');
  const database = options.database ?? (await openDatabase(parsed, options.logger));
  return new Evervec(parsed, database, options);
}

async function openDatabase(config: Config, logger: Logger | undefined): Promise<Database> {
  const at = config.database ?? '.evervec';
  const shared = {
    ...(config.schema !== undefined && { schema: config.schema }),
    ...(logger && { logger }),
  };
  return /^postgres(ql)?:\/\//.test(at)
    ? await openPostgres({ url: at, ...shared })
    : await openEmbedded({ folder: at, ...shared });
}

export class Evervec {
  readonly database: Database;
  readonly model: EmbeddingModel;
  /** The operators' side of the queue. */
  readonly queue: QueueAdmin;
  readonly #config: Config;
  readonly #wiring: Wiring;
  readonly #logger: Logger;
  readonly #isOwner: boolean;

  /** Use `createEvervec`. */
  constructor(config: Config, database: Database, options: EvervecOptions) {
    this.#config = config;
    this.database = database;
    this.queue = new QueueAdmin(database);
    this.#logger = options.logger ?? silentLogger;
    this.#isOwner = options.database === undefined;
    const { model = 'embedded', quota = {} } = config;
    this.model =
      model === 'embedded'
        ? createEmbeddedModel()
        : guardModel(limitTime(model, config.worker?.timeoutMs), database, {
            requests: quota.requestsPerMinute ?? null,
            tokens: quota.tokensPerMinute ?? null,
          });
    this.#wiring = new Wiring(database, this.model, config.sources);
  }

  /** Names of the configured sources. */
  get sourceNames(): string[] {
    return this.#wiring.names;
  }

  /**
   * Brings the schema up to date and sets the sources up, each in a transaction of its own.
   * @param names default: all that are configured
   */
  async setup(names?: readonly string[]): Promise<SetupReport[]> {
    const chosen = this.#wiring.chosen(names);
    // Resolved first: a mistake in one source is told before anything is made.
    const sources = await Promise.all(
      chosen.map(async (name) => {
        const source = await this.#wiring.resolve(name);
        await requireCaptureRights(this.database, source);
        return { source, chunker: chunkerOf(source) };
      }),
    );
    await migrate(this.database);
    await this.database.refresh();
    const reports: SetupReport[] = [];
    for (const { source, chunker } of sources)
      reports.push(await setUpSource(this.database, source, this.model, chunker));
    return reports;
  }

  /** @param names default: all that the database knows, configured or not */
  async teardown(names?: readonly string[]): ReturnType<typeof tearDown> {
    const status = await schemaStatus(this.database);
    if (status.applied.length === 0) return { removed: [], isEmpty: true, keptExtension: false };
    const known = await listSources(this.database);
    for (const name of names ?? [])
      if (!known.some((source) => source.name === name)) throw unknownSource(name, known);
    return await tearDown(this.database, names ?? null);
  }

  /** Queues all records of the sources. @returns source → number queued */
  async backfill(
    names?: readonly string[],
    onProgress?: (source: string, queued: number) => void,
  ): Promise<Record<string, number>> {
    const queued: Record<string, number> = {};
    for (const { row, source } of await this.#wiring.wire(names))
      queued[source.name] = await queueAll(this.database, row.id, source, (count) =>
        onProgress?.(source.name, count),
      );
    return queued;
  }

  async reconcile(
    names: readonly string[] | undefined,
    options: { dryRun: boolean; onProgress?: (source: string, rows: number) => void },
  ): Promise<Reconciled[]> {
    const reports: Reconciled[] = [];
    for (const { row, source, space, chunker } of await this.#wiring.wire(names))
      reports.push(
        await reconcileSource(this.database, row.id, source, space, chunker, {
          dryRun: options.dryRun,
          onProgress: (rows) => options.onProgress?.(source.name, rows),
        }),
      );
    return reports;
  }

  /** A worker for the sources, not yet started. */
  async worker(names?: readonly string[], choices: WorkerChoices = {}): Promise<Worker> {
    const wired = await this.#wiring.wire(names);
    const vectorOid = await this.#vectorOid();
    const handlers = new Map<number, Handler>(
      wired.map(({ row, source, space, chunker }) => [
        row.id,
        createEmbedRecords({
          database: this.database,
          source,
          space,
          model: this.model,
          chunker,
          vectorOid,
        }),
      ]),
    );
    const { worker = {} } = this.#config;
    return new Worker({
      database: this.database,
      logger: this.#logger,
      version: VERSION,
      handlerOf: (sourceId) => handlers.get(sourceId),
      sourceIds: [...handlers.keys()],
      queueSidecars: async (tx, sourceIds) => {
        for (const id of sourceIds)
          for (const space of await spacesOf(tx, id)) await queueSidecar(tx, id, space.id);
      },
      onIdle: () => this.#indexFull(wired),
      ...(worker.concurrency !== undefined && { concurrency: worker.concurrency }),
      ...(worker.batchSize !== undefined && { maxBatch: worker.batchSize }),
      ...(worker.intervalMs !== undefined && { pollMs: worker.intervalMs }),
      retry: {
        ...(worker.maxRetries !== undefined && { maxAttempts: worker.maxRetries }),
        ...(worker.retryBaseMs !== undefined && { baseMs: worker.retryBaseMs }),
      },
      cleanup: { everyHours: worker.cleanupIntervalHours, days: worker.cleanupRetentionDays },
      ...choices,
    });
  }

  /** Records of these sources that still want work. */
  async pending(names?: readonly string[]): Promise<number> {
    const rows = await listSources(this.database);
    const ids = rows.filter((row) => names?.includes(row.name) ?? true).map((row) => row.id);
    return await countPending(this.database, ids);
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    const modelOf = (id: string) => (id === this.model.id ? this.model : undefined);
    return await onSchema(search({ connection: this.database, modelOf }, request, signal));
  }

  async queueStatus(): Promise<QueueStatus> {
    return await this.queue.status();
  }

  async sources(): Promise<SourceSummary[]> {
    return await onSchema(summarizeSources(this.database));
  }

  /** Sources that the database's tables could become. */
  async propose(): Promise<Proposals> {
    return await proposeSources(this.database, this.database.schema);
  }

  /** What of the schema and the capture is missing or wrong; no model is called. */
  async verify(): Promise<Verdict[]> {
    const sources = await Promise.all(this.sourceNames.map((name) => this.#wiring.resolve(name)));
    return await verifySchema(this.database, sources);
  }

  async health(): Promise<{ ok: boolean; database: boolean; reasons: string[] }> {
    try {
      await this.database.query('select 1');
      return { ok: true, database: true, reasons: [] };
    } catch {
      return { ok: false, database: false, reasons: ['the database does not answer'] };
    }
  }

  async close(): Promise<void> {
    if (this.#isOwner) await this.database.close();
  }

  /** Builds the indexes of spaces that have become full and large. */
  async #indexFull(wired: readonly Wired[]): Promise<void> {
    for (const { row, space } of wired) {
      if (space.isIndexed || (await isPending(this.database, row.id))) continue;
      space.isIndexed = await this.database.transaction((tx) => indexWhenFull(tx, space.id));
    }
  }

  async #vectorOid(): Promise<number> {
    const { rows } = await this.database.query<{ oid: number }>(
      `select type.oid from pg_type type
      join pg_extension extension on extension.extnamespace = type.typnamespace
      where extension.extname = 'vector' and type.typname = $1`,
      [this.database.capabilities.vectorType],
    );
    return rows[0]?.oid ?? 0;
  }
}
