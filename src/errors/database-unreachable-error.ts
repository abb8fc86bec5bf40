import { EvervecError } from './evervec-error.ts';

/** No connection to the database: wrong address, refused, wrong credentials, no such database. */
export class DatabaseUnreachableError extends EvervecError {
  override readonly code = 'EVERVEC_DATABASE_UNREACHABLE';
}
