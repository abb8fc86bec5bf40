/** Waiting in tests: for an event, or for a state, with a deadline and a message; never a plain sleep. */
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 10_000;
const PAUSE_MS = 5;

/** Something that happens once. Tests pass `fire` to what they watch and await `fired`. */
export class Signal<Value = void> {
  readonly #settled = Promise.withResolvers<Value>();
  readonly #what: string;

  /** @param what for the message: `Signal("the worker's first claim")` */
  constructor(what: string) {
    this.#what = what;
  }

  readonly fire = (value: Value): void => {
    this.#settled.resolve(value);
  };

  async fired(deadlineMs = DEADLINE_MS): Promise<Value> {
    const timer = new AbortController();
    const late = delay(deadlineMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`${this.#what} did not happen within ${deadlineMs} ms`);
    });
    try {
      return await Promise.race([this.#settled.promise, late]);
    } finally {
      timer.abort();
      late.catch(() => {});
    }
  }
}

/** Asks until `probe` answers with something; for a state that nothing tells about. */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value | undefined> | Value | undefined,
  deadlineMs = DEADLINE_MS,
): Promise<Value> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await delay(PAUSE_MS);
  }
}
