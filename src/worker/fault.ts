/** Whose fault a failure is. */
import {
  DatabaseUnreachableError,
  ProviderError,
  QueryError,
  VectorGoneError,
} from '../errors/index.ts';

/** How long what fails by the database's fault is put off, ms: a dropped column does not come back at once. */
const DATABASE_WAIT_MS = 5_000;
const CONFLICT_WAIT_MS = 100;
/** For an index that is being built, ms: what was changed meanwhile is not much later than the index. */
const LOCKED_WAIT_MS = 2_000;

/** Whether an index is being built, or the like: that ends by itself, and nothing has failed. */
export function isLocked(error: unknown): boolean {
  return error instanceof QueryError && error.sqlState === '55P03';
}

/** @returns ms to wait where the fault is the provider's or the database's; null where a record may be to blame (I6) */
export function waitFor(error: unknown): number | null {
  if (error instanceof ProviderError) return error.retryAfterMs ?? 1_000;
  // One connection was lost: where the server is gone, putting off fails too, and the loop waits.
  if (error instanceof DatabaseUnreachableError) return CONFLICT_WAIT_MS;
  if (error instanceof VectorGoneError) return CONFLICT_WAIT_MS;
  if (!(error instanceof QueryError)) return null;
  const state = error.sqlState ?? '';
  // A value, or a limit that it exceeds: halving finds whose.
  if (/^(22|54)/.test(state)) return null;
  if (isLocked(error)) return LOCKED_WAIT_MS;
  // A deadlock or the like: others were first.
  return state.startsWith('40') ? CONFLICT_WAIT_MS : DATABASE_WAIT_MS;
}
