/**
 * Fetches documents from URLs: each hop waits for its turn at the host, asks its robots.txt, and goes through the guarded
 * connection. Knows no database; what becomes of an answer is the caller's.
 */
import { FetchError } from '../../errors/index.ts';
import { type Allowed, parseAllowed, withoutDot } from './address.ts';
import { ACCEPTED_ENCODINGS, readBody } from './body.ts';
import type { ConnectionOptions, Network } from './connection.ts';
import { type Answer, type Budget, exchange } from './exchange.ts';
import { contentType, fileName, header, maxAgeMs, validator } from './headers.ts';
import { type FetchOptions, type FetchSettings, fetchSettings } from './options.ts';
import { followed, type Hop, redirectOf } from './redirects.ts';
import { RobotsCache, type RobotsFile } from './robots.ts';
import { refuseStatus } from './status.ts';
import { HostTurns, type Turn } from './turns.ts';
import { checkedUrl } from './url.ts';

/** What the server gave with an answer to recognise it by; as it was, weak ones included. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type Fetched =
  | ({ readonly status: 'unchanged' } & Validators)
  | ({
      readonly status: 'changed';
      readonly bytes: Uint8Array;
      /** After redirects, without the fragment. */
      readonly url: string;
      /** In lower case, as the server says. */
      readonly mediaType: string | null;
      /** In lower case, as the server says. */
      readonly charset?: string;
      /** Of the file, without a path; null where neither header nor URL has one. */
      readonly name: string | null;
    } & Validators);

export interface Fetcher {
  /**
   * @param known of an earlier answer: `unchanged` if the server says that it still holds
   * @throws FetchError; the reason of `signal` if that aborts
   */
  fetch(url: string, known?: Validators, signal?: AbortSignal): Promise<Fetched>;
  /** Ends what is under way with `CLOSED`, and resolves when nothing is open any more. */
  close(): Promise<void>;
}

const NOTHING_KNOWN: Validators = { etag: null, lastModified: null };
const ROBOTS_BYTES = 512 * 1_024;

/**
 * @param network for tests
 * @throws ConfigError
 */
export function createFetcher(options: FetchOptions = {}, network: Network = {}): Fetcher {
  return new GuardedFetcher(fetchSettings(options), network);
}

class GuardedFetcher implements Fetcher {
  readonly #settings: FetchSettings;
  readonly #allowed: Allowed;
  readonly #connection: ConnectionOptions;
  readonly #turns: HostTurns;
  readonly #robots: RobotsCache;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(settings: FetchSettings, network: Network) {
    const { connectTimeoutMs, clock, perHostConcurrency, userAgent } = settings;
    this.#settings = settings;
    this.#allowed = parseAllowed(settings.allow);
    this.#connection = { allowed: this.#allowed, connectTimeoutMs, clock, network };
    this.#turns = new HostTurns(perHostConcurrency, clock);
    const load = (url: URL) => this.#tracked(this.#loadRobots(url));
    this.#robots = new RobotsCache(load, userAgent, clock);
  }

  fetch(
    url: string,
    known: Validators = NOTHING_KNOWN,
    signal: AbortSignal = this.#closing.signal,
  ): Promise<Fetched> {
    return this.#tracked(this.#fetch(url, known, AbortSignal.any([signal, this.#closing.signal])));
  }

  async close(): Promise<void> {
    this.#closing.abort(new FetchError('CLOSED', null, 'is not fetched: the fetcher is closed.'));
    await Promise.allSettled(this.#running);
  }

  #tracked<Result>(work: Promise<Result>): Promise<Result> {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
    return tracked;
  }

  async #fetch(text: string, known: Validators, signal: AbortSignal): Promise<Fetched> {
    signal.throwIfAborted();
    const start = checkedUrl(text, this.#allowed);
    const budget = { leftMs: this.#settings.timeoutMs };
    return await followed(start, this.#rules(), (url) => this.#visit(url, known, budget, signal));
  }

  #rules() {
    return { maxRedirects: this.#settings.maxRedirects, allowed: this.#allowed };
  }

  /** The turn ends with the hop: two that redirect to each other's hosts would wait for ever. */
  async #visit(
    url: URL,
    known: Validators,
    budget: Budget,
    signal: AbortSignal,
  ): Promise<Hop<Fetched>> {
    const turn = await this.#turns.take(withoutDot(url.hostname), signal);
    try {
      refuseHeld(url, turn);
      const delayMs = await this.#askRobots(url, signal);
      await turn.pause(Math.max(this.#settings.perHostIntervalMs, delayMs), signal);
      // Another one may have been told to stay away meanwhile.
      refuseHeld(url, turn);
      const headers = { ...this.#headers(), ...conditions(known) };
      const request = { url, headers, budget, signal };
      return await exchange(request, this.#connection, (answer) => this.#read(url, known, answer));
    } catch (error) {
      if (error instanceof FetchError) turn.hold(error.retryAfterMs ?? 0);
      throw error;
    } finally {
      turn.release();
    }
  }

  /** @returns the Crawl-delay, ms */
  async #askRobots(url: URL, signal: AbortSignal): Promise<number> {
    if (!this.#settings.respectRobots) return 0;
    const robots = await unlessAborted(this.#robots.of(url.origin), signal);
    if (!robots.isAllowed(url))
      throw new FetchError('ROBOTS', url, 'is not for programs, says robots.txt.');
    return robots.crawlDelayMs;
  }

  /** For all who ask for it, so it ends with the fetcher and not with one of them. */
  async #loadRobots(robots: URL): Promise<RobotsFile> {
    const budget = { leftMs: this.#settings.timeoutMs };
    const { signal } = this.#closing;
    return await followed(robots, this.#rules(), (url) => {
      const request = { url, headers: this.#headers(), budget, signal };
      return exchange<Hop<RobotsFile>>(request, this.#connection, async (answer) => {
        const redirect = redirectOf(url, answer);
        if (redirect !== null) return redirect;
        refuseStatus(url, answer, this.#settings.clock.now());
        const bytes = await readBody(url, answer, this.#limits(ROBOTS_BYTES, 'cut'));
        const text = new TextDecoder().decode(bytes);
        return { result: { text, maxAgeMs: maxAgeMs(header(answer.headers, 'cache-control')) } };
      });
    });
  }

  async #read(url: URL, known: Validators, answer: Answer): Promise<Hop<Fetched>> {
    const { headers } = answer;
    const redirect = redirectOf(url, answer);
    if (redirect !== null) return redirect;
    const validators = {
      etag: validator(header(headers, 'etag')),
      lastModified: validator(header(headers, 'last-modified')),
    };
    if (answer.status === 304 && Object.keys(conditions(known)).length > 0)
      return { result: { status: 'unchanged', ...stillValid(known, validators) } };
    refuseStatus(url, answer, this.#settings.clock.now());
    const bytes = await readBody(url, answer, this.#limits(this.#settings.maxBytes, 'refuse'));
    return {
      result: {
        status: 'changed',
        bytes,
        url: url.href,
        ...contentType(header(headers, 'content-type')),
        name: fileName(header(headers, 'content-disposition'), url),
        ...validators,
      },
    };
  }

  #headers(): Record<string, string> {
    return {
      'user-agent': this.#settings.userAgent,
      accept: '*/*',
      'accept-encoding': ACCEPTED_ENCODINGS,
    };
  }

  #limits(maxBytes: number, atLimit: 'refuse' | 'cut') {
    const { idleTimeoutMs, clock } = this.#settings;
    return { maxBytes, atLimit, idleMs: idleTimeoutMs, clock };
  }
}

function refuseHeld(url: URL, turn: Turn): void {
  const heldMs = turn.heldMs();
  if (heldMs === 0) return;
  const what = 'is at a host that asked to be left alone for a while.';
  throw new FetchError('BUSY', url, what, { retryAfterMs: heldMs });
}

function conditions(known: Validators): Record<string, string> {
  const etag = validator(known.etag);
  const lastModified = validator(known.lastModified);
  return {
    ...(etag !== null && { 'if-none-match': etag }),
    ...(lastModified !== null && { 'if-modified-since': lastModified }),
  };
}

/** A 304 repeats what has changed about the validators only. */
function stillValid(known: Validators, now: Validators): Validators {
  return {
    etag: now.etag ?? known.etag,
    lastModified: now.lastModified ?? known.lastModified,
  };
}

/** The work goes on for others. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
