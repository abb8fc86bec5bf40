/** What can be chosen about fetching, its defaults and bounds. */
import { ConfigError } from '../../errors/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { systemClock, VERSION } from '../../runtime/index.ts';

export interface FetchOptions {
  /** Of one document, over the wire and decompressed; default 50 MiB, at most 1 GiB. */
  readonly maxBytes?: number;
  /** For one document with all its redirects, without waiting for its turn, ms; default 30,000. */
  readonly timeoutMs?: number;
  /** From the look-up of a name to the end of the TLS handshake, ms; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Between two parts of a body, ms; default 10,000. */
  readonly idleTimeoutMs?: number;
  /** 0 to 20, default 5. */
  readonly maxRedirects?: number;
  /** Its part before the `/` is the name that robots.txt is asked for; default `evervec/VERSION`. */
  readonly userAgent?: string;
  /** Default true. */
  readonly respectRobots?: boolean;
  /** From one request at a host to the next, ms; default 1,000. A longer Crawl-delay is kept to, up to a minute. */
  readonly perHostIntervalMs?: number;
  /** Requests at a time at a host, default 1. */
  readonly perHostConcurrency?: number;
  /** Hosts, addresses and networks that may be private: `wiki.example`, `10.1.2.3`, `10.0.0.0/8`. Default none. */
  readonly allow?: readonly string[];
  readonly clock?: Clock;
}

export type FetchSettings = Required<FetchOptions>;

/** @throws ConfigError for a number out of its range */
export function fetchSettings(options: FetchOptions): FetchSettings {
  return {
    maxBytes: within('maxBytes', options.maxBytes ?? 50 * 2 ** 20, 1, 2 ** 30),
    timeoutMs: within('timeoutMs', options.timeoutMs ?? 30_000, 1, 3_600_000),
    connectTimeoutMs: within('connectTimeoutMs', options.connectTimeoutMs ?? 10_000, 1, 3_600_000),
    idleTimeoutMs: within('idleTimeoutMs', options.idleTimeoutMs ?? 10_000, 1, 3_600_000),
    maxRedirects: within('maxRedirects', options.maxRedirects ?? 5, 0, 20),
    userAgent: headerText(options.userAgent ?? `evervec/${VERSION}`),
    respectRobots: options.respectRobots ?? true,
    perHostIntervalMs: within(
      'perHostIntervalMs',
      options.perHostIntervalMs ?? 1_000,
      0,
      3_600_000,
    ),
    perHostConcurrency: within('perHostConcurrency', options.perHostConcurrency ?? 1, 1, 100),
    allow: options.allow ?? [],
    clock: options.clock ?? systemClock,
  };
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigError(`${name} is ${value}.`, {
    remedy: `Give a whole number from ${least} to ${most}.`,
    isUsage: true,
  });
}

function headerText(userAgent: string): string {
  if (/^[\x21-\x7e][\x20-\x7e]{0,255}$/.test(userAgent)) return userAgent;
  throw new ConfigError('userAgent is no header of up to 256 visible ASCII characters.', {
    remedy: 'Write for example my-program/1.0 (+https://example.com).',
    isUsage: true,
  });
}
