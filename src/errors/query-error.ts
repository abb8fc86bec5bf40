import { SqlStateError } from './sql-state-error.ts';

/** A statement of ours failed; `sqlState` says how, `cause` is the driver's error. */
export class QueryError extends SqlStateError {
  override readonly code = 'EVERVEC_QUERY';
}
