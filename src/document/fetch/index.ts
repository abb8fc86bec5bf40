export { createFetcher, type Fetched, type Fetcher, type Validators } from './fetcher.ts';
export type { FetchOptions } from './options.ts';
