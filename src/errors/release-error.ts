import { EvervecError } from './evervec-error.ts';

/** Which step of making or publishing a release can't be taken. */
export type ReleaseFault =
  /** No key, a damaged one, or one whose role is another. */
  | 'key'
  /** What lies on the target does not pass the checks that clients make. */
  | 'published'
  /** The draft is missing, or not what it was when it was built. */
  | 'draft'
  /** The space is still filling, or records of it wait or failed. */
  | 'stale'
  /** There is nothing, or no such release, to act on. */
  | 'nothing'
  /** Clients would refuse what was about to be published. */
  | 'refused'
  /** A root or key that is over. */
  | 'expired'
  /** A file is there already that must not be replaced. */
  | 'exists';

/** A release can't be built, signed or published as asked. Nothing that clients see has changed. */
export class ReleaseError extends EvervecError {
  override readonly code = 'EVERVEC_RELEASE';
  readonly fault: ReleaseFault;

  constructor(
    fault: ReleaseFault,
    message: string,
    options: { remedy: string; cause?: unknown; isUsage?: boolean },
  ) {
    super(message, options);
    this.fault = fault;
  }
}
