/** What a page shows of a client, as a snapshot that is the same object for as long as it says the same. One for each client, however many look at it. */
import type { ReleaseClient } from '../client.ts';
import type { EventName, ReleaseClientEvents } from '../events.ts';
import type { ReleaseStatus } from '../status.ts';

export interface ReleaseView {
  readonly status: ReleaseStatus;
  /** Of an update that goes on; else null. */
  readonly progress: ReleaseClientEvents['updateProgress'] | null;
}

/** After each of these something else is shown. */
const EVENTS: readonly EventName[] = [
  'updateAvailable',
  'updateStarted',
  'updateProgress',
  'updateCompleted',
  'updateFailed',
  'rolledBack',
];
const views = new WeakMap<ReleaseClient, ReleaseViews>();

export function viewsOf(client: ReleaseClient): ReleaseViews {
  const known = views.get(client) ?? new ReleaseViews(client);
  views.set(client, known);
  return known;
}

export class ReleaseViews {
  readonly #client: ReleaseClient;
  readonly #listeners = new Set<() => void>();
  #ends: (() => void)[] = [];
  #progress: ReleaseView['progress'] = null;
  #view: ReleaseView | undefined;
  #said = '';

  constructor(client: ReleaseClient) {
    this.#client = client;
  }

  /** @returns ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.#listen();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) for (const end of this.#ends.splice(0)) end();
    };
  };

  readonly snapshot = (): ReleaseView => {
    const view = { status: this.#client.getStatus(), progress: this.#progress };
    const said = JSON.stringify(view);
    if (this.#view === undefined || said !== this.#said) this.#view = view;
    this.#said = said;
    return this.#view;
  };

  #listen(): void {
    // `start` ends without an event where nothing is new.
    this.#client.start().then(this.#tell, this.#tell);
    this.#ends = EVENTS.map((name) =>
      this.#client.on(name, (event) => {
        this.#progress = 'percentage' in event ? event : null;
        this.#tell();
        // The act that told of it ends after it; so does its phase.
        setTimeout(this.#tell, 0);
      }),
    );
  }

  readonly #tell = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
