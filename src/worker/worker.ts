/**
 * The claim loop: folds the change log, claims jobs, has a handler do them, acknowledges what it wrote. Knows
 * nothing of embeddings. Several loops run in one worker, many workers on many machines; the fence in the queue keeps
 * them apart. A worker that dies holds nothing but leases, which end.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Connection, Database } from '../database/index.ts';
import {
  type Claim,
  type ClaimRequest,
  claim,
  type Folded,
  fold,
  KEYS_UNLEASED,
  nextDue,
  type RetryPolicy,
  reap,
  signOff,
  takeTruncations,
  wake,
} from '../queue/index.ts';
import type { Logger, Service } from '../runtime/index.ts';
import { BatchSize } from './batch-size.ts';
import { errorLabel } from './error-label.ts';
import { Executor, type Tally } from './executor.ts';
import type { Handler } from './handler.ts';
import { LogTurns } from './log-turns.ts';
import { type CleanupPolicy, Maintainer, type Upkeep } from './maintainer.ts';
import { Reporter } from './reporter.ts';
import { Wakeup } from './wakeup.ts';

export interface WorkerOptions {
  database: Database;
  logger: Logger;
  version: string;
  /** The handler of a source's jobs; undefined leaves the source to other workers. */
  handlerOf(sourceId: number): Handler | undefined;
  /** Whether it is the second space of a source, which is filled beside what is searched; default none is. */
  isSecond?(sourceId: number): boolean;
  /** Ids of the sources that have a handler here just now; null means all there are. */
  sourceIds(): readonly number[] | null;
  /** Called every few seconds, before work is claimed: the time to learn of sources that came or went. */
  refresh?(): Promise<void>;
  /** Queues all that the sidecars of sources with these logs hold: their tables were truncated. */
  queueSidecars(tx: Connection, logIds: readonly number[]): Promise<void>;
  /**
   * Called when a loop found nothing to do, once at a time: the time for what waits until the queue is empty. It may take long,
   * as building an index does: changes go on meanwhile, and `stop` and `drain` wait for it.
   */
  onIdle?(): Promise<void>;
  /** Called once the last batch is written, when the worker ends. */
  onEnd?(): Promise<void>;
  /** Called after each batch: for progress, metrics and tests. */
  onBatch?(batch: Tally): void;
  /** Loops at once; default 2, on the embedded database 1. */
  concurrency?: number;
  /** Most jobs in one lease; default 1,000. */
  maxBatch?: number;
  /** Default 60,000 ms. Renewed while work goes on. */
  leaseMs?: number;
  /** How often an idle worker looks without being woken; default 1,000 ms. */
  pollMs?: number;
  retry?: Partial<RetryPolicy>;
  /** Crashes after which a job is parked; default 3. */
  maxCrashes?: number;
  /** How long `stop` lets a batch finish before giving it back; default 20,000 ms, below the lease. */
  stopMs?: number;
  /** Retention of history, audit log and metrics. */
  cleanup?: CleanupPolicy;
  /** What else is done for all from time to time. */
  upkeep?(): readonly Upkeep[];
}

/** What `retry` does not say. */
export const RETRY: RetryPolicy = { maxAttempts: 5, baseMs: 1_000, capMs: 5 * 60_000 };
/** A lost lease is taken back within a second of its end: by an idle worker too, which looks that often. */
const REAP_EVERY_MS = 500;
const MAX_CRASHES = 3;
/** Learning of new work may take that long; it is one small query. */
const REFRESH_EVERY_MS = 2_000;
/** Until another look at what was due and could not be had. */
const TEND_AGAIN_MS = 100;
/** Until another look at a log that another worker was folding, which takes it some ten milliseconds. */
const CONTENDED_MS = 10;

/** One claim in so many is for what is old or of little urgency, however much is ahead of it. */
const RESERVED_EVERY = 10;
/** How long a step may go on folding what it does not lease, ms: what is urgent may stand behind it. */
const FOLD_ON_MS = 200;

/** `contended`: nothing to be had now, since others are folding the log. */
type Step = 'worked' | 'idle' | 'contended';

export class Worker implements Service {
  readonly id = randomUUID();
  readonly #options: WorkerOptions;
  readonly #batch: BatchSize;
  readonly #executor: Executor;
  readonly #reporter: Reporter;
  readonly #wakeup = new Wakeup();
  readonly #stopping = new AbortController();
  readonly #giveBack = new AbortController();
  #loops: Promise<void>[] = [];
  /** `onIdle`, while it is under way. */
  #idling: Promise<void> | null = null;
  /** What `stop` waits for where `drain` is under way. */
  #draining: Promise<unknown> = Promise.resolve();
  #unlisten: (() => Promise<void>) | undefined;
  #maintainer: Maintainer | undefined;
  readonly #turns = new LogTurns();
  /** Entries of the change log that hold about two batches, going by the last ones. */
  #entries = 100;
  #steps = 0;
  #nextReap = 0;
  #nextRefresh = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#batch = new BatchSize({ max: options.maxBatch ?? 1_000 });
    const { database, version, handlerOf } = options;
    this.#reporter = new Reporter({
      database,
      worker: { id: this.id, host: hostname(), pid: process.pid, version },
      onError: (error) => this.#report(error),
    });
    this.#executor = new Executor({
      database,
      handlerOf,
      isSecond: (sourceId) => options.isSecond?.(sourceId) === true,
      reporter: this.#reporter,
      leaseMs: this.#leaseMs,
      retry: { ...RETRY, ...options.retry },
      maxCrashes: options.maxCrashes ?? MAX_CRASHES,
      onError: (error) => this.#report(error),
    });
  }

  /** Works until `stop`. */
  async start(): Promise<void> {
    const { database } = this.#options;
    this.#unlisten = await database.listen('evervec', () => this.#wakeup.ring());
    await this.#tend();
    await this.#signOn(true);
    const isEmbedded = database.capabilities.kind === 'embedded';
    const concurrency = this.#options.concurrency ?? (isEmbedded ? 1 : 2);
    this.#loops = Array.from({ length: concurrency }, () => this.#run());
  }

  /** Lets batches under way finish within `stopMs`, then gives them back; never later than their lease. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#maintainer?.cutShort();
    this.#wakeup.ringAll();
    const timer = setTimeout(() => this.#giveBack.abort(), this.#options.stopMs ?? 20_000);
    await Promise.all([...this.#loops, this.#draining]);
    await this.#idling;
    clearTimeout(timer);
    this.#loops = [];
    await this.#unlisten?.();
    this.#unlisten = undefined;
    await this.#signOff();
  }

  /**
   * Works until nothing is ready, or until `stop`, then signs off.
   * @param options `maintains`: whether what is due of upkeep is done first, however long it takes; else it is left
   * @returns records done
   */
  drain(options: { maintains?: boolean } = {}): Promise<number> {
    const drained = this.#drain(options);
    this.#draining = drained.catch(() => {});
    return drained;
  }

  async #drain(options: { maintains?: boolean }): Promise<number> {
    const before = this.#reporter.processed;
    await this.#tend();
    await this.#signOn(options.maintains === true);
    try {
      if (options.maintains) await this.#maintainer?.ask();
      while (!this.#stopping.signal.aborted) {
        const isWorked = (await this.#step()) === 'worked';
        const { restMs } = this.#executor;
        if (!isWorked && restMs === null) break;
        if (!isWorked) await this.#wakeup.wait(restMs ?? 0);
        await this.#tend();
      }
      // An index takes its time, which who stopped the worker does not have.
      if (!this.#stopping.signal.aborted) await this.#options.onIdle?.();
    } finally {
      await this.#signOff();
    }
    return this.#reporter.processed - before;
  }

  async #signOn(maintains: boolean): Promise<void> {
    await this.#reporter.start();
    const { database, cleanup = {} } = this.#options;
    this.#maintainer ??= new Maintainer({
      database,
      workerId: this.id,
      cleanup,
      upkeep: () => (maintains ? (this.#options.upkeep?.() ?? []) : []),
      onError: (error) => this.#report(error),
    });
  }

  async #signOff(): Promise<void> {
    await this.#maintainer?.stop();
    this.#maintainer = undefined;
    await this.#reporter.stop();
    await this.#options.onEnd?.();
    await signOff(this.#options.database, this.id).catch((error: unknown) => this.#report(error));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let waitMs = this.#options.pollMs ?? 1_000;
      try {
        await this.#tend();
        const step = await this.#step();
        if (step === 'worked') continue;
        if (step === 'idle') {
          this.#idle();
          waitMs = Math.min(waitMs, await this.#untilDue());
        } else waitMs = Math.min(waitMs, CONTENDED_MS);
      } catch (error) {
        this.#report(error);
      }
      waitMs = Math.min(waitMs, this.#executor.restMs ?? waitMs);
      // The ring of `stop` may have been another loop's.
      if (!signal.aborted) await this.#wakeup.wait(waitMs);
    }
  }

  /** No loop waits: two that did were all there are, and no change of any source went on until an index was built. */
  #idle(): void {
    this.#idling ??= (this.#options.onIdle?.() ?? Promise.resolve())
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#idling = null;
      });
  }

  /** Ms until there is something to tend to: nobody tells when a back-off or another worker's lease is over. */
  async #untilDue(): Promise<number> {
    const ms = await nextDue(this.#options.database);
    return ms === null ? Number.POSITIVE_INFINITY : Math.max(ms, TEND_AGAIN_MS);
  }

  /** One batch, if there is anything to do. */
  async #step(): Promise<Step> {
    const { database } = this.#options;
    const sourceIds = this.#executor.withoutWaiting(this.#options.sourceIds());
    const request: ClaimRequest = {
      workerId: this.id,
      limit: Math.min(this.#batch.value, this.#executor.mostOf(sourceIds)),
      leaseMs: this.#leaseMs,
      sourceIds,
    };
    this.#steps += 1;
    const reserved =
      this.#steps % RESERVED_EVERY === 0 ? await claim(database, request, true) : null;
    if (reserved !== null) return await this.#process(reserved);
    const { count, hasMore, claim: leased } = await this.#fold(request);
    const work = leased ?? (await claim(database, request));
    // A full batch is hardly all there is.
    if (work !== null && work.jobs.length >= request.limit) this.#wakeup.ring();
    if (work !== null) return await this.#process(work);
    if (count > 0) return 'worked';
    return hasMore ? 'contended' : 'idle';
  }

  /** Folds the log until something is leased, it is empty, or the time for that is over. */
  async #fold(request: ClaimRequest): Promise<Folded> {
    const { database, queueSidecars } = this.#options;
    const started = performance.now();
    let count = 0;
    for (;;) {
      const entries = this.#entries;
      const onlySourceId = this.#turns.next();
      const folded = await fold(database, { ...request, entries, onlySourceId });
      const { claim: leased, hasMore, hasTruncation } = folded;
      count += folded.count + (hasTruncation ? 1 : 0);
      if (folded.entries > 0) {
        const keys = leased === null ? KEYS_UNLEASED : request.limit;
        this.#entries = clamp((2 * keys * folded.entries) / folded.count, 4, 2_000);
      }
      // Loops that looked while this one held all of the log found nothing, and sleep.
      if (hasMore && folded.count > 0) this.#wakeup.ring();
      if (hasTruncation)
        await database.transaction(async (tx) => queueSidecars(tx, await takeTruncations(tx)));
      await this.#turns.note(database, hasMore);
      // Else the log would count as contended, and a drain end with work left.
      const isEmptyTurn = onlySourceId !== null && folded.entries === 0 && !hasTruncation;
      if (isEmptyTurn) this.#turns.skip(onlySourceId);
      const goesOn = leased === null && hasMore && (folded.count > 0 || isEmptyTurn);
      if (!goesOn || performance.now() - started > FOLD_ON_MS) return { ...folded, count };
    }
  }

  async #process(work: Claim): Promise<Step> {
    const tally = await this.#executor.execute(work, this.#giveBack.signal);
    // More like it may follow: leasing many to give them back would be for nothing.
    if (tally.isAlone) this.#batch.restart();
    else this.#batch.record(tally.jobs, tally.tookMs);
    this.#options.onBatch?.(tally);
    return 'worked';
  }

  /** What every worker does for all: takes back lost leases, wakes those whose back-off is over. */
  async #tend(): Promise<void> {
    const { database } = this.#options;
    // Not the wall clock: set back by an hour, it would stop the reaping for one.
    const now = performance.now();
    if (now >= this.#nextReap) {
      this.#nextReap = now + Math.min(REAP_EVERY_MS, this.#leaseMs / 2);
      const lost = await reap(database, this.#options.maxCrashes ?? MAX_CRASHES);
      this.#reporter.failed(lost, 'LeaseExpired', null);
    }
    if (now >= this.#nextRefresh) {
      this.#nextRefresh = now + REFRESH_EVERY_MS;
      await this.#options.refresh?.().catch((error: unknown) => this.#report(error));
    }
    await wake(database);
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? 60_000;
  }

  #report(error: unknown): void {
    const label = errorLabel(error);
    this.#reporter.noteError(label);
    this.#options.logger.error({ worker: this.id, error: label }, 'worker');
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.ceil(Math.min(max, Math.max(min, value)));
}
