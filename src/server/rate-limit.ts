/** So many requests at once and a steady few from then on, for each who asks. Knows no more of them than a name. */

export interface RateLimitOptions {
  /** At once. */
  readonly burst: number;
  readonly perMinute: number;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

interface Bucket {
  left: number;
  at: number;
}

/** More are not remembered; who asked longest ago is forgotten first. */
const MAX_NAMES = 10_000;

export class RateLimit {
  readonly #options: Required<RateLimitOptions>;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitOptions) {
    this.#options = { now: () => performance.now(), ...options };
  }

  /** @returns 0, or how many seconds to wait */
  take(name: string): number {
    const { burst, perMinute, now } = this.#options;
    const at = now();
    const before = this.#buckets.get(name) ?? { left: burst, at };
    const left = Math.min(burst, before.left + ((at - before.at) * perMinute) / 60_000);
    const isTaken = left >= 1;
    this.#buckets.delete(name);
    this.#buckets.set(name, { left: isTaken ? left - 1 : left, at });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_NAMES && oldest !== undefined) this.#buckets.delete(oldest);
    return isTaken ? 0 : Math.ceil(((1 - left) * 60) / perMinute);
  }
}
