/** The hook for a search box: hits of what is typed, from the release that is installed. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { ReleaseClient } from '../client.ts';
import type { PageSearchRequest } from '../index-host.ts';
import { LiveSearch, type SearchView } from './live-search.ts';

export type { SearchView } from './live-search.ts';

export interface UseSearchOptions extends Omit<PageSearchRequest, 'query'> {
  /** Milliseconds without another key until it is searched, 0 or more. Default 30: a search takes few, showing its hits more. */
  readonly debounceMs?: number;
}

const DEBOUNCE_MS = 30;

/**
 * Searches again when the query, the options or the release are others; equal options need not be the same object. What is outdated is aborted.
 * Errors are in the view, not thrown.
 */
export function useSearch(
  client: ReleaseClient,
  query: string,
  { debounceMs = DEBOUNCE_MS, ...options }: UseSearchOptions = {},
): SearchView {
  const [search] = useState(() => new LiveSearch());
  const asked = JSON.stringify({ ...options, query });
  useEffect(
    () => search.follow(client, JSON.parse(asked) as PageSearchRequest, debounceMs),
    [search, client, asked, debounceMs],
  );
  return useSyncExternalStore(search.subscribe, search.snapshot, search.snapshot);
}
