/** `evervec/react`: what is installed and what is found, as hooks. They own no client: the app makes one, starts it and closes it. */
export { useRelease, type ReleaseView } from './use-release.ts';
export { useSearch, type SearchView, type UseSearchOptions } from './use-search.ts';
