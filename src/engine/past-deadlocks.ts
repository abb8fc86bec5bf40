/**
 * For the few transactions that take whole tables and rows of `sources` after each other, as no worker does: in another order
 * than a worker that writes just then. Postgres undoes one of two that wait for each other, wholly; and one that waits for
 * longer than its `lock_timeout`.
 */
import type { Connection, Database } from '../database/index.ts';
import { QueryError } from '../errors/index.ts';

const TRIES = 5;
const DEADLOCK = '40P01';
const NOT_AVAILABLE = '55P03';

/** Runs `work` in a transaction, and again where it was undone for another's sake: five times at most. */
export async function transactPastDeadlocks<T>(
  database: Database,
  work: (tx: Connection) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await database.transaction(work);
    } catch (error) {
      const state = error instanceof QueryError ? error.sqlState : null;
      if ((state !== DEADLOCK && state !== NOT_AVAILABLE) || tries === TRIES) throw error;
    }
  }
}
