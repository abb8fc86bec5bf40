/**
 * Whose turn it is at a host: first come, first served, so many at a time, with a pause between their requests. It keeps
 * places in line and times only, and knows nothing of requests.
 */
import type { Clock } from '../../runtime/index.ts';

/** Hosts that nobody waits for are forgotten above this many. */
const KEPT_HOSTS = 1_000;

interface Host {
  running: number;
  readonly waiting: (() => void)[];
  /** When the next request may start, ms since the epoch. */
  freeAt: number;
  /** Until when the host asked to be left alone. */
  heldUntil: number;
}

export interface Turn {
  /** Ms that the host asked to be left alone from now; 0 for none. */
  heldMs(): number;
  /**
   * Waits until `intervalMs` have passed since the host's last request.
   * @throws the reason of `signal`
   */
  pause(intervalMs: number, signal: AbortSignal): Promise<void>;
  /** The host is to be left alone, for everybody. */
  hold(ms: number): void;
  release(): void;
}

export class HostTurns {
  readonly #hosts = new Map<string, Host>();
  readonly #concurrency: number;
  readonly #clock: Clock;

  constructor(concurrency: number, clock: Clock) {
    this.#concurrency = concurrency;
    this.#clock = clock;
  }

  /** @throws the reason of `signal` if it aborts while waiting */
  async take(name: string, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    const host = this.#host(name);
    if (host.running < this.#concurrency) host.running += 1;
    else await inLine(host, signal);
    return this.#turn(host);
  }

  #host(name: string): Host {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    if (this.#hosts.size >= KEPT_HOSTS) this.#forget();
    const host: Host = { running: 0, waiting: [], freeAt: 0, heldUntil: 0 };
    this.#hosts.set(name, host);
    return host;
  }

  #forget(): void {
    const now = this.#clock.now();
    for (const [name, host] of this.#hosts)
      if (host.running === 0 && host.freeAt <= now && host.heldUntil <= now)
        this.#hosts.delete(name);
  }

  #turn(host: Host): Turn {
    const clock = this.#clock;
    let isReleased = false;
    return {
      heldMs: () => Math.max(host.heldUntil - clock.now(), 0),
      pause: (intervalMs, signal) => pause(host, clock, intervalMs, signal),
      hold: (ms) => {
        host.heldUntil = Math.max(host.heldUntil, clock.now() + ms);
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        const next = host.waiting.shift();
        // The place passes on as it is, so nobody who comes now is before those who wait.
        if (next === undefined) host.running -= 1;
        else next();
      },
    };
  }
}

function inLine(host: Host, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const called = () => {
    signal.removeEventListener('abort', left);
    resolve();
  };
  const left = () => {
    host.waiting.splice(host.waiting.indexOf(called), 1);
    reject(signal.reason as Error);
  };
  host.waiting.push(called);
  signal.addEventListener('abort', left, { once: true });
  return promise;
}

/** `freeAt` is what the last request left; with several at a time each takes the next place in time. */
async function pause(
  host: Host,
  clock: Clock,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  const before = host.freeAt;
  const start = Math.max(clock.now(), before);
  host.freeAt = start + intervalMs;
  if (start > clock.now()) await clock.sleep(start - clock.now(), signal);
  if (!signal.aborted) return;
  // Nothing was asked, so the next one need not wait for it.
  if (host.freeAt === start + intervalMs) host.freeAt = before;
  signal.throwIfAborted();
}
