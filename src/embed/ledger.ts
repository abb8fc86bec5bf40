/**
 * Writes the ledger of model calls, `evervec.calls`: sums per day, source, model, cause and price. It judges nothing and
 * reads nothing back.
 *
 * A call that may cost money is written twice, each time outside the job's transaction: before it is made, with an
 * estimate, and after it, with what the provider counted. So a worker that is killed loses nothing: what it may have paid
 * stands there as estimated. All else (free calls, texts that needed no call, what the provider counted) is gathered, and written once a
 * second or after a paid call: a second of it a crash can lose. That does not wait for the server's disk, either, or searches would be
 * short of a connection meanwhile.
 *
 * Eight workers write to the same few sums. On one row each they wait for each other's commits: measured with eight
 * writers at once, 1.3 times as long at the median and 2 to 5 times at the 99th percentile as on rows of their own. So
 * each process adds to one row of 16 (`stripe`), one statement at a time: what comes meanwhile goes with the next one. A
 * row for each call would not be waited for either, but the budget is summed before each call, and such rows are many;
 * these are some dozens a day.
 */
import type { Connection } from '../database/index.ts';
import { type Random, systemRandom } from '../runtime/index.ts';
import type { Cause } from './cause.ts';

/** What a sum is of. */
export interface LedgerKey {
  /** UTC, `2026-01-31`; null is today, by the database's clock. */
  readonly day: string | null;
  readonly source: string;
  readonly model: string;
  readonly provider: string;
  readonly cause: Cause;
  /** US dollars per million tokens; null is unknown. */
  readonly price: number | null;
}

/** What is added to a sum; below 0 where an estimate was too high. */
export interface LedgerCounts {
  calls: number;
  texts: number;
  saved: number;
  tokens: number;
  estimated_tokens: number;
  failed: number;
  failed_billed: number;
}

export type LedgerEntry = LedgerKey & Partial<LedgerCounts>;

/* Sorted, so that two writers lock in the same order. $3 is of this statement's commit. */
const ADD = `
with today as materialized (
  select evervec.ledger_day() as day, set_config('synchronous_commit', coalesce($3, current_setting('synchronous_commit')), true)
), written as (
  insert into evervec.calls as kept (day, source, model, provider, cause, price, stripe,
    calls, texts, saved, tokens, estimated_tokens, failed, failed_billed)
  select coalesce(given.day, today.day), source, model, provider, cause, price, $1,
    coalesce(sum(calls), 0), coalesce(sum(texts), 0), coalesce(sum(saved), 0), coalesce(sum(tokens), 0),
    coalesce(sum(estimated_tokens), 0), coalesce(sum(failed), 0), coalesce(sum(failed_billed), 0)
  from jsonb_to_recordset($2::jsonb) as given (day date, source text, model text, provider text, cause text,
    price numeric, calls bigint, texts bigint, saved bigint, tokens bigint, estimated_tokens bigint,
    failed bigint, failed_billed bigint)
  cross join today
  group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
  on conflict (day, source, model, provider, cause, price, stripe) do update set
    calls = kept.calls + excluded.calls, texts = kept.texts + excluded.texts, saved = kept.saved + excluded.saved,
    tokens = kept.tokens + excluded.tokens, estimated_tokens = kept.estimated_tokens + excluded.estimated_tokens,
    failed = kept.failed + excluded.failed, failed_billed = kept.failed_billed + excluded.failed_billed
)
select day::text as day from today`;

const STRIPES = 16;
const FLUSH_MS = 1_000;
/** Sums to keep when the database takes none; there are as many as sources, models and causes. */
const MAX_KEPT = 10_000;

interface Waiting {
  entries: readonly LedgerEntry[];
  resolve(day: string): void;
  reject(error: unknown): void;
}

export class Ledger {
  readonly #connection: Connection;
  readonly #stripe: number;
  readonly #onError: (error: unknown) => void;
  #gathered = new Map<string, LedgerEntry>();
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** @param onError is told what kept gathered sums from being written; they are kept for another try */
  constructor(
    connection: Connection,
    onError: (error: unknown) => void,
    random: Random = systemRandom,
  ) {
    this.#connection = connection;
    this.#onError = onError;
    this.#stripe = Math.floor(random() * STRIPES);
  }

  /** Adds to the ledger before it returns, together with what was gathered. @returns today, as the database has it */
  async write(entries: readonly LedgerEntry[]): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ entries, resolve, reject });
    this.#writing ??= this.#writeAll();
    return await promise;
  }

  /** Adds to the ledger within a second, or with the next `write` or `flush`. */
  gather(entry: LedgerEntry): void {
    const { day, source, model, provider, cause, price } = entry;
    const key = JSON.stringify([day, source, model, provider, cause, price]);
    const before = this.#gathered.get(key);
    if (before === undefined && this.#gathered.size >= MAX_KEPT) return;
    this.#gathered.set(key, before === undefined ? entry : sum(before, entry));
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what was gathered, if the database takes it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.size === 0) return void (await this.#writing);
    await this.write([]).catch(this.#onError);
  }

  /** One statement after the other until nothing waits. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const gathered = [...this.#gathered.values()];
      this.#gathered = new Map();
      const entries = [...gathered, ...waiting.flatMap((one) => one.entries)];
      try {
        const mayBeLost = waiting.every((one) => one.entries.length === 0);
        const day = await this.#add(entries, mayBeLost);
        for (const one of waiting) one.resolve(day);
      } catch (error) {
        // Tried again with the next write: no timer, or a database that is gone would be asked for ever.
        for (const entry of gathered) this.#keep(entry);
        for (const one of waiting) one.reject(error);
      }
    }
    this.#writing = null;
  }

  #keep(entry: LedgerEntry): void {
    this.gather(entry);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #add(entries: readonly LedgerEntry[], mayBeLost: boolean): Promise<string> {
    const { rows } = await this.#connection.query<{ day: string }>(ADD, [
      this.#stripe,
      JSON.stringify(entries),
      mayBeLost ? 'off' : null,
    ]);
    return rows[0]?.day ?? '';
  }
}

function sum(one: LedgerEntry, other: LedgerEntry): LedgerEntry {
  const of = (name: keyof LedgerCounts) => (one[name] ?? 0) + (other[name] ?? 0);
  return {
    ...one,
    calls: of('calls'),
    texts: of('texts'),
    saved: of('saved'),
    tokens: of('tokens'),
    estimated_tokens: of('estimated_tokens'),
    failed: of('failed'),
    failed_billed: of('failed_billed'),
  };
}
