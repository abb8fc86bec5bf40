/**
 * One open connection to a server that says when the channel has changed (server-sent events), opened again whenever it ends. What it says is a hint: nothing is
 * believed of it. Read by `fetch`, since that is in Node and workers too, sees a connection that died, and lets each client wait for a time of its own.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

export interface PushOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** The version of the channel that was accepted last; null: none. */
  readonly known: () => number | null;
  /** @param spreadMs within which to look, so that not all ask at once */
  readonly onNews: (spreadMs: number) => void;
  readonly debug: (message: string, fields: object) => void;
}

/** Servers give a sign of life every 20 seconds. */
const SILENCE_MS = 60_000;
const RETRY_MS = 2_000;
const MAX_RETRY_MS = 300_000;
/** Where the server says that it does not do this. */
const REFUSED_MS = 3_600_000;
const MAX_SPREAD_MS = 600_000;
/** Characters of one event; a server that sends more is none of ours. */
const MAX_EVENT = 65_536;

/** Ends with the signal; never rejects. */
export async function listenForNews(options: PushOptions): Promise<void> {
  const { clock, random, signal, debug } = options;
  const connection = { retryMs: RETRY_MS };
  let failures = 0;
  while (!signal.aborted) {
    let waitMs = connection.retryMs;
    try {
      const refusedMs = await listenOnce(options, connection);
      failures = 0;
      waitMs = refusedMs ?? connection.retryMs;
    } catch (error) {
      if (signal.aborted) return;
      debug('push ended', { error: String(error) });
      waitMs = Math.min(MAX_RETRY_MS, connection.retryMs * 2 ** Math.min(20, failures++));
    }
    await clock.sleep(waitMs * (0.5 + random()), signal);
  }
}

/** @returns undefined when the server ended it; how long to wait where it refuses */
async function listenOnce(
  options: PushOptions,
  connection: { retryMs: number },
): Promise<number | undefined> {
  const { url, fetch, signal, known } = options;
  const ending = new AbortController();
  const stop = () => ending.abort();
  signal.addEventListener('abort', stop, { once: true });
  const silence = new Silence(options, stop);
  try {
    const address = new URL(url);
    const version = known();
    if (version !== null) address.searchParams.set('after', String(version));
    const asked = {
      headers: { accept: 'text/event-stream' },
      credentials: 'omit',
      cache: 'no-store',
    } as const;
    const response = await fetch(address, { ...asked, signal: ending.signal });
    if (!response.ok || response.body === null) {
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      return response.status < 500
        ? REFUSED_MS
        : Math.max(connection.retryMs, seconds * 1_000 || MAX_RETRY_MS);
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let pending = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      silence.heard();
      const blocks = (pending + value).split(/\r?\n\r?\n/);
      pending = blocks.pop() ?? '';
      if (pending.length > MAX_EVENT) throw new Error('An event without end.');
      for (const block of blocks) take(block, options, connection);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    silence.end();
    // What still comes is of no use.
    ending.abort();
  }
}

/** A connection that says nothing for a while is no longer one. */
class Silence {
  readonly #clock: Clock;
  readonly #onSilence: () => void;
  #waiting = new AbortController();

  constructor({ clock }: { clock: Clock }, onSilence: () => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
    this.heard();
  }

  heard(): void {
    this.#waiting.abort();
    const waiting = new AbortController();
    this.#waiting = waiting;
    void this.#wait(waiting.signal);
  }

  end(): void {
    this.#waiting.abort();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(SILENCE_MS, signal);
    if (!signal.aborted) this.#onSilence();
  }
}

/** What it does not understand, it leaves. */
function take(
  block: string,
  { known, onNews }: PushOptions,
  connection: { retryMs: number },
): void {
  const fields = new Map(
    block.split(/\r?\n/).map((line): [string, string] => {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      return [name, value];
    }),
  );
  const retry = Number(fields.get('retry'));
  if (retry > 0) connection.retryMs = Math.min(MAX_RETRY_MS, retry);
  if (fields.get('event') !== 'release') return;
  const { version, spreadMs } = parse(fields.get('data') ?? '');
  const before = known();
  if (version !== null && before !== null && version <= before) return;
  onNews(Math.min(MAX_SPREAD_MS, Math.max(0, spreadMs ?? 0)));
}

function parse(data: string): { version: number | null; spreadMs: number | null } {
  try {
    const value: unknown = Object(JSON.parse(data));
    return { version: numberOf(value, 'version'), spreadMs: numberOf(value, 'spreadMs') };
  } catch {
    return { version: null, spreadMs: null };
  }
}

function numberOf(value: unknown, name: string): number | null {
  const found: unknown = Reflect.get(Object(value), name);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}
