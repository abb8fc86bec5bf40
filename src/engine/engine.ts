/**
 * Evervec in one object: opens the database, knows the configured sources, sets them up, runs workers, searches.
 * Every surface (command, HTTP, the program that embeds it) goes through here; the parts below don't know
 * each other's wiring.
 */
import {
  type Connection,
  type Database,
  migrate,
  SCHEMA_VERSION,
  schemaStatus,
  schemaVersion,
} from '../database/index.ts';
import {
  createReranker,
  type DailyBudgets,
  type EmbeddingModel,
  Ledger,
  noteSaved,
  QueryVectors,
} from '../embed/index.ts';
import {
  type BudgetState,
  type CostOptions,
  type CostReport,
  type IndexProposal,
  type ModelCalls,
  readBudgets,
  readCost,
  readModelCalls,
} from '../operate/index.ts';
import {
  countPending,
  type QueueStatus,
  RETENTION_DAYS,
  saveLanes,
  takeBackBackfill,
} from '../queue/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import type {
  CacheStats,
  ContextAnswer,
  ContextOptions,
  ContextRequest,
  SearchAnswer,
  SearchHit,
  SearchRequest,
  SimilarRequest,
  VectorRequest,
} from '../search/index.ts';
import {
  listSources,
  type Proposals,
  proposeSources,
  requireCaptureRights,
  type SourceDefinition,
} from '../source/index.ts';
import { KnownWords } from '../space/index.ts';
import { errorLabel, type Worker } from '../worker/index.ts';
import { type Advice, advise } from './advise.ts';
import { type ArchiveOptions, archiveSources, resetSources, restoreSources } from './archive.ts';
import { type BackfillOptions, type Backfilled, queueAll } from './backfill.ts';
import { type BackfillPlan, planBackfill } from './backfill-plan.ts';
import { budgetsInForce, budgetsOf } from './budgets.ts';
import { type Config, parseConfig } from './config.ts';
import { type Books, createWorker, type WorkerChoices, type WorkerParts } from './create-worker.ts';
import { Labels } from './labels.ts';
import { Migrations } from './migrations.ts';
import { Models } from './models.ts';
import { DOCUMENTS } from './document-source.ts';
import { Documents } from './documents.ts';
import { onSchema } from './on-schema.ts';
import { openParts } from './open.ts';
import { QueueAdmin } from './queue-admin.ts';
import { Releases } from './releases.ts';
import type { Reconciled } from './reconcile.ts';
import { type Reindexed, reindexSources } from './reindex.ts';
import { Searches } from './searches.ts';
import { type SetupReport, setUpSource, tearDown, watchSource } from './setup.ts';
import { type SourceSummary, summarizeSources } from './summary.ts';
import { Tasks } from './tasks.ts';
import { unknownSource } from './unknown-source.ts';
import {
  archiveInSteps,
  reconcileAndNote,
  type ReconcileStatus,
  reconcileStatus,
  refreshUpkeep,
  touchesUpkeep,
} from './upkeep.ts';
import { type Verdict, verifySchema } from './verify.ts';
import { chunkerOf, type WantedSpace, wantedSpace } from './spaces.ts';
import { type OnMissing, type Wired, Wiring } from './wiring.ts';
import { Writer, type Written } from './write.ts';

export interface EvervecOptions {
  logger?: Logger;
  /** An open database to use instead of the configured one; the caller closes it. */
  database?: Database;
}

/**
 * Opens the configured database, with the configured model; sets nothing up.
 * @throws ConfigError, DatabaseUnreachableError, DatabaseInUseError, and ProviderError where the model's dimensions are
 *   not told and the provider does not answer
 */
export async function createEvervec(
  config: Config,
  options: EvervecOptions = {},
): Promise<Evervec> {
  const parsed = parseConfig(config, 'the configuration');
  const { database, model } = await openParts(parsed, options.database, options.logger);
  return new Evervec(parsed, database, model, options);
}

export class Evervec {
  readonly database: Database;
  /** What the configuration names; what a source is of says its space. */
  readonly model: EmbeddingModel;
  /** The operators' side of the queue. */
  readonly queue: QueueAdmin;
  /** Queries with the records that answer them, and how well searches do. */
  readonly labels: Labels;
  /** Changes of model, width, chunker or language. */
  readonly migrations: Migrations;
  /** What is kept beside the tables of others. */
  readonly documents: Documents;
  /** Indexes for pages to search by themselves. */
  readonly releases: Releases;
  /** Work on documents that outlives a request. */
  readonly tasks: Tasks;
  readonly #config: Config;
  readonly #models: Models;
  readonly #wiring: Wiring;
  readonly #logger: Logger;
  readonly #isOwner: boolean;
  readonly #writer: Writer;
  /** Vectors of queries, kept for this process; its `stats` say how often that saves a call. */
  readonly queries: QueryVectors;
  readonly #ledger: Ledger;
  readonly #words: KnownWords;
  readonly #searches: Searches;

  /** Use `createEvervec`. */
  constructor(config: Config, database: Database, model: EmbeddingModel, options: EvervecOptions) {
    this.#config = config;
    this.database = database;
    this.queue = new QueueAdmin(database);
    this.#logger = options.logger ?? silentLogger;
    this.#isOwner = options.database === undefined;
    this.#ledger = new Ledger(database, (error) =>
      this.#logger.debug({ error: errorLabel(error) }, 'ledger not written'),
    );
    this.#words = new KnownWords(database);
    this.queries = new QueryVectors({
      onSaved: (model, purpose) => this.#savedBy(model)(purpose, 1),
    });
    this.#models = new Models({
      database,
      config,
      configured: model,
      ledger: this.#ledger,
      logger: this.#logger,
    });
    this.model = this.#models.configured;
    this.#wiring = new Wiring(database, this.#models, config);
    this.#searches = new Searches({
      database,
      config,
      models: this.#models,
      wiring: this.#wiring,
      queries: this.queries,
      reranker: config.reranker ? createReranker(config.reranker, this.#ledger) : null,
      logger: this.#logger,
    });
    this.migrations = new Migrations({
      database,
      models: this.#models,
      wiring: this.#wiring,
      search: (request) => this.search(request),
      createWorker: (wire, onBatch) => createWorker(this.#parts(wire), { onBatch }),
    });
    this.labels = new Labels({
      database,
      search: (request, signal) => this.search(request, signal),
      modes: config.semanticSearch === false ? ['text'] : ['text', 'vector', 'hybrid'],
      canRerank: config.reranker !== undefined,
    });
    this.documents = new Documents({
      database,
      config,
      setUp: async () => void (await this.setup([DOCUMENTS])),
    });
    this.releases = new Releases({ database, config, wiring: this.#wiring });
    this.tasks = new Tasks({
      database,
      documents: this.documents,
      logger: this.#logger,
      retentionDays: config.worker?.cleanupRetentionDays ?? RETENTION_DAYS,
    });
    this.#writer = new Writer(database, () => this.worker());
  }

  /** Whether workers run; without, `write` embeds by itself. */
  get isQueueEnabled(): boolean {
    return this.#config.queueEnabled !== false;
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
    const chosen = await this.#wiring.chosen(names);
    // Resolved first: a mistake in one source is told before anything is made.
    const tables = chosen.filter((name) => !this.#isDocuments(name));
    const sources = await Promise.all(tables.map((name) => this.#resolve(name)));
    await migrate(this.database);
    await this.database.refresh();
    // Its table comes with the schema.
    if (tables.length < chosen.length) sources.push(await this.#resolve(DOCUMENTS));
    const reports: SetupReport[] = [];
    for (const source of sources) {
      reports.push(await setUpSource(this.database, source, this.#wanted(source)));
      if (!(await watchSource(this.database, source, this.#searches.keepsAnswers)))
        this.#logger.warn(
          { source: source.name },
          'no answers about it are kept: this role does not own the table',
        );
    }
    await this.database.transaction((tx) => saveLanes(tx, this.#config.lanes ?? {}));
    return reports;
  }

  /** @throws SourceError, ConfigError, PermissionError where it can't be set up */
  async #resolve(name: string): Promise<SourceDefinition> {
    const source = await this.#wiring.resolve(name);
    await requireCaptureRights(this.database, source);
    chunkerOf(source, this.model);
    return source;
  }

  #isDocuments(name: string): boolean {
    return name === DOCUMENTS && !Object.hasOwn(this.#config.sources, DOCUMENTS);
  }

  /** The space that the configuration asks for. */
  #wanted(source: SourceDefinition): WantedSpace {
    return wantedSpace(this.database, source, this.model, this.#models.configuredSettings);
  }

  /**
   * Takes sources out of the database, with their vectors.
   * @param names default: all that the database knows, configured or not
   * @throws ConfigError where documents would go, too, and that was not asked for: they can't be made again
   */
  async teardown(
    names?: readonly string[],
    { withDocuments = false }: { withDocuments?: boolean } = {},
  ): ReturnType<typeof tearDown> {
    const status = await schemaStatus(this.database);
    if (status.applied.length === 0) return { removed: [], isEmpty: true, keptExtension: false };
    const known = await listSources(this.database);
    for (const name of names ?? [])
      if (!known.some((source) => source.name === name)) throw unknownSource(name, known);
    if (names === undefined || names.some((name) => this.#isDocuments(name)))
      await this.documents.giveUp(withDocuments);
    return await tearDown(this.database, names ?? null);
  }

  /** Queues all records of the sources; goes on with a backfill that was cut short. */
  async backfill(names?: readonly string[], options: BackfillOptions = {}): Promise<Backfilled[]> {
    const reports: Backfilled[] = [];
    for (const { row, source } of await this.#wiring.wire(names, this.#leave)) {
      // First, or what is history by rule would be paid for and then thrown away.
      if (source.archive !== null && row.standby_of === null)
        await archiveInSteps(this.database, source.name, { by: options.by });
      reports.push(await queueAll(this.database, row, source, options));
    }
    return reports;
  }

  /** What a backfill would take and cost. Queues nothing, calls no model. */
  async planBackfill(names?: readonly string[]): Promise<BackfillPlan[]> {
    const plans: BackfillPlan[] = [];
    for (const wired of await this.#wiring.wire(names))
      plans.push(await planBackfill(this.database, wired, this.#models.priceOf(wired.model)));
    return plans;
  }

  /** Takes back what backfills queued and nobody began. @returns source → records */
  async rollBackBackfill(
    names?: readonly string[],
    by = 'program',
  ): Promise<Record<string, number>> {
    const taken: Record<string, number> = {};
    for (const { row } of await this.#wiring.wire(names))
      taken[row.name] = await takeBackBackfill(this.database, row, by);
    return taken;
  }

  /** Whether embedding may cost money. */
  get mayCost(): boolean {
    return this.#models.priceOf(this.model) !== 0;
  }

  async reconcile(
    names: readonly string[] | undefined,
    options: { dryRun: boolean; onProgress?: (source: string, rows: number) => void },
  ): Promise<Reconciled[]> {
    const reports: Reconciled[] = [];
    for (const wired of await this.#wiring.wire(names))
      reports.push(
        await reconcileAndNote(this.database, wired, {
          dryRun: options.dryRun,
          wantsVectors: this.#config.semanticSearch !== false,
          onProgress: (rows) => options.onProgress?.(wired.source.name, rows),
        }),
      );
    return reports;
  }

  /** When the sources were last reconciled, and what was found. */
  async reconcileStatus(names?: readonly string[]): Promise<ReconcileStatus[]> {
    return await reconcileStatus(this.database, await this.#wiring.wire(names));
  }

  /**
   * Takes the vectors of records that their sources' rules name.
   * @param names default: all sources that have a rule
   * @returns source → records
   * @throws ArchiveError
   */
  async archive(
    names?: readonly string[],
    options: ArchiveOptions = {},
  ): Promise<Record<string, number>> {
    const wired = (await this.#wiring.wire(names)).filter(isSearched);
    const chosen = names ? wired : wired.filter(({ source }) => source.archive !== null);
    return await archiveSources(this.database, chosen, options);
  }

  /** Brings archived records back through the queue: those with `keys`, or all. @returns source → records */
  async restoreArchived(
    names?: readonly string[],
    options: { keys?: readonly string[] | undefined; by?: string } = {},
  ): Promise<Record<string, number>> {
    const { keys = null, by = 'program' } = options;
    return await restoreSources(
      this.database,
      (await this.#wiring.wire(names)).filter(isSearched),
      keys,
      by,
    );
  }

  /** Throws the vectors of sources away and queues all their records. @returns source → records queued */
  async reset(
    names?: readonly string[],
    options: { by?: string; onProgress?: (source: string, queued: number) => void } = {},
  ): Promise<Record<string, number>> {
    const { by = 'program', onProgress } = options;
    return await resetSources(this.database, await this.#wiring.wire(names), by, onProgress);
  }

  /** Builds the indexes over the sources' vectors anew, as the configuration says. Search goes on, embedding waits. */
  async reindex(names?: readonly string[], by = 'program'): Promise<Reindexed[]> {
    const wired = (await this.#wiring.wire(names)).filter(isSearched);
    return await reindexSources(this.database, wired, by);
  }

  /** A worker for the sources, not yet started. */
  async worker(names?: readonly string[], choices: WorkerChoices = {}): Promise<Worker> {
    return await createWorker(
      this.#parts(() => this.#wiring.wire(names, this.#leave)),
      choices,
    );
  }

  /** A migration that another program began must not keep this one from what it can do. */
  readonly #leave: OnMissing = (source, { code, message, remedy }) =>
    this.#logger.warn(
      { source, code, reason: message, remedy },
      'second space left to other workers',
    );

  #savedBy(model: EmbeddingModel): ReturnType<typeof noteSaved> {
    return noteSaved(this.#ledger, model, this.#models.priceOf(model));
  }

  #parts(wire: () => Promise<Wired[]>): WorkerParts {
    const books: Books = {
      savedBy: (model) => this.#savedBy(model),
      flush: () => this.#ledger.flush(),
    };
    const { database, documents } = this;
    const upkeep = [touchesUpkeep(database), ...refreshUpkeep(database, documents, this.#logger)];
    return {
      database,
      wire,
      logger: this.#logger,
      config: this.#config,
      books,
      words: this.#words,
      upkeep,
    };
  }

  /**
   * Runs `work` in a transaction. Where the queue is switched off, what it changed is embedded before this returns;
   * else a worker does it.
   * @throws what `work` throws, with nothing written
   */
  async write<T>(work: (tx: Connection) => Promise<T>): Promise<Written<T>> {
    if (this.isQueueEnabled)
      return { result: await this.database.transaction(work), pending: null };
    const result = await this.#writer.write(work);
    return { result, pending: await this.pending() };
  }

  /** Records of these sources that still want work. */
  async pending(names?: readonly string[]): Promise<number> {
    const rows = await listSources(this.database);
    const ids = rows.filter((row) => names?.includes(row.name) ?? true).map((row) => row.id);
    return await countPending(this.database, ids);
  }

  /** @throws SearchRequestError, UnknownSourceError, SpaceMismatchError */
  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    return await this.#searches.search(request, signal);
  }

  /**
   * What is nearest to a vector of the caller's, in one source; by meaning alone.
   * @throws SearchRequestError where it is not as wide as the source's vectors; UnknownSourceError
   */
  async searchByVector(request: VectorRequest): Promise<SearchHit[]> {
    return await this.#searches.searchByVector(request);
  }

  /**
   * The passages that a search finds, within a number of tokens and with where they are from: for a prompt.
   * @throws SearchRequestError, UnknownSourceError, SpaceMismatchError
   */
  async context(
    request: ContextRequest,
    options: ContextOptions = {},
    signal?: AbortSignal,
  ): Promise<ContextAnswer> {
    return await this.#searches.context(request, options, signal);
  }

  /**
   * The records that are nearest to one of them, by the mean of its chunks' vectors, without that one.
   * @throws SearchRequestError, UnknownSourceError, UnknownRecordError
   */
  async similar(request: SimilarRequest): Promise<SearchAnswer> {
    return await this.#searches.similar(request);
  }

  /** Where answers are kept: the sources of which none can be, since not every change of theirs is seen. */
  async unkept(): Promise<string[]> {
    return await this.#searches.unkept();
  }

  /**
   * What searches of a source find of what is nearest, by how widely they look, and which setting reaches a recall@10.
   * @param recall above 0, up to 1
   * @throws ConfigError, UnknownSourceError
   */
  async advise(source: string, recall = 0.98): Promise<Advice> {
    const wired = (await this.#wiring.wire([source])).find(isSearched);
    if (wired === undefined) throw unknownSource(source, await listSources(this.database));
    return await onSchema(advise(this.database, wired, recall));
  }

  /** Indexes that searches with filters would be served by, as statements to run. */
  async indexProposals(): Promise<IndexProposal[]> {
    return await this.#searches.indexProposals();
  }

  /** How often answers that are kept were of use; null where none are. */
  get cacheStats(): CacheStats | null {
    return this.#searches.cacheStats;
  }

  /**
   * What models were asked for and cost, and what is left of today's budgets; what this object has gathered included.
   * @throws CostRequestError
   */
  async cost(options: CostOptions = {}): Promise<CostReport> {
    await this.#ledger.flush();
    return await onSchema(
      this.#budgets().then((budgets) => readCost(this.database, options, budgets)),
    );
  }

  /** Calls of models since the beginning, by provider, model and cause. */
  async modelCalls(): Promise<ModelCalls[]> {
    await this.#ledger.flush();
    return await onSchema(readModelCalls(this.database));
  }

  /** What is spent and left of each configured budget today. */
  async budgetsLeft(): Promise<BudgetState[]> {
    await this.#ledger.flush();
    return await onSchema(this.#budgets().then((budgets) => readBudgets(this.database, budgets)));
  }

  async #budgets(): Promise<DailyBudgets | null> {
    if (this.mayCost) return budgetsOf(this.#config);
    return await budgetsInForce(this.database, this.#config, this.#models.free());
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
    const names = await this.#wiring.chosen(undefined);
    // The table of documents comes with the schema, of which is told first.
    const isCurrent = (await schemaVersion(this.database)) === SCHEMA_VERSION;
    const there = names.filter((name) => isCurrent || !this.#isDocuments(name));
    const sources = await Promise.all(there.map((name) => this.#wiring.resolve(name)));
    return await verifySchema(this.database, sources, (source) => this.#wanted(source));
  }

  async close(): Promise<void> {
    await this.documents.close();
    await this.#searches.close();
    await this.#ledger.flush();
    if (this.#isOwner) await this.database.close();
  }
}

/** Not a second space: the archive is the source's. */
function isSearched({ row }: Wired): boolean {
  return row.standby_of === null;
}
