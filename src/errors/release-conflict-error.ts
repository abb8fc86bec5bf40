import { EvervecError } from './evervec-error.ts';

/** Somebody else published to the same target meanwhile. Nothing of this attempt is seen by clients. */
export class ReleaseConflictError extends EvervecError {
  override readonly code = 'EVERVEC_RELEASE_CONFLICT';

  /** @param target by its name for people */
  constructor(target: string, what: string) {
    super(`${target}: ${what}`, {
      remedy: 'Look at what is published now ("evervec release list"), then run this again.',
      isRetryable: true,
    });
  }
}
