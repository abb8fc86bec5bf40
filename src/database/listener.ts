/**
 * Notifications of a database: keeps one listening connection up and hands what it hears to callbacks.
 * A hint and no promise; whoever listens also polls.
 */
import type pg from 'pg';
import { type Logger, type Random, systemClock, systemRandom } from '../runtime/index.ts';
import { type Target, toDatabaseError } from './failure.ts';
import { type Ending, ListeningSession, type ProbePolicy } from './listening-session.ts';

export interface ListenerOptions {
  target: Target;
  client: pg.ClientConfig;
  /** Null where the loss of a connection can't go unnoticed (a local socket). */
  probe: ProbePolicy | null;
  logger: Logger;
  random?: Random;
}

/** First and longest wait before connecting again, ms; doubled each time, then a random half to whole of it. */
const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 30_000;

export class NotificationListener {
  readonly #options: ListenerOptions;
  readonly #random: Random;
  readonly #callbacks = new Map<string, Set<() => void>>();
  readonly #stop = new AbortController();
  readonly #firstAttempt = Promise.withResolvers<void>();
  #session: ListeningSession | null = null;
  /** Keeps the connection up; null before the first `listen`. */
  #running: Promise<void> | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
  }

  /** See `Database.listen`. */
  async listen(channel: string, onNotify: () => void): Promise<() => Promise<void>> {
    const callbacks = this.#callbacks.get(channel) ?? new Set();
    const isNewChannel = !this.#callbacks.has(channel);
    this.#callbacks.set(channel, callbacks);
    // One function registered twice is two registrations.
    const callback = () => onNotify();
    callbacks.add(callback);
    this.#running ??= this.#run();
    await this.#firstAttempt.promise;
    // When this fails, the session is lost, and the next one listens to the channel.
    if (isNewChannel) await this.#session?.add(channel).catch(() => {});
    // No `unlisten`: in the embedded database it would take the channel from other clients too.
    return async () => void callbacks.delete(callback);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#session?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    let wasUp = false;
    while (!signal.aborted) {
      const session = await this.#open(failures);
      if (session !== null) {
        failures = 0;
        this.#session = session;
        if (signal.aborted) session.close();
        else if (wasUp) this.#notifyAll();
        wasUp = true;
      }
      this.#firstAttempt.resolve();
      const ending = await session?.ended;
      this.#session = null;
      if (ending !== undefined && this.#isFinal(ending)) return;
      const ceiling = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** failures);
      failures += 1;
      await systemClock.sleep(ceiling * (0.5 + this.#random() / 2), signal);
    }
  }

  async #open(failures: number): Promise<ListeningSession | null> {
    const { client, probe, target, logger } = this.#options;
    try {
      return await ListeningSession.open(
        client,
        this.#callbacks.keys(),
        (channel) => this.#notify(channel),
        probe,
      );
    } catch (failure) {
      const error = toDatabaseError(failure, { target, isLost: true });
      if (failures === 0 && !this.#stop.signal.aborted)
        logger.warn(
          { error: error.message },
          'no notifications for now: changes are found by polling',
        );
      return null;
    }
  }

  #isFinal({ reason }: Ending): boolean {
    const { logger } = this.#options;
    if (reason === 'deaf')
      logger.warn(
        {},
        'no notifications through this connection (a pooler in transaction mode?): polling only',
      );
    else if (reason !== 'closed') logger.info({ reason }, 'the listening connection was lost');
    return reason === 'deaf' || reason === 'closed';
  }

  #notify(channel: string): void {
    for (const callback of this.#callbacks.get(channel) ?? []) callback();
  }

  /** Anything may have been missed while the connection was down. */
  #notifyAll(): void {
    for (const channel of this.#callbacks.keys()) this.#notify(channel);
  }
}
