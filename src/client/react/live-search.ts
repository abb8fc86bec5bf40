/**
 * A search that follows what is typed: it waits a moment, lets go of what is outdated, and asks again when another release is searched. Knows no React.
 */
import { EvervecError } from '../../errors/evervec-error.ts';
import { ReleaseClientError } from '../../errors/release-client-error.ts';
import type { ReleaseClient } from '../client.ts';
import type { PageHit, PageSearchRequest, PageSearchResponse } from '../index-host.ts';

export interface SearchView {
  /** Of the last answer, while the next is on its way; none for a blank query. */
  readonly hits: readonly PageHit[];
  /** The last answer; null before there is one, and for a blank query. */
  readonly response: PageSearchResponse | null;
  /** Of the last search, where it failed. */
  readonly error: EvervecError | null;
  readonly isSearching: boolean;
}

const NOTHING: SearchView = { hits: [], response: null, error: null, isSearching: false };

export class LiveSearch {
  readonly #listeners = new Set<() => void>();
  #view = NOTHING;
  #running = new AbortController();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): SearchView => this.#view;

  /**
   * Follows this request in the place of the one before.
   * @param delayMs until it is asked
   * @returns ends it
   */
  follow(client: ReleaseClient, request: PageSearchRequest, delayMs: number): () => void {
    this.#running.abort();
    if (request.query.trim() === '') {
      this.#show(NOTHING);
      return () => {};
    }
    const ask = () => void this.#ask(client, request);
    this.#show({ ...this.#view, isSearching: true });
    const timer = setTimeout(ask, delayMs);
    const ends = [client.on('updateCompleted', ask), client.on('rolledBack', ask)];
    return () => {
      clearTimeout(timer);
      this.#running.abort();
      for (const end of ends) end();
    };
  }

  async #ask(client: ReleaseClient, request: PageSearchRequest): Promise<void> {
    this.#running.abort();
    const running = new AbortController();
    this.#running = running;
    const view = await answer(client, request, running.signal);
    if (view !== null && !running.signal.aborted) this.#show(view);
  }

  #show(view: SearchView): void {
    if (view === this.#view) return;
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}

/** @returns null where nobody waits for it any more */
async function answer(
  client: ReleaseClient,
  request: PageSearchRequest,
  signal: AbortSignal,
): Promise<SearchView | null> {
  try {
    const response = await client.search(request, signal);
    return { hits: response.hits, response, error: null, isSearching: false };
  } catch (error) {
    return signal.aborted ? null : { ...NOTHING, error: evervecError(error) };
  }
}

function evervecError(error: unknown): EvervecError {
  if (EvervecError.isInstance(error)) return error;
  return new ReleaseClientError('EVERVEC_CLIENT_SEARCH', 'The search failed.', {
    remedy: 'Search again.',
    cause: error,
    isRetryable: true,
  });
}
