import { EvervecError } from './evervec-error.ts';

/** An action on the queue is asked for with a value that it can't take. */
export class QueueRequestError extends EvervecError {
  override readonly code = 'EVERVEC_QUEUE_REQUEST';
}
