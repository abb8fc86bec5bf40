import { EvervecError } from './evervec-error.ts';

/** A target does not answer, refuses, is full, or holds other bytes than it should. */
export class ReleaseTargetError extends EvervecError {
  override readonly code = 'EVERVEC_RELEASE_TARGET';
}
