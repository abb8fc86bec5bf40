import { EvervecError } from './evervec-error.ts';

/** A vector that a record was to share with another of the same text is gone meanwhile: the work is done again. */
export class VectorGoneError extends EvervecError {
  override readonly code = 'EVERVEC_VECTOR_GONE';
}
