import { EvervecError } from './evervec-error.ts';

/** A job is named that is not in the queue, or not in the state that the action is for. */
export class UnknownJobError extends EvervecError {
  override readonly code = 'EVERVEC_UNKNOWN_JOB';
}
