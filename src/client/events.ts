/** What a client tells its page. Owns who listens. */
import type { EvervecError } from '../errors/evervec-error.ts';

/** In this order; `install` is canaries and the change-over. */
export type Stage = 'check' | 'download' | 'verify' | 'install';

export interface ReleaseInfo {
  readonly origin: 'release' | 'local';
  /** 0 for one that was made on this device. */
  readonly sequence: number;
  /** For people. */
  readonly version: string;
}

export interface ReleaseClientEvents {
  updateAvailable: {
    readonly release: ReleaseInfo;
    readonly change: 'major' | 'minor';
    /** Over the wire, by the cheapest way; 0 where it is here already. */
    readonly bytes: number;
    /** Why it is not fetched without being asked; null where it is. */
    readonly waitsFor: 'consent' | 'connection' | null;
  };
  updateStarted: { readonly release: ReleaseInfo; readonly bytes: number };
  updateProgress: {
    readonly stage: Stage;
    /** 0 to 100, of signed lengths. */
    readonly percentage: number;
    readonly bytes: number;
  };
  updateCompleted: {
    readonly release: ReleaseInfo;
    readonly before: ReleaseInfo | null;
    /** Another tab installed it. */
    readonly isElsewhere: boolean;
  };
  updateFailed: {
    readonly stage: Stage;
    readonly error: EvervecError;
    /** What is searched now. */
    readonly inUse: ReleaseInfo | null;
  };
  rolledBack: {
    readonly from: ReleaseInfo;
    readonly to: ReleaseInfo | null;
    readonly why: 'asked' | 'search' | 'opening' | 'damaged';
  };
}

export type EventName = keyof ReleaseClientEvents;
type Listener<E extends EventName> = (event: ReleaseClientEvents[E]) => void;

export class Events {
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();
  readonly #onFault: (error: unknown) => void;

  /** @param onFault a listener's error, which must not stop an install */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** @returns ends it */
  on<E extends EventName>(name: E, listener: Listener<E>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // The same function twice is two listeners.
    const own: Listener<E> = (event) => listener(event);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  emit<E extends EventName>(name: E, event: ReleaseClientEvents[E]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])] as Listener<E>[]) {
      try {
        listener(event);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
