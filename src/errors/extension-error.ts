import { EvervecError } from './evervec-error.ts';

/** pgvector is missing, too old, or may not be created by this role. */
export class ExtensionError extends EvervecError {
  override readonly code = 'EVERVEC_EXTENSION';
}
