import { EvervecError } from './evervec-error.ts';

/** A search that can't be run as asked: unknown filter column, limit out of range, empty query. */
export class SearchRequestError extends EvervecError {
  override readonly code = 'EVERVEC_SEARCH_REQUEST';
}
