/**
 * The cron endpoint as one function from a `Request` to a `Response`: works the queue off for a bounded time and tells
 * what came of it. The server mounts it, and a function on the edge is nothing but it. Knows no socket and no database.
 */
import type { Evervec } from '../engine/index.ts';
import { ConfigError, HttpRequestError } from '../errors/index.ts';
import type { QueueStatus } from '../queue/index.ts';
import type { Worker } from '../worker/index.ts';
import { bearerOf, hashOf, isSameHash, secretFault } from './bearer.ts';

export const DRAIN_PATH = '/cron/update-embeddings';

/** Below the 60 s after which most platforms end a function. */
export const DEFAULT_SECONDS = 50;
export const MAX_SECONDS = 300;

/**
 * Why it ended: `empty` nothing was ready any more, `time` the time was over, `stopped` the queue was stopped or the
 * process ends, `paused` what is left waits in paused lanes, `running` another call in this process is at it.
 */
export type DrainReason = 'empty' | 'time' | 'stopped' | 'paused' | 'running';

export interface DrainAnswer {
  /** Records whose work is done and committed. */
  done: number;
  /** Tries that failed; they are made again or parked, as ever. */
  failed: number;
  /** Put off without a try counted: the provider or the database was at fault. */
  postponed: number;
  /** Records of the configured sources that still want work; parked ones do not count. */
  pending: number;
  took_ms: number;
  reason: DrainReason;
}

/** What is asked of the engine; `Evervec` is one. */
export interface Drainable extends Pick<
  Evervec,
  'isQueueEnabled' | 'sourceNames' | 'worker' | 'pending'
> {
  queue: Pick<Evervec['queue'], 'status'>;
}

export interface DrainOptions {
  /** Asked of every caller as a bearer token. Without one the route is switched off: 404. */
  secret?: string | undefined;
  /** Ends a call early, as when its time is over: the process is about to end. */
  signal?: AbortSignal | undefined;
}

/** A part of the time is kept for finishing: after this share of it, ms at most, no batch is begun. */
const RESERVE = { share: 0.25, maxMs: 5_000 };

/**
 * @param open called for each request with the right secret
 * @returns a handler that rejects with an EvervecError where it has no answer
 * @throws ConfigError for a secret that is too short or can't be sent
 */
export function createDrainHandler(
  open: () => Promise<Drainable>,
  { secret, signal }: DrainOptions,
): (request: Request) => Promise<Response> {
  const expected = secret === undefined ? null : hashOf(checkCronSecret(secret));
  let isRunning = false;
  return async (request) => {
    authorize(request, expected);
    const seconds = secondsOf(request);
    const started = performance.now();
    const evervec = await open();
    if (!evervec.isQueueEnabled)
      throw new ConfigError('The queue is switched off: no worker runs.', {
        remedy: 'Set EMBEDDING_QUEUE_ENABLED (queueEnabled) to true.',
        isUsage: true,
      });
    if (isRunning) return Response.json(await answer(evervec, new Tallies(), started, 'running'));
    isRunning = true;
    try {
      return Response.json(await drainFor(evervec, seconds * 1_000, started, signal));
    } finally {
      isRunning = false;
    }
  };
}

/** @throws ConfigError; the secret itself is never in it */
export function checkCronSecret(secret: string): string {
  const fault = secretFault(secret);
  if (fault === null) return secret;
  throw new ConfigError(`CRON_SECRET ${fault}.`, {
    remedy: 'Set it to a long random word, for example from "openssl rand -hex 32".',
    isUsage: true,
  });
}

function authorize(request: Request, expected: Buffer | null): void {
  if (expected === null)
    throw new HttpRequestError('NOT_FOUND', 404, 'The cron endpoint is switched off.', {
      remedy: 'Start this with CRON_SECRET set to 16 characters or more.',
    });
  const given = bearerOf(request);
  if (given !== undefined && isSameHash(hashOf(given), expected)) return;
  throw new HttpRequestError(
    'UNAUTHORIZED',
    401,
    given === undefined
      ? 'This endpoint asks for its secret.'
      : 'That secret is not the right one.',
    {
      remedy: 'Send CRON_SECRET as "Authorization: Bearer …".',
      headers: { 'www-authenticate': 'Bearer realm="evervec cron"' },
    },
  );
}

/** @throws HttpRequestError for anything but a whole number in range */
function secondsOf(request: Request): number {
  const given = new URL(request.url).searchParams.get('seconds');
  if (given === null) return DEFAULT_SECONDS;
  const seconds = /^\d{1,3}$/.test(given) ? Number(given) : 0;
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new HttpRequestError(
    'QUERY',
    400,
    `seconds is not a whole number from 1 to ${MAX_SECONDS}.`,
    { remedy: `Leave it away for ${DEFAULT_SECONDS}.` },
  );
}

class Tallies {
  done = 0;
  failed = 0;
  postponed = 0;

  add(batch: { done: number; failed: number; postponed: number }): void {
    this.done += batch.done;
    this.failed += batch.failed;
    this.postponed += batch.postponed;
  }
}

async function drainFor(
  evervec: Drainable,
  timeMs: number,
  started: number,
  signal: AbortSignal | undefined,
): Promise<DrainAnswer> {
  const reserveMs = Math.min(RESERVE.maxMs, timeMs * RESERVE.share);
  const tallies = new Tallies();
  const worker = await evervec.worker(undefined, {
    // The rest is for giving back what is not done, and for the answer.
    stopMs: reserveMs * 0.6,
    onBatch: (batch) => tallies.add(batch),
  });
  const beginUntil = started + timeMs - reserveMs;
  const ended = await drainUntil(worker, beginUntil - performance.now(), signal);
  const status = await evervec.queue.status();
  return await answer(evervec, tallies, started, reasonOf(status, ended));
}

/** @returns what ended it; null when nothing was ready any more */
async function drainUntil(
  worker: Pick<Worker, 'drain' | 'stop'>,
  timeMs: number,
  signal: AbortSignal | undefined,
): Promise<'time' | 'signal' | null> {
  let ended: 'time' | 'signal' | null = null;
  let stopping: Promise<void> | undefined;
  const stop = (why: 'time' | 'signal') => {
    ended ??= why;
    stopping ??= worker.stop();
  };
  const onAbort = () => stop('signal');
  const timer = setTimeout(() => stop('time'), Math.max(0, timeMs));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal?.aborted === true) onAbort();
    else await worker.drain({ maintains: true });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    await stopping;
  }
  return ended;
}

function reasonOf(status: QueueStatus, ended: 'time' | 'signal' | null): DrainReason {
  if (status.stopped || ended === 'signal') return 'stopped';
  if (ended === 'time') return 'time';
  const paused = Object.values(status.lanes).filter((lane) => lane.paused || lane.budget_paused);
  const isHeld = paused.some((lane) => lane.ready > 0);
  // What is logged for a paused lane stays in the log, which has no lanes.
  return isHeld || (paused.length > 0 && status.counts.unfolded > 0) ? 'paused' : 'empty';
}

async function answer(
  evervec: Drainable,
  tallies: Tallies,
  started: number,
  reason: DrainReason,
): Promise<DrainAnswer> {
  const pending = await evervec.pending(evervec.sourceNames);
  const { done, failed, postponed } = tallies;
  return { done, failed, postponed, pending, took_ms: performance.now() - started, reason };
}
