import { EvervecError } from './evervec-error.ts';

/** A model's answer has the wrong count or dimensions, or a value that is not finite. */
export class ModelAnswerError extends EvervecError {
  override readonly code = 'EVERVEC_MODEL_ANSWER';
}
