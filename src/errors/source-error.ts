import { EvervecError } from './evervec-error.ts';

/** A configured source does not fit the database: no such table or column, no key. */
export class SourceError extends EvervecError {
  override readonly code = 'EVERVEC_SOURCE';
}
