/**
 * What a worker says of itself: heartbeat, current work, history, metrics. Gathered here and written once a second at
 * most, by a timer of its own: the path of the records pays nothing for it, and a worker in a long batch still beats.
 * When it can't be written it is dropped; the work never waits for its own report.
 */
import type { Database } from '../database/index.ts';
import {
  type Failed,
  type FailedTry,
  type FinishedBatch,
  heartbeat,
  recordWork,
  type WorkerIdentity,
} from '../queue/index.ts';

export interface ReporterOptions {
  database: Database;
  worker: WorkerIdentity;
  onError(error: unknown): void;
}

/** A batch under way. */
export interface OpenBatch {
  sourceId: number;
  started: number;
  retried: number;
  parked: number;
}

const HEARTBEAT_MS = 15_000;
const FLUSH_MS = 1_000;
/** Rows to keep when the database takes none, of each kind; more are dropped. */
const MAX_KEPT = 10_000;

type Aged<T> = Omit<T, 'ageMs'> & { at: number };

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #open = new Set<OpenBatch>();
  #batches: Aged<FinishedBatch>[] = [];
  #failures: Aged<FailedTry>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastBeat = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | null = null;
  #processed = 0;
  #lastError: string | null = null;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Records done since the worker was made. */
  get processed(): number {
    return this.#processed;
  }

  /** Beats once, so that the worker is known before it holds anything, then goes on by itself. */
  async start(): Promise<void> {
    await this.#beat();
    this.#timer ??= setInterval(() => this.#tick(), FLUSH_MS);
    // A report is no reason to stay alive.
    this.#timer.unref();
  }

  /** Writes what is gathered. The worker may go on, and be stopped again. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    await this.#flush();
  }

  begin(sourceId: number): OpenBatch {
    const batch = { sourceId, started: performance.now(), retried: 0, parked: 0 };
    this.#open.add(batch);
    return batch;
  }

  end(batch: OpenBatch, counts: { jobs: number; done: number; postponed: number }): void {
    this.#open.delete(batch);
    this.#processed += counts.done;
    const at = performance.now();
    const { sourceId, started, retried, parked } = batch;
    if (this.#batches.length < MAX_KEPT)
      this.#batches.push({ sourceId, ...counts, retried, parked, tookMs: at - started, at });
  }

  /** @param label class and code, no text (I11) */
  noteError(label: string): void {
    this.#lastError = label;
  }

  /** @param batch that they belong to; null for jobs of others that this worker took back */
  failed(tries: readonly Failed[], error: string, batch: OpenBatch | null): void {
    const at = performance.now();
    for (const one of tries) {
      if (batch !== null) batch[one.isParked ? 'parked' : 'retried'] += 1;
      if (this.#failures.length < MAX_KEPT) this.#failures.push({ ...one, error, at });
    }
  }

  #tick(): void {
    const isSettled = this.#batches.length === 0 && this.#failures.length === 0;
    const isDue = performance.now() - this.#lastBeat >= HEARTBEAT_MS;
    if (this.#writing !== null || (isSettled && !isDue && this.#open.size === 0)) return;
    this.#writing = this.#flush().finally(() => {
      this.#writing = null;
    });
  }

  async #flush(): Promise<void> {
    const { database, worker, onError } = this.#options;
    const [batches, failures] = [this.#batches, this.#failures];
    this.#batches = [];
    this.#failures = [];
    const now = performance.now();
    try {
      if (batches.length > 0 || failures.length > 0)
        await recordWork(
          database,
          worker.id,
          batches.map(({ at, ...batch }) => ({ ...batch, ageMs: now - at })),
          failures.map(({ at, ...failure }) => ({ ...failure, ageMs: now - at })),
        );
      await this.#beat();
    } catch (error) {
      onError(error);
    }
  }

  async #beat(): Promise<void> {
    const { database, worker } = this.#options;
    this.#lastBeat = performance.now();
    const oldest = [...this.#open].reduce<OpenBatch | null>(
      (before, one) => (before === null || one.started < before.started ? one : before),
      null,
    );
    await heartbeat(database, worker, {
      processed: this.#processed,
      lastError: this.#lastError,
      current: oldest && {
        sourceId: oldest.sourceId,
        forMs: performance.now() - oldest.started,
      },
    });
  }
}
