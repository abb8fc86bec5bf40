/** Open connections that wait for news of releases: how many there are, what they are told, and their end. */
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { ServedRelease } from '../engine/index.ts';
import { HttpRequestError } from '../errors/index.ts';
import { Wakeup } from '../worker/wakeup.ts';

export interface EventLimits {
  /** Connections at once, 1 to 100,000; default 1,000. One more is refused: 503. From one network a tenth of them. */
  connections?: number | undefined;
  /** Milliseconds between signs of life; default 20,000. */
  heartbeatMs?: number | undefined;
  /** To how many clients a second it is suggested that they come, of all that are told at once; default 100. */
  perSecond?: number | undefined;
}

/** Milliseconds. A server that restarts must not be asked by all at once. */
const LEAST_RETRY_MS = 2_000;
const MOST_SPREAD_MS = 600_000;
const RETRY_AFTER = { 'retry-after': '60' };

export class EventStreams {
  readonly #limits: Required<{ [Name in keyof EventLimits]: number }>;
  readonly #networks = new Map<string, number>();
  readonly #open = new Set<() => void>();
  #isClosed = false;

  constructor({ connections = 1_000, heartbeatMs = 20_000, perSecond = 100 }: EventLimits) {
    this.#limits = { connections, heartbeatMs, perSecond };
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * @param known the version of the channel that the client has; null: none
   * @throws HttpRequestError (503) at the limit
   */
  answer(
    context: Context,
    release: ServedRelease,
    network: string,
    known: number | null,
  ): Response {
    const inNetwork = this.#networks.get(network) ?? 0;
    const { connections } = this.#limits;
    if (this.#isClosed || this.count >= connections || inNetwork >= Math.max(1, connections / 10))
      throw new HttpRequestError(
        'BUSY',
        503,
        'There are as many open connections as this server takes.',
        {
          remedy:
            'Look from time to time, and try again after Retry-After; or raise server.eventConnections.',
          headers: RETRY_AFTER,
        },
      );
    const wakeup = new Wakeup();
    const state = { isOver: false };
    const end = () => {
      state.isOver = true;
      wakeup.ring();
    };
    this.#open.add(end);
    this.#networks.set(network, inNetwork + 1);
    const left = () => {
      this.#open.delete(end);
      const others = (this.#networks.get(network) ?? 1) - 1;
      if (others === 0) this.#networks.delete(network);
      else this.#networks.set(network, others);
    };
    context.header('x-accel-buffering', 'no');
    return streamSSE(context, async (stream) => {
      stream.onAbort(end);
      const endWatch = release.watch.onChange(() => wakeup.ring());
      try {
        await stream.write(`retry: ${Math.max(LEAST_RETRY_MS, this.#spreadMs)}\n\n`);
        let told = known;
        while (!state.isOver) {
          const { channel } = release.watch;
          if (channel !== null && channel.version !== told) {
            told = channel.version;
            const sequence = (channel.candidate ?? channel.current).sequence;
            const news = { version: told, sequence, spreadMs: this.#spreadMs };
            await stream.writeSSE({
              event: 'release',
              id: String(told),
              data: JSON.stringify(news),
            });
          } else await stream.write(':\n\n');
          if (!state.isOver) await wakeup.wait(this.#limits.heartbeatMs);
        }
      } finally {
        endWatch();
        left();
      }
    });
  }

  /** Ends all of them; clients come back to whoever answers then. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#open) end();
  }

  /** Over how long those that are told at once should come. */
  get #spreadMs(): number {
    return Math.min(MOST_SPREAD_MS, Math.ceil((this.count * 1_000) / this.#limits.perSecond));
  }
}
