/** What the status of an answer means for a document. Pure. */
import { FetchError } from '../../errors/index.ts';
import type { Answer } from './exchange.ts';
import { header, retryAfterMs } from './headers.ts';

/**
 * @param now ms since the epoch
 * @throws FetchError for all but 200 and 203
 */
export function refuseStatus(url: URL, { status, headers }: Answer, now: number): void {
  if (status === 200 || status === 203) return;
  const options = { status, retryAfterMs: retryAfterMs(header(headers, 'retry-after'), now) };
  throw new FetchError(reasonOf(status), url, `is answered with ${status}.`, options);
}

function reasonOf(status: number) {
  if (status === 404 || status === 410) return 'GONE';
  if (status === 401 || status === 402 || status === 403 || status === 407 || status === 451)
    return 'FORBIDDEN';
  if (status === 408 || status === 425 || status === 429 || status === 503) return 'BUSY';
  if (status >= 500 && status <= 599) return 'SERVER';
  // Neither a part nor "as before" was asked for.
  if (status === 206 || status === 304 || status >= 600) return 'PROTOCOL';
  return 'STATUS';
}
