import { EvervecError } from './evervec-error.ts';

/** A model's answer has the wrong count or dimensions, or a value that is not finite; or it refused what it was asked. */
export class ModelAnswerError extends EvervecError {
  override readonly code = 'EVERVEC_MODEL_ANSWER';
  /** Whether the call was billed: what was answered is, what was refused is not. */
  readonly mayBeBilled: boolean;

  constructor(
    message: string,
    options: { remedy: string; cause?: unknown; mayBeBilled?: boolean },
  ) {
    super(message, options);
    this.mayBeBilled = options.mayBeBilled ?? true;
  }
}
