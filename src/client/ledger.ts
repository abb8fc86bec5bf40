/**
 * The state and the blobs in the store: every change is read, made and written under a lock, every blob is hashed when it is read. Owns the order that
 * makes an install safe: blob, then state, then what nobody speaks of any more goes.
 */
import { ReleaseUpdateError } from '../errors/release-update-error.ts';
import { sha256Hex, type TrustAnchor } from '../format/index.ts';
import { canonicalBytes } from '../format/canonical-json.ts';
import { locked } from './lock.ts';
import {
  blobsOf,
  type Following,
  following,
  freshState,
  type Installed,
  parseState,
  type StoredState,
} from './state.ts';
import type { ReleaseStore } from './store.ts';

export class Ledger {
  readonly #store: ReleaseStore;
  readonly #lock: string;
  #following: Following | undefined;
  #state: StoredState | undefined;
  /** Blobs that were written and that the state does not speak of yet. */
  readonly #pending = new Set<string>();

  constructor(store: ReleaseStore) {
    this.#store = store;
    this.#lock = `evervec:${store.name}:state`;
  }

  get isOpen(): boolean {
    return this.#state !== undefined;
  }

  /** As it was read or written last. */
  get state(): StoredState {
    if (this.#state === undefined) throw notOpen();
    return this.#state;
  }

  async open(anchor: TrustAnchor, channel: string): Promise<void> {
    await this.#store.open();
    const { product } = anchor;
    this.#following = { product, channel, anchor: await sha256Hex(canonicalBytes(anchor)) };
    await this.reload();
  }

  /** What another tab may have written. */
  async reload(): Promise<StoredState> {
    if (this.#following === undefined) throw notOpen();
    const found = parseState(await this.#store.readState());
    this.#state =
      found === undefined
        ? freshState(this.#following, this.#state?.installId ?? crypto.randomUUID())
        : following(found, this.#following);
    return this.#state;
  }

  /** @returns what is stored now; unchanged when `make` gives back what it was given */
  async change(make: (state: StoredState) => StoredState): Promise<StoredState> {
    return await locked(this.#lock, async () => {
      const before = await this.reload();
      const after = make(before);
      if (after === before) return before;
      await this.#store.writeState(JSON.stringify(after));
      this.#state = after;
      for (const name of blobsOf(after)) this.#pending.delete(name);
      return after;
    });
  }

  /** @returns undefined when it is not there, or is not what it was: then it is dropped */
  async read(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.#store.readBlob(sha256);
    if (bytes === undefined || (await sha256Hex(bytes)) === sha256) return bytes;
    await this.#store.removeBlob(sha256);
    return undefined;
  }

  /** Where the device is full, what could be gone back to makes room, unless it may still be needed. */
  async write(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#pending.add(sha256);
    try {
      await this.#store.writeBlob(sha256, bytes);
    } catch (error) {
      const isFull = error instanceof ReleaseUpdateError && error.reason === 'QUOTA';
      const { active, previous } = this.state;
      if (!isFull || previous === null || active?.isConfirmed !== true) throw error;
      await this.change((state) => ({ ...state, previous: null }));
      await this.sweep();
      await this.#store.writeBlob(sha256, bytes);
    }
  }

  /** Drops blobs that no release speaks of. That it fails costs space only. */
  async sweep(): Promise<void> {
    const spoken = blobsOf(this.state);
    for (const name of await this.#store.listBlobs())
      if (!spoken.has(name) && !this.#pending.has(name)) await this.#store.removeBlob(name);
  }

  /** Everything but the floor, the keys and the id of this install: clearing must not be a way to an older release. */
  async clear(): Promise<void> {
    await this.change((state) => {
      const { installId, root, floor } = state;
      return { ...freshState(state, installId), root, floor };
    });
    this.#pending.clear();
    await this.sweep();
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

/** Of a release. */
export interface Stored {
  readonly index: Uint8Array<ArrayBuffer>;
  readonly model: Uint8Array<ArrayBuffer> | undefined;
}

/** Whether what is stored answers for the release: its index and, where it has one, its model. */
export async function readInstalled(
  ledger: Ledger,
  installed: Installed,
): Promise<Stored | undefined> {
  const index = await ledger.read(installed.index.sha256);
  if (index === undefined) return undefined;
  const { sha256 } = installed.model;
  return { index, model: sha256 === null ? undefined : await ledger.read(sha256) };
}

function notOpen(): ReleaseUpdateError {
  return new ReleaseUpdateError('CLOSED', 'It was not started.');
}
