import { SqlStateError } from './sql-state-error.ts';

/** The database refused for want of a privilege. */
export class PermissionError extends SqlStateError {
  override readonly code = 'EVERVEC_PERMISSION';
}
