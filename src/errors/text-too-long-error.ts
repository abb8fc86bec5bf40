import { EvervecError } from './evervec-error.ts';

/** A model refuses a call since a text of it, or all together, are longer than it takes. */
export class TextTooLongError extends EvervecError {
  override readonly code = 'EVERVEC_TEXT_TOO_LONG';
}
