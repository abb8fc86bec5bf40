import { EvervecError } from './evervec-error.ts';

/** The address to listen on is taken. */
export class PortInUseError extends EvervecError {
  override readonly code = 'EVERVEC_PORT_IN_USE';
}
