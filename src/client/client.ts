/**
 * Keeps one verified release on this device and searches it. Owns the order of the acts and who hears of them; what an act does is in `acts/`, what may
 * be done when in `machine.ts`.
 */
import { EvervecError } from '../errors/evervec-error.ts';
import { Acts, closed, errorOf } from './acts/acts.ts';
import { checkForUpdate } from './acts/check.ts';
import { planOf, waitOf } from './acts/decide.ts';
import { download, type DownloadOptions } from './acts/download.ts';
import { activate, adopt, installLocal, openStored, putBack, rollBack } from './acts/install.ts';
import { type EventName, Events, type ReleaseClientEvents } from './events.ts';
import type { PageSearchRequest, PageSearchResponse } from './index-host.ts';
import { Ledger } from './ledger.ts';
import { type CheckedOptions, checkOptions, type ReleaseClientOptions } from './options.ts';
import { News } from './news.ts';
import { costOf } from './plan.ts';
import { searchInstalled } from './acts/search.ts';
import { onWake, Schedule } from './schedule.ts';
import { type Offer, offerInfo, type Session, sessionOf, tellFailure } from './session.ts';
import { type ReleaseStatus, statusOf } from './status.ts';

const NOTIFY_WITHIN_MS = 2_000;

/** @throws ConfigError of wrong options */
export function createReleaseClient(options: ReleaseClientOptions): ReleaseClient {
  return new ReleaseClient(checkOptions(options));
}

export class ReleaseClient {
  readonly #options: CheckedOptions;
  readonly #session: Session;
  readonly #closing = new AbortController();
  readonly #schedule: Schedule;
  readonly #acts: Acts;
  #starting: Promise<void> | undefined;
  #persisted: boolean | null = null;
  #news: News | undefined;

  constructor(options: CheckedOptions) {
    this.#options = options;
    const { store, clock, random, fetch, timeouts, urls, tries, retryDelayMs } = options;
    const { signal } = this.#closing;
    const events = new Events((error) =>
      options.debug('listener failed', { error: String(error) }),
    );
    const web = { fetch, clock, timeouts, signal, urls, tries, retryDelayMs, random };
    const ledger = new Ledger(store);
    this.#session = sessionOf(options, ledger, web, events);
    this.#acts = new Acts(this.#session);
    options.host.onLost?.(async () => {
      this.#session.opening = null;
      await this.#acts.settled();
      await this.#acts.run('adopt', () => putBack(this.#session));
    });
    this.#schedule = new Schedule({
      clock,
      random,
      intervalMs: options.checkIntervalMs,
      lookedAt: () => ledger.state.checkedAt,
      look: (unlessSince) => this.#look(unlessSince),
    });
  }

  /**
   * Opens what is installed, verified again, and begins to look for updates. Ends when that can be searched; no network is needed for it. A
   * second call is the same, unless the first failed: then it is tried again.
   * @throws ReleaseUpdateError `STORE`
   */
  start(): Promise<void> {
    this.#starting ??= this.#acts
      .run('start', () => this.#open())
      .catch((error: unknown) => {
        this.#starting = undefined;
        throw error;
      });
    return this.#starting;
  }

  /** @returns ends it */
  on<E extends EventName>(name: E, listener: (event: ReleaseClientEvents[E]) => void): () => void {
    return this.#session.events.on(name, listener);
  }

  getStatus(): ReleaseStatus {
    return statusOf(this.#session, {
      phase: this.#acts.phase,
      lastError: this.#acts.lastError,
      isPersisted: this.#persisted,
      nextCheckAt: this.#schedule.nextAt,
    });
  }

  /**
   * Asks what there is; fetches nothing of it.
   * @returns whether there is an update
   * @throws ReleaseUpdateError, FormatError; what is installed stays
   */
  async check(): Promise<boolean> {
    await this.start();
    await this.#acts.run('check', () => this.#acts.exclusively(() => this.#check()));
    return this.#session.offer !== null || this.#session.ledger.state.staged !== null;
  }

  /** Fetches and verifies what `check` found. @throws ReleaseUpdateError `NO_UPDATE`, and as `check` */
  async download(): Promise<void> {
    await this.#download({ mayWait: false, opens: false });
  }

  /** Searches what was downloaded from now on. @throws ReleaseUpdateError `NO_UPDATE`, `CANARY`, `UNUSABLE`, and as `check` */
  async activate(): Promise<void> {
    await this.start();
    await this.#acts.run('activate', () =>
      this.#acts.exclusively(async () => {
        await activate(this.#session);
        this.#persist();
        this.#news?.tell();
      }),
    );
  }

  /** All three, whatever the mode and the connection. @returns whether there is another release than before */
  async update(): Promise<boolean> {
    return await this.#update(() => true);
  }

  /** As `update`, and takes also what did not do before. */
  async forceUpdate(): Promise<boolean> {
    await this.start();
    await this.#session.ledger.change((state) => ({ ...state, quarantined: [] }));
    return await this.update();
  }

  /** To the release before, which is then searched; the one that is left is not taken again until `forceUpdate`. @throws ReleaseUpdateError `NO_PREVIOUS` */
  async rollback(): Promise<void> {
    await this.start();
    await this.#rollBack('asked');
  }

  /** Drops all releases from this device. What was accepted stays known, so that no older one is taken afterwards. */
  async clear(): Promise<void> {
    await this.start();
    await this.#acts.run('clear', () =>
      this.#acts.exclusively(async () => {
        await this.#session.ledger.clear();
        this.#session.searched = null;
        this.#session.offer = null;
        this.#news?.tell();
      }),
    );
  }

  /** A sign from outside that there is something new: looks within two seconds, as the mode says. Never rejects. */
  async notify(): Promise<void> {
    await this.#notify(NOTIFY_WITHIN_MS);
  }

  /**
   * Never waits for an update. A release that fails before it has proved itself is left for the one before, which then answers.
   * @param signal aborted, it rejects with the signal's reason
   * @throws ReleaseClientError `EVERVEC_CLIENT_NO_INDEX`, `EVERVEC_CLIENT_CLOSED`; SearchRequestError
   */
  async search(request: PageSearchRequest, signal?: AbortSignal): Promise<PageSearchResponse> {
    await this.start();
    if (this.#acts.isClosed) throw closed();
    return await searchInstalled(this.#session, request, signal, () => this.#rollBack('search'));
  }

  /** Ends what goes on; the store keeps what it has. */
  async close(): Promise<void> {
    if (this.#acts.isClosed) return;
    this.#acts.close();
    this.#closing.abort(closed());
    this.#news?.close();
    await this.#acts.settled();
    await this.#schedule.close();
    this.#session.events.clear();
    this.#options.reporter.close();
    this.#options.host.close();
    await this.#options.store.close();
  }

  async #open(): Promise<void> {
    const { rootKeys, channel } = this.#options;
    this.#news ??= new News(this.#session, {
      onChange: () => void this.#adopt(),
      onNews: (spreadMs) => void this.#notify(spreadMs),
    });
    await this.#session.ledger.open(rootKeys, channel);
    await openStored(this.#session);
    this.#news.listen();
    onWake(() => this.#schedule.wake(), this.#closing.signal);
    this.#schedule.start();
    this.#persist();
  }

  /** Some browsers ask the user: not before there is something to keep. */
  #persist(): void {
    const { kind } = this.#options.store;
    if ((kind !== 'indexeddb' && kind !== 'opfs') || this.#persisted === true) return;
    if (this.#session.searched === null) return;
    void globalThis.navigator?.storage?.persist?.().then(
      (persisted) => (this.#persisted = persisted),
      () => {},
    );
  }

  async #notify(withinMs: number): Promise<void> {
    await this.start().catch(() => {});
    if (!this.#acts.isClosed) await this.#schedule.notify(withinMs);
  }

  async #adopt(): Promise<void> {
    await this.#acts
      .run('adopt', () => adopt(this.#session))
      .catch((error: unknown) => {
        this.#options.debug('not adopted', { error: String(error) });
      });
  }

  async #check(): Promise<void> {
    const known = this.#session.offer?.sha256;
    await checkForUpdate(this.#session);
    const { offer } = this.#session;
    if (offer !== null && offer.sha256 !== known) {
      const [way] = await planOf(this.#session, offer);
      this.#session.events.emit('updateAvailable', {
        release: offerInfo(offer),
        change: offer.manifest.change,
        bytes: costOf(way),
        waitsFor: await waitOf(this.#session, offer),
      });
    }
  }

  async #download(options: DownloadOptions): Promise<void> {
    await this.start();
    await this.#acts.run('download', () =>
      this.#acts.exclusively(async () => {
        const { offer } = this.#session;
        if (offer !== null) await download(this.#session, offer, options);
      }),
    );
  }

  /** @param goesOn whether what was found is fetched now */
  async #update(goesOn: (offer: Offer) => boolean | Promise<boolean>, mayWait = false) {
    await this.start();
    const before = this.#session.searched;
    try {
      await this.check();
      const { offer } = this.#session;
      if (offer !== null && !(await goesOn(offer))) return false;
      if (offer !== null && this.#acts.phase !== 'staged')
        await this.#download({ mayWait, opens: true });
      if (this.#session.ledger.state.staged !== null) await this.activate();
    } catch (error) {
      const failure = errorOf(error);
      // Another tab was faster: that there is nothing left to do is no failure.
      if (failure.code !== 'EVERVEC_CLIENT_NO_UPDATE') {
        tellFailure(this.#session, failure);
        if (!(await this.#lastResort(failure))) throw failure;
      }
    }
    return this.#session.searched?.manifest !== before?.manifest;
  }

  /** @returns whether there is an index now that the app made itself */
  async #lastResort(failure: EvervecError): Promise<boolean> {
    const { generateLocally } = this.#options;
    if (generateLocally === undefined || this.#session.searched !== null) return false;
    if (this.#acts.isClosed) return false;
    const make = async () => installLocal(this.#session, await generateLocally(failure));
    await this.#acts.run('adopt', () => this.#acts.exclusively(make));
    return true;
  }

  /** By itself: as mode and policy say. */
  async #look(unlessSince = Infinity): Promise<boolean> {
    try {
      const { checkedAt } = await this.#session.ledger.reload();
      const isRecent = checkedAt !== null && checkedAt >= unlessSince;
      if (isRecent && checkedAt <= this.#options.clock.now()) return true;
      await this.#update(async (offer) => (await waitOf(this.#session, offer)) === null, true);
      return true;
    } catch (error) {
      this.#options.debug('update failed', { error: String(error) });
      return EvervecError.isInstance(error) && error.code === 'EVERVEC_CLIENT_DEFERRED';
    }
  }

  async #rollBack(why: 'asked' | 'search'): Promise<void> {
    await this.#acts.run('rollback', () =>
      this.#acts.exclusively(async () => {
        await rollBack(this.#session, why);
        this.#news?.tell();
      }),
    );
  }
}
