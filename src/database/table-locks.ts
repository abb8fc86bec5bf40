/**
 * Transactions that take whole tables, or rows after each other in another order than those who write just then. Postgres undoes one
 * of two that wait for each other, wholly; and one that waits for longer than its `lock_timeout`.
 */
import { QueryError, SchemaError } from '../errors/index.ts';
import type { Connection, Database } from './database.ts';

const TRIES = 5;
const DEADLOCK = '40P01';
const NOT_AVAILABLE = '55P03';
/** Whoever wants a table waits behind who waits for it: readers and writers of users' tables, too (I1). */
const LOCK_WAIT_MS = 2_000;

const isWithState = (error: unknown, state: string) =>
  error instanceof QueryError && error.sqlState === state;

/** Whether a transaction may be tried again as it is: it stood in another's way, or another in its. */
export function isUndone(error: unknown): boolean {
  return isWithState(error, DEADLOCK) || isWithState(error, NOT_AVAILABLE);
}

/** Runs `work` in a transaction, and again where it was undone for another's sake: five times at most. */
export async function transactPastDeadlocks<T>(
  database: Database,
  work: (tx: Connection) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await database.transaction(work);
    } catch (error) {
      if (!isUndone(error) || tries === TRIES) throw error;
    }
  }
}

/**
 * The same for locks on users' tables and on what is searched, where a long transaction, a dump or an index that is built may be in
 * the way: nobody waits behind it for longer than two seconds at a time.
 * @param what begins the message: `The set-up`
 * @param turn waits for others of its kind, as long as it takes
 * @throws SchemaError where it was in vain each time; nothing was done
 */
export async function transactOnTables<T>(
  database: Database,
  { what, turn }: { what: string; turn: (tx: Connection) => Promise<unknown> },
  work: (tx: Connection) => Promise<T>,
): Promise<T> {
  try {
    return await transactPastDeadlocks(database, async (tx) => {
      await turn(tx);
      await tx.query(`select pg_catalog.set_config('lock_timeout', $1, true)`, [
        String(LOCK_WAIT_MS),
      ]);
      return await work(tx);
    });
  } catch (error) {
    if (!isWithState(error, NOT_AVAILABLE)) throw error;
    throw new SchemaError(`${what} waited for another session in vain; nothing was done.`, {
      remedy:
        'A long transaction, a dump, or an index that is built, holds a table that is to be changed (see pg_stat_activity): run it again after that.',
      cause: error,
      isRetryable: true,
    });
  }
}
