import { EvervecError } from './evervec-error.ts';

/** The folder of an embedded database belongs to another process that does not answer. */
export class DatabaseInUseError extends EvervecError {
  override readonly code = 'EVERVEC_DATABASE_IN_USE';
}
