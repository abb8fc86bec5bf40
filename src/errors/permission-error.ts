import { EvervecError } from './evervec-error.ts';

/** The database refused for want of a privilege. */
export class PermissionError extends EvervecError {
  override readonly code = 'EVERVEC_PERMISSION';
}
