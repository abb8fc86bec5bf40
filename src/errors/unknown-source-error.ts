import { EvervecError } from './evervec-error.ts';

/** A source is named that the configuration or the database does not know. */
export class UnknownSourceError extends EvervecError {
  override readonly code = 'EVERVEC_UNKNOWN_SOURCE';
}
