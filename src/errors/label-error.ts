import { EvervecError } from './evervec-error.ts';

/** A labelled query can't be kept as told: a grade that is none, a record that is not there. */
export class LabelError extends EvervecError {
  override readonly code = 'EVERVEC_LABEL';
}
