/** When a client looks by itself: at its interval, when the page comes back, when it is told. Owns the waiting; what is done then is passed in. */
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

export interface ScheduleOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** 0: only when told. */
  readonly intervalMs: number;
  /** When it looked last, in milliseconds since 1970; null: never. */
  readonly lookedAt: () => number | null;
  /**
   * @param unlessSince milliseconds since 1970: that somebody looked since then will do; undefined: only now will do
   * @returns whether it worked
   */
  readonly look: (unlessSince?: number) => Promise<boolean>;
}

/** After a failure it waits for this long, then twice as long, up to the interval: a broken release must not be asked for without end. */
const FIRST_RETRY_MS = 60_000;

export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #end = new AbortController();
  #waiting = new AbortController();
  #failures = 0;
  #looking = false;
  #notified: Promise<void> | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** The page is seen again, or is online again: looks when it failed before, or a quarter of the interval is over. */
  wake(): void {
    const { clock, intervalMs, lookedAt } = this.#options;
    if (intervalMs === 0 || this.#looking) return;
    const at = lookedAt();
    const age = at === null ? Infinity : Math.abs(clock.now() - at);
    if (this.#failures > 0 || age > intervalMs / 4) this.#waiting.abort();
  }

  /** There is something new. @param withinMs so that not all clients ask at once */
  async notify(withinMs: number): Promise<void> {
    this.#notified ??= this.#comeWithin(withinMs);
    await this.#notified;
  }

  /** Who is told while it waits is told of the same. */
  async #comeWithin(withinMs: number): Promise<void> {
    const { clock, random } = this.#options;
    await clock.sleep(random() * withinMs, this.#end.signal);
    this.#notified = undefined;
    if (this.#end.signal.aborted) return;
    await this.#look();
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#waiting.abort();
    await this.#loop;
  }

  /** Milliseconds since 1970 of the next look by itself; null when there is none. */
  nextAt: number | null = null;

  async #run(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    if (intervalMs === 0) return;
    while (!this.#end.signal.aborted) {
      this.#waiting = new AbortController();
      const wait = this.#wait();
      this.nextAt = clock.now() + wait;
      await clock.sleep(wait, this.#waiting.signal);
      if (this.#end.signal.aborted) break;
      // Another tab may have looked. What failed here is for this one to try again.
      await this.#look(this.#failures > 0 ? undefined : clock.now() - intervalMs / 4);
    }
    this.nextAt = null;
  }

  async #look(unlessSince?: number): Promise<void> {
    this.#looking = true;
    try {
      this.#failures = (await this.#options.look(unlessSince)) ? 0 : this.#failures + 1;
    } finally {
      this.#looking = false;
    }
  }

  /** A time in the future is one of a clock that was wrong. */
  #wait(): number {
    const { clock, random, intervalMs, lookedAt } = this.#options;
    const spread = 0.9 + random() * 0.2;
    if (this.#failures > 0)
      return Math.min(intervalMs, FIRST_RETRY_MS * 2 ** Math.min(20, this.#failures - 1)) * spread;
    const at = lookedAt();
    const now = clock.now();
    if (at === null || at > now) return 0;
    return Math.max(0, at + intervalMs * spread - now);
  }
}

/** Until the signal. */
export function onWake(wake: () => void, signal: AbortSignal): void {
  const page = globalThis.document;
  const onVisible = () => {
    if (page.visibilityState === 'visible') wake();
  };
  page?.addEventListener('visibilitychange', onVisible, { signal });
  globalThis.addEventListener?.('online', wake, { signal });
}
