import { EvervecError } from './evervec-error.ts';

/** A source can't go to another space as asked: there is none, another one is under way, or it is not ready. */
export class MigrationError extends EvervecError {
  override readonly code = 'EVERVEC_MIGRATION';
}
