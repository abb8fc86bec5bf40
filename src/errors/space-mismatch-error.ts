import { EvervecError } from './evervec-error.ts';

/** A vector of one model meets a space of another: the ranking would be silently wrong. */
export class SpaceMismatchError extends EvervecError {
  override readonly code = 'EVERVEC_SPACE_MISMATCH';
}
