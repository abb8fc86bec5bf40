/**
 * The root of every error that Evervec throws on purpose.
 *
 * A message says what went wrong and where, with the offending value and the limit; `remedy` says
 * what to do about it. Neither may carry a secret or the text of a document (I11).
 */
export abstract class EvervecError extends Error {
  /** Stable, for programs: `EVERVEC_…`. The message may change, this may not. */
  abstract readonly code: `EVERVEC_${string}`;
  /** What the reader can do now, as a sentence. */
  readonly remedy: string;
  /** Whether the same call may succeed later with nothing changed. */
  readonly isRetryable: boolean;
  /** Whether the caller's input is at fault (a command exits with 2, HTTP answers 400). */
  readonly isUsage: boolean;

  constructor(
    message: string,
    options: { remedy: string; cause?: unknown; isRetryable?: boolean; isUsage?: boolean },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.remedy = options.remedy;
    this.isRetryable = options.isRetryable ?? false;
    this.isUsage = options.isUsage ?? false;
  }

  /** True for errors of this package, also across two copies of it. */
  static isInstance(error: unknown): error is EvervecError {
    return (
      error instanceof Error &&
      'code' in error &&
      typeof error.code === 'string' &&
      error.code.startsWith('EVERVEC_')
    );
  }
}
