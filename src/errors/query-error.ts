import { SqlStateError } from './sql-state-error.ts';

/** A statement of ours failed; `sqlState` says how, `cause` is the driver's error. */
export class QueryError extends SqlStateError {
  override readonly code = 'EVERVEC_QUERY';
  readonly #detail: string;
  readonly #hint: string | undefined;

  constructor(
    message: string,
    options: ConstructorParameters<typeof SqlStateError>[1] & { detail?: string; hint?: string },
  ) {
    super(message, options);
    this.#detail = options.detail ?? message;
    this.#hint = options.hint;
  }

  /** The server's message in full. May repeat a value: for whoever sent it, not for a log (I11). */
  get detail(): string {
    return this.#detail;
  }

  /** The server's hint. */
  get hint(): string | undefined {
    return this.#hint;
  }
}
