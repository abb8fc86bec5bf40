import { EvervecError } from './evervec-error.ts';

/** A collection to evaluate on is missing or wrong, or an evaluation could not be run to its end. */
export class EvaluationError extends EvervecError {
  override readonly code = 'EVERVEC_EVALUATION';
}
