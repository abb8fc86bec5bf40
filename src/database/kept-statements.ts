/**
 * Which statements of one connection the server keeps parsed and planned: those that came several times of late. Reading and
 * planning what a worker asks for each change takes the server longer than doing it.
 *
 * A plan that was made while a table was empty must not outlive that by much, so each is made anew after a few seconds. Behind
 * a pooler that hands server connections around nothing is kept.
 */
import { createHash } from 'node:crypto';
import { DatabaseError, type PoolClient } from 'pg';
import { backendOf, closeStatement } from './driver.ts';

/** How often a statement is seen within `LIFETIME_MS` before it is kept. */
const LEAST_RUNS = 2;
const LIFETIME_MS = 4_000;
/** A plan is up to a megabyte of the server's memory. */
const MAX_KEPT = 50;
const MAX_SEEN = 500;

interface Seen {
  runs: number;
  since: number;
  /** Under which the server keeps it. */
  name: string | null;
}

export class KeptStatements {
  readonly #client: PoolClient;
  readonly #seen = new Map<string, Seen>();
  #kept = 0;
  /** Unknown until it is asked for. */
  #isDirect: boolean | null = null;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  /** Counts `sql` as run. @returns the name to run it by, or null where it is sent whole and forgotten */
  async nameOf(sql: string): Promise<string | null> {
    const now = performance.now();
    let seen = this.#seen.get(sql);
    if (seen !== undefined && now - seen.since > LIFETIME_MS) {
      await this.#forget(sql, seen);
      seen = undefined;
    }
    if (seen === undefined) {
      if (this.#seen.size >= MAX_SEEN) await this.#forgetOld(now);
      this.#seen.set(sql, { runs: 1, since: now, name: null });
      return null;
    }
    seen.runs += 1;
    if (seen.name !== null || seen.runs < LEAST_RUNS) return seen.name;
    if (this.#kept >= MAX_KEPT) await this.#forgetOld(now);
    if (this.#kept < MAX_KEPT && (await this.#keepsSession())) {
      // By its content: should a pooler go unnoticed, another connection's statement of this name is the same.
      seen.name = `kept_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`;
      this.#kept += 1;
    }
    return seen.name;
  }

  /**
   * Whether `failure` says that what the server kept can't be run (any more): a type of its result has changed, or another
   * removed it. Then everything is forgotten, and the statement may be sent whole.
   */
  async isOutdated(failure: unknown): Promise<boolean> {
    if (!(failure instanceof DatabaseError)) return false;
    const isChanged = failure.code === '0A000' && failure.routine === 'RevalidateCachedQuery';
    if (!isChanged && failure.code !== '26000' && failure.code !== '42P05') return false;
    for (const [sql, seen] of this.#seen) await this.#forget(sql, seen);
    return true;
  }

  async #forgetOld(now: number): Promise<void> {
    for (const [sql, seen] of this.#seen)
      if (now - seen.since > LIFETIME_MS) await this.#forget(sql, seen);
    if (this.#seen.size >= MAX_SEEN)
      for (const [sql, { name }] of this.#seen) if (name === null) this.#seen.delete(sql);
  }

  async #forget(sql: string, { name }: Seen): Promise<void> {
    if (name !== null) {
      await closeStatement(this.#client, name);
      this.#kept -= 1;
    }
    this.#seen.delete(sql);
  }

  /** A pooler in between gives its clients numbers of its own. */
  async #keepsSession(): Promise<boolean> {
    if (this.#isDirect === null) {
      const { rows } = await this.#client.query<{ pid: number }>('select pg_backend_pid() as pid');
      this.#isDirect = rows[0]?.pid === backendOf(this.#client);
    }
    return this.#isDirect;
  }
}
