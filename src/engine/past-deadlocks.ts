/**
 * For the few transactions that take whole tables and rows of `sources` after each other, as no worker does: in another order
 * than a worker that writes just then. Postgres undoes one of two that wait for each other, wholly.
 */
import type { Connection, Database } from '../database/index.ts';
import { QueryError } from '../errors/index.ts';

const TRIES = 5;
const DEADLOCK = '40P01';

/** Runs `work` in a transaction, and again where it was undone for the other's sake. */
export async function transactPastDeadlocks<T>(
  database: Database,
  work: (tx: Connection) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await database.transaction(work);
    } catch (error) {
      const isDeadlock = error instanceof QueryError && error.sqlState === DEADLOCK;
      if (!isDeadlock || tries === TRIES) throw error;
    }
  }
}
