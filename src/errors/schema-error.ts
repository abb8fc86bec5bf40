import { EvervecError } from './evervec-error.ts';

/** The database's schema is not what this version needs: never set up, newer, or a migration failed. */
export class SchemaError extends EvervecError {
  override readonly code = 'EVERVEC_SCHEMA';
}
