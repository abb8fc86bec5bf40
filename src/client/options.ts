/** The options of a client, and what they are when they are not given. */
import { ConfigError } from '../errors/config-error.ts';
import type { TrustAnchor } from '../format/index.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import type { ReleaseClientEvents } from './events.ts';
import type { Timeouts } from './fetch-file.ts';
import type { IndexHost, QueryEmbedder } from './index-host.ts';
import { createIndexHost } from './search/worker-host.ts';
import type { Reporter, ReporterOptions } from './reporting.ts';
import type { ReleaseStore } from './store.ts';

/**
 * `automatic` fetches and installs what it finds, as far as the network policy lets it. `manual` says what there is and waits for `update()`, the
 * first install included. `fallback` fetches only what is needed to have any index at all, and waits else.
 */
export type Mode = 'automatic' | 'manual' | 'fallback';

/** When an automatic update waits. Whoever calls `update()` or `download()` has decided for himself. */
export interface NetworkPolicy {
  /** Whether it waits while the device saves data (`navigator.connection.saveData`). Default true. */
  readonly respectSaveData: boolean;
  /**
   * Estimated seconds for an update above which it waits; by `navigator.connection`, else by how fast its first bytes come. Does not hold up a first
   * install. Default 120.
   */
  readonly maximumSeconds: number;
}

/** Of what happened, without content and without anything that names a user. */
export interface ReleaseReport {
  readonly what: 'checked' | 'downloaded' | 'installed' | 'failed' | 'rolledBack';
  readonly channel: string;
  readonly sequence: number | null;
  readonly version: string | null;
  readonly bytes?: number;
  readonly stage?: ReleaseClientEvents['updateFailed']['stage'];
  readonly code?: string;
  /** Of `rolledBack`. */
  readonly why?: 'asked' | 'search' | 'opening';
}

export interface ReleaseClientOptions {
  /** The folder of `channel.json`, or several that have the same: the next is asked when one fails. Absolute, or relative to the page. */
  readonly url: string | readonly string[];
  /** Whose signatures count, pinned in the app. */
  readonly rootKeys: TrustAnchor;
  /** Default: the product of `rootKeys`; another one is refused. */
  readonly product?: string;
  /** Default `stable`. */
  readonly channel?: string;
  readonly store: ReleaseStore;
  /** Where the index is searched; the client closes it with itself. Default: a worker of the page, else this thread. */
  readonly host?: IndexHost;
  /** Embeds queries, for releases of a model that no file is offered of. For the default host only. */
  readonly embedQuery?: QueryEmbedder;
  /** Starts the default host's worker, where a bundler needs that said in the app: its module is `evervec/client/index-worker`. */
  readonly worker?: () => Worker;
  /** Default `automatic`. */
  readonly mode?: Mode;
  /** A minor change waits while the connection is known to be metered or poor, a major one does not wait. Default false: both follow `network`. */
  readonly conditional?: boolean;
  /** Milliseconds, 1,000 to a week; 0: only when asked. Each wait is a tenth shorter or longer, by chance. Default an hour. */
  readonly checkIntervalMs?: number;
  readonly network?: Partial<NetworkPolicy>;
  readonly timeouts?: Partial<Timeouts>;
  /** Of one form of one file, over all URLs, each of which is asked once at least. 1 to 10; default 3. */
  readonly tries?: number;
  /** Default 500. */
  readonly retryDelayMs?: number;
  /**
   * The last resort, when nothing is installed and nothing can be had: an index (as `encodeIndex` of the release format makes them) of what the app has
   * itself. Any release replaces it.
   */
  readonly generateLocally?: (why: Error) => Promise<Uint8Array<ArrayBuffer>>;
  /** Whether the model that a release brings for embedding queries is fetched and kept. Default true. */
  readonly model?: boolean;
  /**
   * Waits for the server's word that there is something new, beside looking at its interval: an address that gives server-sent events, or true for
   * that of the `evervec up` that `url` is of. Default false.
   */
  readonly push?: boolean | string;
  /**
   * Who hears what happened: a function, an address that reports are sent to, or true for that of the `evervec up` that `url` is of. Default: nobody,
   * nothing is sent.
   */
  readonly report?: boolean | string | ((report: ReleaseReport) => void);
  /** true: to the console. Never content. */
  readonly debug?: boolean | ((message: string, fields: object) => void);
  readonly clock?: Clock;
  readonly random?: Random;
  readonly fetch?: typeof fetch;
}

export interface CheckedOptions extends Required<Omit<ReleaseClientOptions, Optional | Partly>> {
  readonly urls: readonly string[];
  readonly network: NetworkPolicy;
  readonly timeouts: Timeouts;
  readonly generateLocally: ReleaseClientOptions['generateLocally'];
  readonly pushUrl: string | null;
  readonly reporter: Reporter;
  readonly debug: (message: string, fields: object) => void;
}
type Optional = 'generateLocally' | 'report' | 'push' | 'debug';
type Partly = 'network' | 'timeouts' | 'url' | 'product' | 'embedQuery' | 'worker';

const WEEK = 604_800_000;
const MODES: readonly string[] = ['automatic', 'manual', 'fallback'] satisfies Mode[];

/** @throws ConfigError */
export function checkOptions(options: ReleaseClientOptions): CheckedOptions {
  const { rootKeys, store, mode = 'automatic', channel = 'stable' } = options;
  const { checkIntervalMs = 3_600_000, tries = 3, retryDelayMs = 500 } = options;
  if (!isAnchor(rootKeys))
    throw wrong(
      'rootKeys',
      'is not `{ product, version, root }`',
      'Give what `release keys` shows.',
    );
  if (options.product !== undefined && options.product !== rootKeys.product)
    throw wrong('product', `is ${options.product}; rootKeys are for ${rootKeys.product}`);
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(channel)) throw wrong('channel', 'is no name of one');
  if (!MODES.includes(mode)) throw wrong('mode', `is none of ${MODES.join(', ')}`);
  if (store === undefined) throw wrong('store', 'is missing');
  if (checkIntervalMs !== 0) inside('checkIntervalMs', checkIntervalMs, 1_000, WEEK);
  inside('tries', tries, 1, 10);
  inside('retryDelayMs', retryDelayMs, 0, 60_000);
  const timeouts = { connectMs: 15_000, stallMs: 20_000, totalMs: 600_000, ...options.timeouts };
  for (const [name, ms] of Object.entries(timeouts)) inside(`timeouts.${name}`, ms, 1, WEEK);
  const network = { respectSaveData: true, maximumSeconds: 120, ...options.network };
  inside('network.maximumSeconds', network.maximumSeconds, 1, WEEK);
  const urls = checkUrls(options.url);
  const debug = debugOf(options.debug ?? false);
  const means = {
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    // A method of the window may not be called without it.
    fetch:
      options.fetch ?? ((...request: Parameters<typeof fetch>) => globalThis.fetch(...request)),
  };
  return {
    rootKeys,
    store,
    host: options.host ?? defaultHost(options, debug),
    mode,
    channel,
    checkIntervalMs,
    tries,
    retryDelayMs,
    timeouts,
    network,
    urls,
    conditional: options.conditional ?? false,
    model: options.model ?? true,
    generateLocally: options.generateLocally,
    pushUrl: addressOf('push', options.push, urls, 'events'),
    reporter: reporterOf(options.report, urls, means),
    debug,
    ...means,
  };
}

type Debug = CheckedOptions['debug'];

function defaultHost({ embedQuery, worker }: ReleaseClientOptions, debug: Debug): IndexHost {
  return createIndexHost({
    embedder: embedQuery,
    worker,
    onFault: (error) => debug('worker', { error: String(error) }),
  });
}

function reporterOf(
  report: ReleaseClientOptions['report'],
  urls: readonly string[],
  means: Omit<ReporterOptions, 'url'>,
): Reporter {
  if (typeof report === 'function') return { report, close: () => {} };
  const url = addressOf('report', report, urls, 'reports');
  if (url === null) return { report: () => {}, close: () => {} };
  // A part that few pages need is loaded where it is. Without it nothing is reported.
  const loading = import('./reporting.ts').then(({ createReporter }) =>
    createReporter({ url, ...means }),
  );
  const then = (act: (reporter: Reporter) => void) => void loading.then(act).catch(() => {});
  return {
    report: (one) => then(({ report }) => report(one)),
    close: () => then(({ close }) => close()),
  };
}

/** @returns null where it is not wanted */
function addressOf(
  name: string,
  given: boolean | string | undefined,
  urls: readonly string[],
  what: 'events' | 'reports',
): string | null {
  if (given === undefined || given === false) return null;
  const base = globalThis.location?.href;
  if (typeof given === 'string' && URL.canParse(given, base)) return new URL(given, base).href;
  const [, server, release] = /^(.*)\/releases\/([^/]+)\/$/.exec(urls[0] ?? '') ?? [];
  if (given === true && server !== undefined) return `${server}/v1/releases/${release}/${what}`;
  throw wrong(name, 'has no address', 'Give one, or true with a url that ends in /releases/NAME/.');
}

function checkUrls(url: string | readonly string[]): string[] {
  const given = typeof url === 'string' ? [url] : url;
  if (!Array.isArray(given) || given.length === 0) throw wrong('url', 'is missing');
  return given.map((one: unknown) => {
    const base = globalThis.location?.href;
    if (typeof one !== 'string' || !URL.canParse(one, base))
      throw wrong(
        'url',
        'is no URL',
        'Give the folder of channel.json, absolute outside of a page.',
      );
    const { href, protocol } = new URL(one, base);
    if (protocol !== 'https:' && protocol !== 'http:') throw wrong('url', `is ${protocol}`);
    return href.replace(/[?#].*$/s, '').replace(/\/?$/, '/');
  });
}

function isAnchor(value: TrustAnchor | undefined): boolean {
  return (
    typeof value?.product === 'string' &&
    Number.isSafeInteger(value.version) &&
    Array.isArray(value.root?.signers)
  );
}

function debugOf(debug: boolean | ((message: string, fields: object) => void)) {
  if (typeof debug === 'function') return debug;
  // oxlint-disable-next-line no-console -- this is where the page asked for it
  return debug ? (message: string, fields: object) => console.debug(message, fields) : () => {};
}

function inside(name: string, value: number, from: number, to: number): void {
  if (typeof value !== 'number' || !(value >= from && value <= to))
    throw wrong(name, `is ${value}; ${from} to ${to} are allowed`);
}

function wrong(name: string, what: string, remedy = 'Correct the option.'): ConfigError {
  return new ConfigError(`createReleaseClient: ${name} ${what}.`, { remedy, isUsage: true });
}
