/** A clock that stands still until the test moves it. */
import type { Clock } from '../../src/runtime/index.ts';
import { eventually } from '../setup/signal.ts';

interface Sleeper {
  readonly at: number;
  readonly ms: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now = Date.UTC(2030, 0, 1);
  readonly #sleepers = new Set<Sleeper>();
  readonly #begun: number[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#begun.push(ms);
    if (signal?.aborted) return Promise.resolve();
    const wake = () => {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const sleeper = { at: this.#now + ms, ms, wake };
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', wake, { once: true });
    return promise;
  }

  /** Wakes all whose time has come. */
  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers].sort((a, b) => a.at - b.at))
      if (sleeper.at <= this.#now) sleeper.wake();
  }

  /** How often somebody began to sleep for exactly `ms`. */
  begun(ms: number): number {
    return this.#begun.filter((one) => one === ms).length;
  }

  /** Until somebody sleeps for exactly `ms`. */
  async asleep(ms: number): Promise<void> {
    await eventually(
      `somebody asleep for ${ms} ms`,
      () => [...this.#sleepers].some((one) => one.ms === ms) || undefined,
    );
  }

  /** What is still waited for; nothing should be when all is closed. */
  get sleeping(): number {
    return this.#sleepers.size;
  }
}
