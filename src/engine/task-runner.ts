/**
 * Does tasks, one after the other: takes one under a lease, takes its items in, writes down how far it is in the
 * transactions that do, and ends it. A task whose process died is taken up by any other once its lease is over, and goes on
 * after the items that are over.
 */
import type { Database } from '../database/index.ts';
import {
  claimTask,
  dropOldTasks,
  endTask,
  type TaskCounts,
  type TaskError,
} from '../document/index.ts';
import { EvervecError, LeaseLostError } from '../errors/index.ts';
import { takeTurn } from '../queue/index.ts';
import type { Logger, Service } from '../runtime/index.ts';
import { errorLabel } from '../worker/index.ts';
import type { Documents } from './documents.ts';
import { taskItems } from './task-items.ts';
import { TaskHold } from './task-hold.ts';

export interface TaskRunnerChoices {
  /** How long a task is this process's without a sign of life, ms; default 30,000. */
  leaseMs?: number | undefined;
  /** How often it looks unasked, ms; default 2,000. */
  pollMs?: number | undefined;
  /** How often a task is taken up before it is given up; default 5. */
  maxAttempts?: number | undefined;
  /** Told before each item is taken in hand; waited for. */
  beforeItem?: ((number: number) => Promise<void> | void) | undefined;
}

export interface TaskRunnerParts extends TaskRunnerChoices {
  database: Database;
  documents: Documents;
  logger: Logger;
  retentionDays: number;
  onStarted(): void;
  onStopped(): void;
}

const LEASE_MS = 30_000;
const POLL_MS = 2_000;
const MAX_ATTEMPTS = 5;
const CLEAN_UP_EVERY_MINUTES = 60;

export class TaskRunner implements Service {
  readonly #parts: TaskRunnerParts;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;
  #held: TaskHold | null = null;
  #wakeUp: (() => void) | null = null;
  #isAwake = false;
  #nextCleanUp = 0;

  constructor(parts: TaskRunnerParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#parts.onStarted();
    this.#loop ??= this.#run();
  }

  /** Gives back what is under way: another goes on after the items that are over. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
    this.#parts.onStopped();
  }

  /** There may be something to do. */
  wake(): void {
    this.#isAwake = true;
    this.#wakeUp?.();
  }

  /** The task is over, by somebody else. */
  drop(id: string): void {
    if (this.#held?.task.id === id) this.#held.lose();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const isBusy = await this.#round().catch((error: unknown) => {
        this.#parts.logger.warn({ error: errorLabel(error) }, 'tasks could not be looked at');
        return false;
      });
      if (!isBusy) await this.#sleep();
    }
  }

  /** @returns whether there may be more to do at once */
  async #round(): Promise<boolean> {
    const { database, documents, leaseMs = LEASE_MS, maxAttempts = MAX_ATTEMPTS } = this.#parts;
    if (!(await documents.isThere())) return false;
    await this.#cleanUp();
    const task = await claimTask(database, { leaseMs, maxAttempts });
    if (task === null) return false;
    this.#held = new TaskHold({ database, task, leaseMs });
    try {
      return await this.#work(this.#held);
    } finally {
      await this.#held.end();
      this.#held = null;
    }
  }

  async #work(held: TaskHold): Promise<boolean> {
    const { database } = this.#parts;
    const { task } = held;
    try {
      const counts = await this.#takeIn(held);
      await held.end();
      if (this.#stopping.signal.aborted) await held.giveBack(false);
      else if (!held.signal.aborted)
        await endTask(database, task, outcomeOf(counts), held.progress, null);
      return true;
    } catch (error) {
      await held.end();
      return await this.#fail(held, error);
    }
  }

  async #takeIn(held: TaskHold): Promise<TaskCounts> {
    const { documents } = this.#parts;
    const { kind, made_by, options } = held.task;
    const { collection, fields, onDuplicate, summary } = options;
    await documents.import(this.#items(held), {
      collection,
      onDuplicate,
      summary,
      by: made_by,
      ...(kind !== 'upload' && { defaults: fields }),
      signal: AbortSignal.any([this.#stopping.signal, held.signal]),
      within: (tx) => held.fence(tx),
      onResult: (result) => held.note(result),
    });
    return held.progress.counts;
  }

  /** Those that are not over yet. */
  async *#items(held: TaskHold): ReturnType<typeof taskItems> {
    const { database, beforeItem } = this.#parts;
    const { finished } = held.task.progress;
    let number = 0;
    for await (const item of taskItems(database, held.task)) {
      number++;
      if (number <= finished) continue;
      await beforeItem?.(number);
      yield item;
    }
  }

  /** @returns whether to go on at once: after what may pass by itself it waits a moment */
  async #fail(held: TaskHold, error: unknown): Promise<boolean> {
    const { database, logger } = this.#parts;
    const { task, signal, progress } = held;
    if (this.#stopping.signal.aborted) {
      await held.giveBack(false);
      return true;
    }
    if (signal.aborted || error instanceof LeaseLostError) return true;
    const isPassing = EvervecError.isInstance(error) && error.isRetryable;
    logger.warn({ task: task.id, error: errorLabel(error) }, 'a task failed');
    if (isPassing) await held.giveBack(true);
    else await endTask(database, task, 'failed', progress, told(error));
    return !isPassing;
  }

  async #cleanUp(): Promise<void> {
    const now = performance.now();
    if (now < this.#nextCleanUp) return;
    this.#nextCleanUp = now + CLEAN_UP_EVERY_MINUTES * 60_000;
    const { database, retentionDays } = this.#parts;
    if (await takeTurn(database, 'old tasks', CLEAN_UP_EVERY_MINUTES))
      await dropOldTasks(database, retentionDays);
  }

  async #sleep(): Promise<void> {
    if (!this.#isAwake && !this.#stopping.signal.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#parts.pollMs ?? POLL_MS);
        this.#wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wakeUp = null;
    this.#isAwake = false;
  }
}

/** One where nothing at all could be taken is one that failed. */
function outcomeOf({ failed, ...others }: TaskCounts): 'done' | 'failed' {
  return failed > 0 && Object.values(others).every((count) => count === 0) ? 'failed' : 'done';
}

/** Of an error that is not ours, the message may quote what was taken in. */
function told(error: unknown): TaskError {
  if (!EvervecError.isInstance(error) || ('sqlState' in error && !error.isUsage))
    return {
      code: EvervecError.isInstance(error) ? error.code : 'EVERVEC_INTERNAL',
      message: 'Something went wrong on the server.',
      remedy: 'Look for the id of the task in its log.',
    };
  const { code, message, remedy } = error;
  return { code, message, remedy };
}
