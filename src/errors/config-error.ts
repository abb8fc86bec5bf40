import { EvervecError } from './evervec-error.ts';

/** The configuration, an option or an environment variable is missing or wrong. */
export class ConfigError extends EvervecError {
  override readonly code = 'EVERVEC_CONFIG';
}
