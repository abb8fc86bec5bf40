/**
 * Keeps one verified release on this device and searches it. Owns the order of the acts and who hears of them; what an act does is in `acts/`, what may
 * be done when in `machine.ts`.
 */
import { EvervecError } from '../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../errors/release-update-error.ts';
import { checkForUpdate } from './acts/check.ts';
import { download, planOf } from './acts/download.ts';
import {
  activate,
  adopt,
  changeActive,
  installLocal,
  openStored,
  putBack,
  rollBack,
} from './acts/install.ts';
import { type EventName, Events, type ReleaseClientEvents } from './events.ts';
import type { PageSearchRequest, PageSearchResponse } from './index-host.ts';
import { Ledger } from './ledger.ts';
import { locked } from './lock.ts';
import { type Phase, type Request, type Rest, TABLE } from './machine.ts';
import { connectionOf, waitsFor } from './network.ts';
import { type CheckedOptions, checkOptions, type ReleaseClientOptions } from './options.ts';
import { costOf } from './plan.ts';
import { onWake, Schedule } from './schedule.ts';
import { infoOrNull, type Offer, offerInfo, report, type Session, sessionOf } from './session.ts';
import { type ReleaseStatus, statusOf } from './status.ts';
import { joinTabs, type Tabs } from './tabs.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** So many good answers, and a release is held to be good. */
const GOOD_QUERIES = 3;
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
  #phase: Phase = 'new';
  #running: Promise<unknown> = Promise.resolve();
  #starting: Promise<void> | undefined;
  #lastError: EvervecError | null = null;
  #persisted: boolean | null = null;
  #tabs: Tabs | undefined;
  #endWake = () => {};
  /** Of what was just staged, so that it is not read again. */
  #fresh: Bytes | undefined;

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
    options.host.onLost?.(async () => {
      await this.#running.catch(() => {});
      await this.#act('adopt', () => putBack(this.#session));
    });
    this.#schedule = new Schedule({
      clock,
      random,
      intervalMs: options.checkIntervalMs,
      lookedAt: () => ledger.state.checkedAt,
      look: () => this.#look(),
    });
  }

  /**
   * Opens what is installed, verified again, and begins to look for updates. Ends when that can be searched; no network is needed for it. A
   * second call is the same.
   * @throws ReleaseUpdateError `STORE`
   */
  start(): Promise<void> {
    this.#starting ??= this.#act('start', () => this.#open());
    return this.#starting;
  }

  /** @returns ends it */
  on<E extends EventName>(name: E, listener: (event: ReleaseClientEvents[E]) => void): () => void {
    return this.#session.events.on(name, listener);
  }

  getStatus(): ReleaseStatus {
    return statusOf(this.#session, {
      phase: this.#phase,
      lastError: this.#lastError,
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
    await this.#act('check', () => this.#exclusively(() => this.#check()));
    return this.#session.offer !== null || this.#session.ledger.state.staged !== null;
  }

  /** Fetches and verifies what `check` found. @throws ReleaseUpdateError `NO_UPDATE`, and as `check` */
  async download(): Promise<void> {
    await this.#download(false);
    this.#fresh = undefined;
  }

  /** Searches what was downloaded from now on. @throws ReleaseUpdateError `NO_UPDATE`, `CANARY`, `UNUSABLE`, and as `check` */
  async activate(): Promise<void> {
    await this.start();
    await this.#act('activate', () =>
      this.#exclusively(async () => {
        const index = this.#fresh;
        this.#fresh = undefined;
        await activate(this.#session, index);
        this.#persist();
        this.#tabs?.tell();
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
    await this.#act('clear', () =>
      this.#exclusively(async () => {
        await this.#session.ledger.clear();
        this.#session.searched = null;
        this.#session.offer = null;
        this.#tabs?.tell();
      }),
    );
  }

  /** A sign from outside that there is something new: looks within two seconds, as the mode says. Never rejects. */
  async notify(): Promise<void> {
    await this.start().catch(() => {});
    if (this.#phase !== 'closed') await this.#schedule.notify(NOTIFY_WITHIN_MS);
  }

  /**
   * Never waits for an update. A release that fails before it has proved itself is left for the one before, which then answers.
   * @throws ReleaseUpdateError `NO_INDEX`, `REQUEST`
   */
  async search(request: PageSearchRequest): Promise<PageSearchResponse> {
    await this.start();
    const { searched, options } = this.#session;
    if (this.#phase === 'closed') throw closed();
    if (searched === null) throw new ReleaseUpdateError('NO_INDEX', 'No release is installed yet.');
    try {
      const response = await options.host.search(request);
      await this.#confirm();
      return response;
    } catch (error) {
      // Another one took its place meanwhile.
      if (this.#session.searched !== searched && this.#session.searched !== null)
        return await options.host.search(request);
      const isOurs = EvervecError.isInstance(error) && (error.isUsage || error.isRetryable);
      if (isOurs || searched.isConfirmed || this.#session.ledger.state.previous === null)
        throw error;
      await this.#rollBack('search');
      return await options.host.search(request);
    }
  }

  /** Ends what goes on; the store keeps what it has. */
  async close(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#closing.abort(closed());
    this.#endWake();
    this.#tabs?.close();
    await this.#running.catch(() => {});
    await this.#schedule.close();
    this.#session.events.clear();
    this.#options.host.close();
    await this.#options.store.close();
  }

  /** One act at a time, as the table says. */
  async #act(request: Request, effect: () => Promise<void>): Promise<void> {
    for (;;) {
      const cell = TABLE[this.#phase][request];
      if (cell === 'ignore') return;
      if (cell === 'refuse' || cell === 'never') throw this.#refusal(request);
      if (cell === 'join') return void (await this.#running);
      if (cell === 'wait') await this.#running.catch(() => {});
      else {
        this.#phase = cell.to;
        const run = this.#run(effect);
        this.#running = run;
        return await run;
      }
    }
  }

  async #run(effect: () => Promise<void>): Promise<void> {
    try {
      await effect();
      this.#lastError = null;
    } catch (error) {
      const failure = errorOf(error);
      this.#lastError = failure;
      throw failure;
    } finally {
      const cell = TABLE[this.#phase][this.#rest()];
      if (typeof cell === 'object') this.#phase = cell.to;
    }
  }

  #rest(): Rest {
    const { ledger, offer } = this.#session;
    if (ledger.isOpen && ledger.state.staged !== null) return 'staged';
    return offer === null ? 'idle' : 'available';
  }

  #refusal(request: Request): ReleaseUpdateError {
    if (this.#phase === 'closed') return closed();
    return new ReleaseUpdateError('NO_UPDATE', `${request}: there is none (${this.#phase}).`);
  }

  /** Over all tabs: the second finds what the first did. */
  async #exclusively(act: () => Promise<void>): Promise<void> {
    const name = `evervec:${this.#options.store.name}:install`;
    const run = async () => {
      await adopt(this.#session);
      await act();
    };
    await locked(name, run, this.#closing.signal);
  }

  async #open(): Promise<void> {
    const { store, rootKeys, channel } = this.#options;
    await this.#session.ledger.open(rootKeys, channel);
    await openStored(this.#session);
    this.#tabs = joinTabs(store.name, () => void this.#adopt());
    this.#endWake = onWake(() => this.#schedule.wake());
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

  async #adopt(): Promise<void> {
    await this.#act('adopt', () => adopt(this.#session)).catch((error: unknown) => {
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
        waitsFor: await this.#waitsFor(offer),
      });
    }
  }

  async #waitsFor(offer: Offer): Promise<'consent' | 'connection' | null> {
    const { mode, conditional, network } = this.#options;
    const { change } = offer.manifest;
    const bytes = costOf((await planOf(this.#session, offer))[0]);
    const hasIndex = this.#session.searched !== null;
    const connection = connectionOf();
    return waitsFor({ mode, conditional, network, hasIndex, change, bytes, connection });
  }

  async #download(mayWait: boolean): Promise<void> {
    await this.start();
    await this.#act('download', () =>
      this.#exclusively(async () => {
        const { offer } = this.#session;
        if (offer !== null) this.#fresh = await download(this.#session, offer, { mayWait });
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
      if (offer !== null && this.#phase !== 'staged') await this.#download(mayWait);
      if (this.#session.ledger.state.staged !== null) await this.activate();
    } catch (error) {
      const failure = errorOf(error);
      this.#fresh = undefined;
      this.#tell(failure);
      if (!(await this.#lastResort(failure))) throw failure;
    }
    return this.#session.searched?.manifest !== before?.manifest;
  }

  #tell(error: EvervecError): void {
    const { stage, searched, events } = this.#session;
    if (error.code === 'EVERVEC_CLIENT_DEFERRED' || error.code === 'EVERVEC_CLIENT_CLOSED') return;
    report(this.#session, 'failed', { stage, code: error.code });
    events.emit('updateFailed', { stage, error, inUse: infoOrNull(searched) });
  }

  /** @returns whether there is an index now that the app made itself */
  async #lastResort(failure: EvervecError): Promise<boolean> {
    const { generateLocally } = this.#options;
    if (generateLocally === undefined || this.#session.searched !== null) return false;
    if (this.#phase === 'closed') return false;
    const make = async () => installLocal(this.#session, await generateLocally(failure));
    await this.#act('adopt', () => this.#exclusively(make));
    return true;
  }

  /** By itself: as mode and policy say. */
  async #look(): Promise<boolean> {
    try {
      await this.#update(async (offer) => (await this.#waitsFor(offer)) === null, true);
      return true;
    } catch (error) {
      this.#options.debug('update failed', { error: String(error) });
      return EvervecError.isInstance(error) && error.code === 'EVERVEC_CLIENT_DEFERRED';
    }
  }

  async #rollBack(why: 'asked' | 'search'): Promise<void> {
    await this.#act('rollback', () =>
      this.#exclusively(async () => {
        await rollBack(this.#session, why);
        this.#tabs?.tell();
      }),
    );
  }

  /** That it could not be written down is no fault of the search. */
  async #confirm(): Promise<void> {
    const { searched } = this.#session;
    if (searched === null || searched.isConfirmed) return;
    if (++this.#session.goodQueries !== GOOD_QUERIES) return;
    try {
      await changeActive(this.#session, searched, { isConfirmed: true });
      this.#session.searched = { ...searched, isConfirmed: true };
    } catch (error) {
      this.#options.debug('not confirmed', { error: String(error) });
    }
  }
}

function closed(): ReleaseUpdateError {
  return new ReleaseUpdateError('CLOSED', 'The client was closed.');
}

/** What is not ours came from the platform or from the app's own functions. */
function errorOf(error: unknown): EvervecError {
  if (EvervecError.isInstance(error)) return error;
  return new ReleaseUpdateError('STORE', 'The device or the app refused a step.', { cause: error });
}
