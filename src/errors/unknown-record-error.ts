import { EvervecError } from './evervec-error.ts';

/** There is no record of that key with a vector in the source, or none that the caller sees. */
export class UnknownRecordError extends EvervecError {
  override readonly code = 'EVERVEC_UNKNOWN_RECORD';
}
