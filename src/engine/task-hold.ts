/** One task while this process works on it: the lease, how far it is, and the fence that both are written through. */
import type { Connection, Database } from '../database/index.ts';
import {
  type ClaimedTask,
  giveBackTask,
  noteProgress,
  type TaskCounts,
  type TaskProgress,
  type TaskResult,
} from '../document/index.ts';
import { LeaseLostError } from '../errors/index.ts';

/** Of those that failed, and of the others: what a client shows, not a log. */
const KEPT_FAILURES = 100;
const KEPT_OTHERS = 100;

export interface TaskHoldParts {
  database: Database;
  task: ClaimedTask;
  leaseMs: number;
}

export class TaskHold {
  readonly task: ClaimedTask;
  readonly #parts: TaskHoldParts;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #counts: TaskCounts;
  readonly #results: TaskResult[];
  #finished: number;
  /** As many results as are written down. */
  #written: number;
  #beat: Promise<void> = Promise.resolve();

  constructor(parts: TaskHoldParts) {
    this.#parts = parts;
    this.task = parts.task;
    const { finished, counts, results } = parts.task.progress;
    this.#finished = finished;
    this.#counts = { ...counts };
    this.#results = [...results];
    this.#written = results.length;
    // Two may fail before the lease is over.
    this.#timer = setInterval(() => void this.#renew(), parts.leaseMs / 3);
    this.#timer.unref();
  }

  /** Aborts when the task is somebody else's, or over. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  get progress(): TaskProgress {
    const results = this.#results.toSorted((a, b) => a.number - b.number);
    return { finished: this.#finished, counts: { ...this.#counts }, results };
  }

  /** An item is over. */
  note(result: Omit<TaskResult, 'number'>): void {
    this.#finished++;
    this.#counts[result.outcome]++;
    const isFailed = result.outcome === 'failed';
    const kept = this.#results.filter((one) => (one.outcome === 'failed') === isFailed).length;
    if (kept < (isFailed ? KEPT_FAILURES : KEPT_OTHERS))
      this.#results.push({ number: this.#finished, ...result });
  }

  /**
   * Locks the task for a transaction, and writes down what was over before it.
   * @throws LeaseLostError where it is not this process's any more
   */
  async fence(tx: Connection): Promise<void> {
    if (await this.#write(tx)) return;
    this.lose();
    throw new LeaseLostError(`Task ${this.task.id} is worked on by another, or over.`, {
      remedy: 'Nothing has to be done: nothing more of it is written.',
    });
  }

  lose(): void {
    this.#lost.abort();
  }

  /**
   * Lets another go on with it, after what is over.
   * @param isCounted whether this was an attempt that failed
   */
  async giveBack(isCounted: boolean): Promise<void> {
    const { database, task } = this.#parts;
    await database.transaction(async (tx) => {
      await this.#write(tx);
      await giveBackTask(tx, task, isCounted);
    });
  }

  /** No more signs of life. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
  }

  async #write(connection: Connection): Promise<boolean> {
    const { task, leaseMs } = this.#parts;
    const count = this.#results.length;
    const isSameResults = count === this.#written;
    return await noteProgress(connection, task, this.progress, { leaseMs, isSameResults });
  }

  #renew(): Promise<void> {
    this.#beat = this.#renewAfter(this.#beat);
    return this.#beat;
  }

  async #renewAfter(before: Promise<void>): Promise<void> {
    await before;
    const count = this.#results.length;
    try {
      if (await this.#write(this.#parts.database)) this.#written = count;
      else this.lose();
    } catch {
      // The next one may succeed; if none does, the lease ends.
    }
  }
}
