import { EvervecError } from './evervec-error.ts';

/** A statement of ours failed; `cause` carries the SQLSTATE. */
export class QueryError extends EvervecError {
  override readonly code = 'EVERVEC_QUERY';
}
