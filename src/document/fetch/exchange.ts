/** One request and its answer, within a time limit; its connection is closed however it ends. */
import type { Readable } from 'node:stream';
import { FetchError } from '../../errors/index.ts';
import type { ConnectionOptions } from './connection.ts';
import { openClient } from './connection.ts';
import { deadline } from './deadline.ts';
import type { Stage } from './faults.ts';
import { networkFault } from './faults.ts';
import type { Headers } from './headers.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readable;
}

/** What is left of the time that all requests of one call have together; waiting for a turn is not in it. */
export interface Budget {
  leftMs: number;
}

export interface Request {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly budget: Budget;
  readonly signal: AbortSignal;
}

/**
 * @param read gets the answer while its body streams; what it leaves unread is never fetched
 * @throws FetchError; the reason of `signal` if that aborts
 */
export async function exchange<Result>(
  { url, headers, budget, signal }: Request,
  connection: ConnectionOptions,
  read: (answer: Answer) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const { clock } = connection;
  const started = clock.now();
  const late = new AbortController();
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, late.signal]);
  void deadline(clock, budget.leftMs, ended.signal, () => late.abort(outOfTime(url)));
  // undici lets a connection come about before it looks at the request's own signal.
  const client = await openClient(url, connection, AbortSignal.any([stop, ended.signal]));
  let stage: Stage = 'asked';
  try {
    const path = url.pathname + url.search;
    const answer = await client.request({ method: 'GET', path, headers, signal: stop });
    stage = 'answered';
    return await read({ status: answer.statusCode, headers: answer.headers, body: answer.body });
  } catch (error) {
    stop.throwIfAborted();
    throw networkFault(error, url, stage);
  } finally {
    ended.abort();
    budget.leftMs -= clock.now() - started;
    await client.destroy();
  }
}

function outOfTime(url: URL): FetchError {
  return new FetchError('TIME_LIMIT', url, 'was not fetched within the time limit.');
}
