import { EvervecError } from './evervec-error.ts';

/** What the errors of a database have in common: the SQLSTATE, which is what programs decide by. */
export abstract class SqlStateError extends EvervecError {
  /** Five characters, for example `23505`; null when the failure did not come from the server. */
  readonly sqlState: string | null;

  constructor(
    message: string,
    options: {
      remedy: string;
      cause?: unknown;
      isRetryable?: boolean;
      isUsage?: boolean;
      sqlState?: string | null;
    },
  ) {
    super(message, options);
    this.sqlState = options.sqlState ?? null;
  }
}
