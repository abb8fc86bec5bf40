import { EvervecError } from './evervec-error.ts';

/** The embedded model's file is missing, cut off, damaged, or of another version than the code. */
export class ModelFileError extends EvervecError {
  override readonly code = 'EVERVEC_MODEL_FILE';
}
