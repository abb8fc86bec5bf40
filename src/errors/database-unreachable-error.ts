import { SqlStateError } from './sql-state-error.ts';

/** No connection to the database: wrong address, refused, wrong credentials, no such database, gone. */
export class DatabaseUnreachableError extends SqlStateError {
  override readonly code = 'EVERVEC_DATABASE_UNREACHABLE';
}
