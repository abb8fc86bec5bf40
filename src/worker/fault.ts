/** Whose fault a failure is. */
import { DatabaseUnreachableError, ProviderError, QueryError } from '../errors/index.ts';

/** How long what fails by the database's fault is put off, ms: a dropped column does not come back at once. */
const DATABASE_WAIT_MS = 5_000;

/** @returns ms to wait where the fault is the provider's or the database's; null where a record may be to blame (I6) */
export function waitFor(error: unknown): number | null {
  if (error instanceof ProviderError) return error.retryAfterMs ?? 1_000;
  if (error instanceof DatabaseUnreachableError || error instanceof QueryError)
    return DATABASE_WAIT_MS;
  return null;
}
