/**
 * Does one claim: has the handler work on its jobs, writes and acknowledges in one transaction, and finds out whose
 * fault a failure is. A provider's or the database's fault is waited for and counts no try; a batch's is halved until
 * the bad record stands alone (I6).
 */
import type { Database } from '../database/index.ts';
import {
  type Claim,
  complete,
  fail,
  type LeasedJob,
  lockOwned,
  postpone,
  type RetryPolicy,
  release,
} from '../queue/index.ts';
import { systemRandom } from '../runtime/index.ts';
import { errorLabel } from './error-label.ts';
import { isLocked, waitFor } from './fault.ts';
import { GiveWay } from './give-way.ts';
import type { Handler, Prepared } from './handler.ts';
import { keepLease, type LeaseKeeper } from './lease.ts';
import type { OpenBatch, Reporter } from './reporter.ts';

/** How long this process leaves a source alone whose budget is reached, ms: an operator may open it at any time. */
const UNPAID_WAIT_MS = 1_000;

export interface Tally {
  jobs: number;
  done: number;
  failed: number;
  /** Put off without a try counted; not those that wait for an index that is built. */
  postponed: number;
  tookMs: number;
  /** One job was tried apart from others, which were given back. */
  isAlone: boolean;
}

export interface ExecutorOptions {
  database: Database;
  handlerOf(sourceId: number): Handler | undefined;
  /** Whether it is a second space: filling it gives way to others. */
  isSecond(sourceId: number): boolean;
  leaseMs: number;
  retry: RetryPolicy;
  /** Crashes after which a job is parked. */
  maxCrashes: number;
  reporter: Reporter;
  onError(error: unknown): void;
}

/** One claim under way. */
interface Work {
  token: string;
  lease: LeaseKeeper;
  signal: AbortSignal;
  tally: Tally;
  /** What is reported of the source that is being worked on. */
  batch: OpenBatch | null;
  givesWay: boolean;
  /** Time of its transactions, ms. */
  wroteMs: number;
}

export class Executor {
  readonly #options: ExecutorOptions;
  /** Source → when its provider may be tried again, by this process' clock. */
  readonly #waitingUntil = new Map<number, number>();
  readonly #giveWay: GiveWay;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    // The embedded database does one thing at a time, so that nobody else is at work.
    const isShared = options.database.capabilities.kind !== 'embedded';
    this.#giveWay = new GiveWay((sourceId) => isShared && options.isSecond(sourceId));
  }

  /**
   * `sourceIds` without those whose provider is waited for, since leasing their jobs would only put them off one by one,
   * and those that rest.
   */
  withoutWaiting(sourceIds: readonly number[] | null): readonly number[] | null {
    if (sourceIds === null) return sourceIds;
    const now = performance.now();
    return sourceIds.filter(
      (id) => (this.#waitingUntil.get(id) ?? 0) <= now && !this.#giveWay.isResting(id),
    );
  }

  /** Jobs to claim at once of `withoutWaiting`'s sources. */
  mostOf(sourceIds: readonly number[] | null): number {
    return this.#giveWay.mostOf(sourceIds);
  }

  /** Ms until something is done again that rests now, to leave the database to others; null where nothing does. */
  get restMs(): number | null {
    return this.#giveWay.restMs;
  }

  /** @param giveBack aborts when the worker must end: what is not done then is released untried */
  async execute(whole: Claim, giveBack: AbortSignal): Promise<Tally> {
    const started = performance.now();
    const { database, leaseMs, onError } = this.#options;
    const claim = await this.#isolate(whole);
    const lease = keepLease(database, claim, leaseMs, onError);
    const work: Work = {
      token: claim.token,
      lease,
      signal: AbortSignal.any([lease.signal, giveBack]),
      tally: {
        jobs: claim.jobs.length,
        done: 0,
        failed: 0,
        postponed: 0,
        tookMs: 0,
        isAlone: claim !== whole,
      },
      batch: null,
      givesWay: false,
      wroteMs: 0,
    };
    try {
      const bySource = Map.groupBy(claim.jobs, (job) => job.sourceId);
      for (const [sourceId, jobs] of bySource) await this.#report(work, sourceId, jobs);
    } finally {
      lease.stop();
    }
    return { ...work.tally, tookMs: performance.now() - started };
  }

  /**
   * A job whose next crash parks it is tried alone, the others are given back: a crash counts for all that its worker
   * held, and those that only lay beside the record that kills workers must not be parked with it (I6).
   */
  async #isolate(claim: Claim): Promise<Claim> {
    const suspect = claim.jobs.find((job) => job.crashes + 1 >= this.#options.maxCrashes);
    if (suspect === undefined || this.#options.maxCrashes <= 1) return claim;
    const others = claim.jobs.filter((job) => job !== suspect);
    if (others.length > 0) await release(this.#options.database, claim.token, others);
    return { ...claim, jobs: [suspect] };
  }

  /** Works off `jobs` and reports what came of them. */
  async #report(work: Work, sourceId: number, jobs: readonly LeasedJob[]): Promise<void> {
    const { reporter } = this.#options;
    const { done, postponed } = work.tally;
    const batch = reporter.begin(sourceId);
    work.batch = batch;
    work.wroteMs = 0;
    work.givesWay = this.#giveWay.begin(sourceId, jobs);
    try {
      await this.#workOff(work, sourceId, jobs);
    } finally {
      if (work.givesWay) await this.#giveWay.end(this.#options.database, sourceId, work.wroteMs);
      reporter.end(batch, {
        jobs: jobs.length,
        done: work.tally.done - done,
        postponed: work.tally.postponed - postponed,
      });
    }
  }

  /** All of `jobs`: what the handler leaves for later follows, what fails together is tried in halves. */
  async #workOff(work: Work, sourceId: number, jobs: readonly LeasedJob[]): Promise<void> {
    const batches: (readonly LeasedJob[])[] = [jobs];
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const next = await this.#attempt(work, sourceId, batch);
      const isOver = new Set(batch);
      for (const one of next) for (const job of one) isOver.delete(job);
      work.lease.settle(isOver);
      batches.push(...next);
    }
  }

  /** @returns batches that are still to be done */
  async #attempt(
    work: Work,
    sourceId: number,
    jobs: readonly LeasedJob[],
  ): Promise<(readonly LeasedJob[])[]> {
    const handler = this.#options.handlerOf(sourceId);
    const isWaiting = (this.#waitingUntil.get(sourceId) ?? 0) > performance.now();
    if (handler === undefined || work.signal.aborted || isWaiting) {
      await release(this.#options.database, work.token, jobs);
      return [];
    }
    let prepared: Prepared;
    try {
      prepared = await handler(jobs, work.signal);
      work.tally.done += await this.#commit(work, prepared);
    } catch (error) {
      return await this.#judge(work, sourceId, jobs, error);
    }
    this.#waitingUntil.delete(sourceId);
    await this.#giveBackUnpaid(work, sourceId, prepared.unpaid ?? []);
    for (const { job, error, textHash } of prepared.failed)
      await this.#fail(work, job, error, textHash);
    return prepared.deferred.length > 0 ? [prepared.deferred] : [];
  }

  /** Their lane is paused. A job that was left in another one, as lanes changed, must not come straight back. */
  async #giveBackUnpaid(work: Work, sourceId: number, jobs: readonly LeasedJob[]): Promise<void> {
    if (jobs.length === 0) return;
    this.#waitingUntil.set(sourceId, performance.now() + UNPAID_WAIT_MS);
    await release(this.#options.database, work.token, jobs);
  }

  /** What becomes of jobs whose handler, or whose write, failed as a whole. */
  async #judge(
    work: Work,
    sourceId: number,
    jobs: readonly LeasedJob[],
    error: unknown,
  ): Promise<(readonly LeasedJob[])[]> {
    const { database, onError } = this.#options;
    if (work.signal.aborted) {
      await release(database, work.token, jobs);
      return [];
    }
    const waitMs = waitFor(error);
    if (waitMs !== null) {
      const hasFailed = !isLocked(error);
      if (hasFailed) onError(error);
      if (hasFailed) work.tally.postponed += jobs.length;
      this.#waitingUntil.set(sourceId, performance.now() + waitMs);
      // A little apart, so that workers do not all come back in the same moment.
      const delayMs = waitMs * (1 + systemRandom() / 10);
      const label = hasFailed ? errorLabel(error) : null;
      await postpone(database, work.token, jobs, delayMs, label);
      return [];
    }
    const [only] = jobs;
    if (jobs.length === 1 && only !== undefined) {
      await this.#fail(work, only, error);
      return [];
    }
    const middle = Math.ceil(jobs.length / 2);
    return [jobs.slice(middle), jobs.slice(0, middle)];
  }

  async #commit(work: Work, prepared: Prepared): Promise<number> {
    const started = performance.now();
    try {
      return await this.#write(work, prepared);
    } finally {
      work.wroteMs += performance.now() - started;
    }
  }

  /** Writes and acknowledges in one transaction, for what is still owned (I4). */
  async #write({ token, givesWay }: Work, { ready, write }: Prepared): Promise<number> {
    const { database } = this.#options;
    if (ready.length === 0) return 0;
    if (write === null) return (await complete(database, token, ready)).done;
    return await database.transaction(async (tx) => {
      if (givesWay) await this.#giveWay.mark(tx);
      const ids = await lockOwned(tx, token, ready);
      const owned = ready.filter((job) => ids.has(job.id));
      if (owned.length === 0) return 0;
      await write(tx, owned);
      return (await complete(tx, token, owned)).done;
    });
  }

  async #fail(work: Work, job: LeasedJob, error: unknown, textHash?: string): Promise<void> {
    const { database, retry, reporter, onError } = this.#options;
    onError(error);
    work.tally.failed += 1;
    const label = errorLabel(error);
    const failed = await fail(database, work.token, job, { label, textHash }, retry);
    reporter.failed(failed, label, work.batch);
  }
}
