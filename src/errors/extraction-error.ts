import { EvervecError } from './evervec-error.ts';

/** Why there is no text of a file. */
export type ExtractionFault =
  /** A type that is not read. */
  | 'unsupported'
  /** No bytes, or nothing but blanks. */
  | 'empty'
  /** Opens with a password only. */
  | 'encrypted'
  /** Not whole, or not what its type says it is. */
  | 'damaged'
  /** Images of pages: nothing was recognized in them. */
  | 'no-text'
  /** Over a limit: bytes, pages, expanded bytes, nesting, characters. */
  | 'too-large'
  | 'timed-out'
  | 'out-of-memory'
  /** The process that reads it ended, and not by one of our limits. */
  | 'crashed';

/** There is no text of a file. Says why, never what is in it. */
export class ExtractionError extends EvervecError {
  override readonly code = 'EVERVEC_EXTRACTION';
  readonly fault: ExtractionFault;

  constructor(
    message: string,
    options: { fault: ExtractionFault; remedy: string; cause?: unknown },
  ) {
    super(message, { ...options, isUsage: options.fault !== 'crashed' });
    this.fault = options.fault;
  }
}
