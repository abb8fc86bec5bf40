/**
 * The operators' side of the queue, as command, HTTP and programs have it: `evervec.queue`. Checks what is asked for
 * before anything is done. `by` is whoever acts, as the audit log will show it.
 */
import type { Database } from '../database/index.ts';
import { EvervecError, QueueRequestError, SchemaError } from '../errors/index.ts';
import {
  HEALTH_LIMITS,
  type HealthLimits,
  judged,
  type QueueHealth,
  queueHealth,
} from '../operate/index.ts';
import {
  type AuditEntry,
  type Cleared,
  type CleanupReport,
  cleanUp,
  clearQueue,
  countDeadLetters,
  type DeadLetter,
  type HistoryEntry,
  listAudit,
  listDeadLetters,
  listMetrics,
  listRecent,
  listStuck,
  type MetricBucket,
  pauseLanes,
  type QueueStatus,
  queueStatus,
  resetStuck,
  resumeLanes,
  retryDeadLetters,
  retryJobs,
  type SourceStats,
  sourceStats,
  startQueue,
  stopQueue,
  type StuckJob,
} from '../queue/index.ts';
import { listSources } from '../source/index.ts';
import { onSchema, OR_COLUMN } from './on-schema.ts';
import { unknownSource } from './unknown-source.ts';

/** Which parked jobs: by id, or by source and error; `all` when neither is given. */
export interface RetrySelection {
  ids?: readonly string[];
  sources?: readonly string[];
  /** As `failed` lists it, or its first word. */
  error?: string;
  all?: boolean;
}

export interface ListOptions {
  /** Default: all that the database knows. */
  sources?: readonly string[];
  /** Default 20. */
  limit?: number;
}

const LIMIT = 20;
const PROGRAM = 'program';

export class QueueAdmin {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async status(): Promise<QueueStatus> {
    return await this.#ask(queueStatus(this.#database));
  }

  async stats(options: ListOptions = {}): Promise<SourceStats[]> {
    await this.#idsOf(options.sources);
    return await this.#ask(sourceStats(this.#database, options.sources ?? null));
  }

  /** Sums per `stepMinutes` (default 1) of the last `spanMinutes` (default 60), the latest first. */
  async metrics(
    options: ListOptions & { stepMinutes?: number; spanMinutes?: number } = {},
  ): Promise<MetricBucket[]> {
    const { sources = null, stepMinutes = 1, spanMinutes = 60, limit = LIMIT } = options;
    await this.#idsOf(options.sources);
    const wanted = { sources, stepMinutes, spanMinutes, limit };
    return await this.#ask(listMetrics(this.#database, wanted));
  }

  /** The last batches and failures. */
  async recent(
    options: ListOptions & { kind?: 'batch' | 'failure' } = {},
  ): Promise<HistoryEntry[]> {
    const { sources = null, kind = null, limit = LIMIT } = options;
    await this.#idsOf(options.sources);
    return await this.#ask(listRecent(this.#database, { sources, kind, limit }));
  }

  /** Parked jobs, and how often each error occurs. */
  async failed(
    options: ListOptions & { error?: string } = {},
  ): Promise<{ jobs: DeadLetter[]; errors: { error: string; count: number }[] }> {
    const { error = null, limit = LIMIT } = options;
    const sourceIds = await this.#idsOf(options.sources);
    return await this.#ask(listDeadLetters(this.#database, { sourceIds, error }, limit));
  }

  async stuck(options: { limit?: number } = {}): Promise<StuckJob[]> {
    return await this.#ask(listStuck(this.#database, options.limit ?? LIMIT));
  }

  async audit(options: { action?: string; limit?: number } = {}): Promise<AuditEntry[]> {
    const { action, limit = LIMIT } = options;
    return await this.#ask(listAudit(this.#database, { action, limit }));
  }

  /** Answers also when the database does not. */
  async health(limits: Partial<HealthLimits> = {}): Promise<QueueHealth> {
    try {
      return await this.#ask(queueHealth(this.#database, { ...HEALTH_LIMITS, ...limits }));
    } catch (error) {
      return unhealthy(error);
    }
  }

  /** @returns false when it was stopped already */
  async stop(by = PROGRAM): Promise<boolean> {
    return await this.#ask(stopQueue(this.#database, by));
  }

  async start(by = PROGRAM): Promise<boolean> {
    return await this.#ask(startQueue(this.#database, by));
  }

  /** @returns the lanes that were open before. @throws UnknownLaneError */
  async pause(lanes: readonly string[] | 'all', by = PROGRAM): Promise<string[]> {
    return await this.#ask(pauseLanes(this.#database, lanes === 'all' ? null : lanes, by));
  }

  async resume(lanes: readonly string[] | 'all', by = PROGRAM): Promise<string[]> {
    return await this.#ask(resumeLanes(this.#database, lanes === 'all' ? null : lanes, by));
  }

  /** How many parked jobs `retry` would take, counted up to `limit` per lane. */
  async countFailed(selection: RetrySelection, limit: number): Promise<number> {
    const sourceIds = await this.#idsOf(selection.sources);
    const filter = { sourceIds, error: selection.error ?? null };
    return await this.#ask(countDeadLetters(this.#database, filter, limit));
  }

  /** @returns how many are ready again. @throws UnknownJobError, UnknownSourceError, QueueRequestError */
  async retry(selection: RetrySelection, by = PROGRAM): Promise<number> {
    const { ids, sources, error = null, all = false } = selection;
    const isFiltered = sources !== undefined || error !== null;
    if ([ids !== undefined, isFiltered, all].filter(Boolean).length !== 1)
      throw new QueueRequestError('It is not clear what to retry.', {
        remedy: 'Give ids of jobs, or a source, an error or both, or ask for all.',
        isUsage: true,
      });
    if (ids !== undefined) return await this.#ask(retryJobs(this.#database, ids, by));
    const sourceIds = await this.#idsOf(sources);
    const filter = { sourceIds, error, target: targetOf(sources) };
    return await this.#ask(retryDeadLetters(this.#database, filter, by));
  }

  async resetStuck(by = PROGRAM): Promise<number> {
    return await this.#ask(resetStuck(this.#database, by));
  }

  /** The rows are out of date from then on: `reconcile` finds them. @throws QueueRequestError for a wrong state */
  async clear(
    options: { sources?: readonly string[]; states: readonly string[] },
    by = PROGRAM,
  ): Promise<Cleared> {
    const { sources, states } = options;
    const sourceIds = await this.#idsOf(sources);
    const wanted = { sourceIds, states, target: targetOf(sources) };
    return await this.#ask(clearQueue(this.#database, wanted, by));
  }

  /** Drops history, audit entries and metrics that are older. @throws QueueRequestError */
  async cleanup(days: number, by = PROGRAM): Promise<CleanupReport> {
    return await this.#ask(cleanUp(this.#database, days, by));
  }

  async #idsOf(names: readonly string[] | undefined): Promise<number[] | null> {
    if (names === undefined) return null;
    const known = await this.#ask(listSources(this.#database));
    return names.map((name) => {
      const source = known.find((one) => one.name === name);
      if (source === undefined) throw unknownSource(name, known);
      return source.id;
    });
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    return await onSchema(answer, OR_COLUMN);
  }
}

function targetOf(sources: readonly string[] | undefined): string {
  return sources === undefined ? 'all sources' : `source ${sources.join(', ')}`;
}

/** What keeps health from being looked at is bad health. */
export function unhealthy(error: unknown): QueueHealth {
  if (!EvervecError.isInstance(error)) throw error;
  const what = error instanceof SchemaError ? 'schema' : 'database';
  return judged([{ what, level: 'bad', found: error.message, remedy: error.remedy }]);
}
