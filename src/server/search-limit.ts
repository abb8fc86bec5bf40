/**
 * Keeps searches from taking the whole server: so many at once, each for so long. A search that does not heed its signal
 * keeps its place until it really ends, or the limit would be one in name only.
 */
import { HttpRequestError } from '../errors/index.ts';

export interface SearchLimits {
  /** Searches at once; default 32. One more is refused: 503. */
  concurrency?: number | undefined;
  /** Time for one, ms; default 30,000. Then its caller gets 503. */
  timeoutMs?: number | undefined;
}

/** Runs a search, or what is made of one, in its turn. */
export type LimitedSearch = <Answer>(
  search: (signal: AbortSignal) => Promise<Answer>,
  signal: AbortSignal,
) => Promise<Answer>;

const CONCURRENCY = 32;
const TIMEOUT_MS = 30_000;
const RETRY_AFTER = { 'retry-after': '1' };

/** All that goes through what this returns counts together. */
export function limitSearches({
  concurrency = CONCURRENCY,
  timeoutMs = TIMEOUT_MS,
}: SearchLimits): LimitedSearch {
  let underWay = 0;
  return async (search, signal) => {
    if (underWay >= concurrency)
      throw new HttpRequestError('BUSY', 503, `${concurrency} searches are under way.`, {
        remedy: 'Ask again after Retry-After, or raise server.searchConcurrency.',
        headers: RETRY_AFTER,
      });
    underWay += 1;
    const time = new AbortController();
    const isOver = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const error = timeLimit(timeoutMs);
      isOver.reject(error);
      time.abort(error);
    }, timeoutMs);
    const answer = search(AbortSignal.any([signal, time.signal])).finally(() => {
      underWay -= 1;
      clearTimeout(timer);
    });
    return await Promise.race([answer, isOver.promise]);
  };
}

function timeLimit(timeoutMs: number): HttpRequestError {
  return new HttpRequestError('TIME_LIMIT', 503, `The search took longer than ${timeoutMs} ms.`, {
    remedy: 'Narrow it with sources and filters, or raise server.searchTimeoutMs.',
    headers: RETRY_AFTER,
  });
}
