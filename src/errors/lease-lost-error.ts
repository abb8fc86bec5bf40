import { EvervecError } from './evervec-error.ts';

/** A worker's lease ended before its work did; what it computed was not written (I4). */
export class LeaseLostError extends EvervecError {
  override readonly code = 'EVERVEC_LEASE_LOST';
}
