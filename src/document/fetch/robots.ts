/**
 * What the robots.txt of an origin allows (RFC 9309), kept for a while. Fetching it is the caller's: this decides from the
 * answer. A site that has none allows all; one that cannot say so now is left alone for now.
 */
import { FetchError } from '../../errors/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { groupsFor, wildcardCharacters } from './robots-text.ts';

/** What the fetching of a robots.txt came to. */
export interface RobotsFile {
  readonly text: string;
  /** Null where the server did not say. */
  readonly maxAgeMs: number | null;
}

export interface Robots {
  isAllowed(url: URL): boolean;
  /** 0 to 60,000. */
  readonly crawlDelayMs: number;
}

const HOUR_MS = 3_600_000;
const SHORTEST_MS = 60_000;
const LONGEST_MS = 24 * HOUR_MS;
const MOST_DELAY_MS = 60_000;
const KEPT_ORIGINS = 500;

/**
 * Matching a wildcard costs its length times that of the URL, so a hostile file could hold the process up. Who writes
 * more than this many characters of wildcards is taken to want nobody.
 */
const MOST_WILDCARDS = 32_768;

const ALL: Robots = { isAllowed: () => true, crawlDelayMs: 0 };
const NOTHING: Robots = { isAllowed: () => false, crawlDelayMs: 0 };

interface Kept {
  until: number;
  readonly robots: Promise<Robots>;
}

export class RobotsCache {
  readonly #origins = new Map<string, Kept>();
  readonly #load: (url: URL) => Promise<RobotsFile>;
  readonly #agent: string;
  readonly #clock: Clock;

  /** @param load is called once for all who ask at the same time, so it must not end with one of them */
  constructor(load: (url: URL) => Promise<RobotsFile>, agent: string, clock: Clock) {
    this.#load = load;
    this.#agent = agent;
    this.#clock = clock;
  }

  /** @throws FetchError as `load` did, for a minute: where robots.txt cannot be had, nothing is fetched */
  of(origin: string): Promise<Robots> {
    const kept = this.#origins.get(origin);
    if (kept !== undefined && kept.until > this.#clock.now()) return kept.robots;
    this.#origins.delete(origin);
    const [oldest] = this.#origins.keys();
    if (oldest !== undefined && this.#origins.size >= KEPT_ORIGINS) this.#origins.delete(oldest);
    const url = new URL('/robots.txt', origin);
    const read = this.#read(url);
    const robots = read.then(({ robots }) => robots);
    const entry: Kept = { until: Infinity, robots };
    this.#origins.set(origin, entry);
    const keep = (ms: number) => {
      entry.until = this.#clock.now() + ms;
    };
    read.then(
      ({ keptMs }) => keep(keptMs),
      (error: unknown) => keep(failureMs(error)),
    );
    // Who asked may have left before the answer; whoever is still there sees the failure all the same.
    robots.catch(() => {});
    return robots;
  }

  async #read(url: URL): Promise<{ robots: Robots; keptMs: number }> {
    try {
      const { text, maxAgeMs } = await this.#load(url);
      const keptMs = Math.min(Math.max(maxAgeMs ?? HOUR_MS, SHORTEST_MS), LONGEST_MS);
      return { robots: await parsed(url, text, this.#agent), keptMs };
    } catch (error) {
      if (error instanceof FetchError && isAbsence(error)) return { robots: ALL, keptMs: HOUR_MS };
      throw error;
    }
  }
}

/** No longer than the server asked to wait. */
function failureMs(error: unknown): number {
  const asked = error instanceof FetchError ? error.retryAfterMs : null;
  return Math.min(asked ?? SHORTEST_MS, SHORTEST_MS);
}

/** Any answer but the file is that there are no rules; 429 and 5xx only say that there is no time. */
function isAbsence({ reason, status }: FetchError): boolean {
  if (reason === 'REDIRECT') return true;
  return status !== null && status < 500 && reason !== 'BUSY';
}

async function parsed(url: URL, text: string, agent: string): Promise<Robots> {
  const groups = groupsFor(text, agent);
  if (wildcardCharacters(groups) > MOST_WILDCARDS) return NOTHING;
  // CommonJS: its one function is the default export, which its types don't know.
  const { default: robotsParser } = (await import('robots-parser')) as unknown as RobotsModule;
  const robot = robotsParser(url.href, groups);
  const delayMs = (robot.getCrawlDelay(agent) ?? 0) * 1_000;
  return {
    isAllowed: (page) => robot.isAllowed(page.href, agent) ?? true,
    crawlDelayMs: Math.min(Math.max(delayMs, 0), MOST_DELAY_MS),
  };
}

interface RobotsModule {
  default(url: string, text: string): Parsed;
}

interface Parsed {
  isAllowed(url: string, agent: string): boolean | undefined;
  getCrawlDelay(agent: string): number | undefined;
}
