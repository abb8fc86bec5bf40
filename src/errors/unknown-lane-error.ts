import { EvervecError } from './evervec-error.ts';

/** A lane is named that the database does not know. */
export class UnknownLaneError extends EvervecError {
  override readonly code = 'EVERVEC_UNKNOWN_LANE';
}
