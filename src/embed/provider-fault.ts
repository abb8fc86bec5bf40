/**
 * Tells whose fault a failed model call is. A provider that is down or refuses everybody is waited for; anything else
 * may be one text's fault, which halving the batch will find. Goes by status, header and code, never by message.
 */
import {
  DatabaseUnreachableError,
  ModelAnswerError,
  ProviderError,
  QueryError,
} from '../errors/index.ts';

/** Longest wait that a provider may ask for, ms: a header of a year is a mistake. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** Answers that any text would get: authentication, payment, permission, not found, time-out, too many, server. */
const PROVIDER_STATUS = new Set([401, 402, 403, 404, 408, 425, 429, 500, 502, 503, 504, 529]);
const REFUSALS = new Set([401, 402, 403, 404]);

/** What Node's fetch and sockets call a connection that failed. */
const NETWORK_CODE =
  /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOST|ENET|UND_ERR_|CERT_|ERR_TLS)/;

/** @returns the error as a ProviderError, or null when it may be the fault of what was asked */
export function providerFault(error: unknown, provider: string): ProviderError | null {
  for (const one of causes(error)) {
    if (one instanceof ProviderError) return one;
    if (isDatabaseFault(one)) return null;
    const status = statusOf(one);
    if (status !== undefined)
      return PROVIDER_STATUS.has(status) ? fromStatus(one, status, provider) : null;
    if (isNetworkFailure(one))
      return new ProviderError(`${provider} can't be reached.`, {
        remedy: 'Check its address and the network; work goes on by itself when it answers.',
        cause: error,
        mayBeBilled: mayBeBilled(error),
      });
  }
  return null;
}

function fromStatus(error: Failure, status: number, provider: string): ProviderError {
  const isRefusal = REFUSALS.has(status);
  return new ProviderError(`${provider} answered ${status}.`, {
    remedy: isRefusal
      ? 'Check the key, its rights and quota, and the name of the model.'
      : 'Nothing: work goes on by itself when it answers.',
    cause: error,
    retryAfterMs: retryAfter(error.responseHeaders),
    isRefusal,
  });
}

/** Evervec's own database, which a call is noted in: no fault of the provider's. */
export function isDatabaseFault(error: unknown): boolean {
  return error instanceof QueryError || error instanceof DatabaseUnreachableError;
}

/** What failed before anything was sent. */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOST|ENET|UND_ERR_CONNECT|CERT_|ERR_TLS)/;

/**
 * Whether a call that failed may be billed: an answer that is of no use was paid for, and a call that nobody waited for
 * to the end may have been. What was refused, or never sent, was not.
 */
export function mayBeBilled(error: unknown): boolean {
  for (const one of causes(error)) {
    if (one instanceof ProviderError || one instanceof ModelAnswerError) return one.mayBeBilled;
    if (statusOf(one) !== undefined) return false;
    if (typeof one.code === 'string' && NOT_SENT.test(one.code)) return false;
  }
  return true;
}

/** What errors of HTTP clients carry; the AI SDK's APICallError among them. */
interface Failure {
  name?: unknown;
  code?: unknown;
  statusCode?: unknown;
  status?: unknown;
  responseHeaders?: Record<string, string | undefined>;
  cause?: unknown;
  errors?: unknown;
  lastError?: unknown;
}

/** The error and what caused it, outermost first; a library's retries hide the last error in theirs. */
function* causes(error: unknown, depth = 0): Generator<Failure> {
  if (typeof error !== 'object' || error === null || depth > 5) return;
  const failure = error as Failure;
  yield failure;
  yield* causes(failure.lastError, depth + 1);
  yield* causes(failure.cause, depth + 1);
  if (Array.isArray(failure.errors)) yield* causes(failure.errors.at(-1), depth + 1);
}

function statusOf(error: Failure): number | undefined {
  const status = error.statusCode ?? error.status;
  return typeof status === 'number' && status >= 400 ? status : undefined;
}

function isNetworkFailure(error: Failure): boolean {
  return (
    error.name === 'TimeoutError' ||
    (typeof error.code === 'string' && NETWORK_CODE.test(error.code))
  );
}

/** Seconds or a date, or milliseconds in the variant some providers send. */
export function retryAfter(
  headers: Record<string, string | undefined> | undefined,
  now: number = Date.now(),
): number | null {
  const lower = new Map(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const milliseconds = Number(lower.get('retry-after-ms') ?? Number.NaN);
  const value = lower.get('retry-after');
  const seconds = value === undefined || value.trim() === '' ? Number.NaN : Number(value);
  const date = value === undefined ? Number.NaN : Date.parse(value);
  const found = [milliseconds, seconds * 1_000, date - now].find((ms) => Number.isFinite(ms));
  return found === undefined ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, found));
}
