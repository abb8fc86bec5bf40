import { EvervecError } from './evervec-error.ts';

/** What is asked of an archive can't be: its source has no rule, or the days are none. */
export class ArchiveError extends EvervecError {
  override readonly code = 'EVERVEC_ARCHIVE';
}
