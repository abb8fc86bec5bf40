/**
 * One connection that waits for notifications, from connecting to its loss. It tries itself in intervals,
 * since a half-open socket looks like silence: it sends a notification and waits to receive it.
 */
import { Client, type ClientConfig } from 'pg';
import { streamOf } from './driver.ts';
import { quoteIdentifier } from './identifier.ts';

export interface ProbePolicy {
  /** Between probes, ms. */
  intervalMs: number;
  /** For the answer of one, ms. */
  timeoutMs: number;
}

/** Why a session ended. `deaf`: statements are answered, notifications do not come (a pooler between). */
export type Ending = { reason: 'lost' | 'silent' | 'deaf' | 'closed'; failure?: unknown };

/** As many probes in a row may be answered without their notification. */
const DEAF_AFTER = 2;

export class ListeningSession {
  /** Resolves when the connection is no longer of use; never rejects. */
  readonly ended: Promise<Ending>;
  readonly #client: Client;
  readonly #channel = `evervec_probe_${crypto.randomUUID()}`;
  readonly #end: (ending: Ending) => void;
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isHeard = false;
  #deafProbes = 0;

  /**
   * @param onNotification called with the channel of each notification, whichever it is
   * @throws what the driver throws when connecting or listening fails
   */
  static async open(
    config: ClientConfig,
    channels: Iterable<string>,
    onNotification: (channel: string) => void,
    probe: ProbePolicy | null,
  ): Promise<ListeningSession> {
    const session = new ListeningSession(config, onNotification);
    try {
      await session.#client.connect();
      for (const channel of channels) await session.add(channel);
      if (probe !== null) {
        await session.add(session.#channel);
        session.#schedule(probe);
      }
      return session;
    } catch (failure) {
      session.#finish({ reason: 'lost', failure });
      throw failure;
    }
  }

  private constructor(config: ClientConfig, onNotification: (channel: string) => void) {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ended = promise;
    this.#end = resolve;
    this.#client = new Client(config);
    this.#client.on('error', (failure) => this.#finish({ reason: 'lost', failure }));
    this.#client.on('end', () => this.#finish({ reason: 'lost' }));
    this.#client.on('notification', ({ channel }) => {
      if (channel === this.#channel) this.#isHeard = true;
      else onNotification(channel);
    });
  }

  /** @throws what the driver throws */
  add(channel: string): Promise<void> {
    return this.#query(`listen ${quoteIdentifier(channel)}`);
  }

  close(): void {
    this.#finish({ reason: 'closed' });
  }

  #finish(ending: Ending): void {
    clearTimeout(this.#timer);
    this.#end(ending);
    // Not a farewell to the server: behind a half-open socket that would wait for ever.
    streamOf(this.#client).destroy();
  }

  /** One after the other: the driver no longer wants to queue. */
  async #query(text: string): Promise<void> {
    const before = this.#last;
    const result = Promise.withResolvers<void>();
    this.#last = result.promise;
    await before;
    try {
      await this.#client.query(text);
    } finally {
      result.resolve();
    }
  }

  #schedule(policy: ProbePolicy): void {
    this.#timer = setTimeout(() => void this.#probe(policy), policy.intervalMs);
    this.#timer.unref();
  }

  async #probe(policy: ProbePolicy): Promise<void> {
    this.#timer = setTimeout(() => this.#finish({ reason: 'silent' }), policy.timeoutMs);
    this.#isHeard = false;
    try {
      await this.#query(`notify ${quoteIdentifier(this.#channel)}`);
      // The server sends the notification before it is ready for another statement, hence before this.
      await this.#query('select');
    } catch (failure) {
      this.#finish({ reason: 'lost', failure });
      return;
    }
    clearTimeout(this.#timer);
    this.#deafProbes = this.#isHeard ? 0 : this.#deafProbes + 1;
    if (this.#deafProbes >= DEAF_AFTER) this.#finish({ reason: 'deaf' });
    else this.#schedule(policy);
  }
}
