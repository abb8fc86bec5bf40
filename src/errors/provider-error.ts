import { EvervecError } from './evervec-error.ts';

/**
 * A model's provider does not answer as it should, whatever it is asked: down, overloaded, over quota, key refused.
 * Not the fault of any record, so no record's tries are counted (I6); the provider is waited for.
 */
export class ProviderError extends EvervecError {
  override readonly code = 'EVERVEC_PROVIDER';
  /** When it said to come back, ms from now; null when it did not say, which never means at once. */
  readonly retryAfterMs: number | null;
  /** Waiting will not help: the key is wrong, the quota used up. */
  readonly isRefusal: boolean;
  /** Whether the call may have been done and billed, though nobody got its answer. */
  readonly mayBeBilled: boolean;

  constructor(
    message: string,
    options: {
      remedy: string;
      cause?: unknown;
      retryAfterMs?: number | null;
      isRefusal?: boolean;
      mayBeBilled?: boolean;
    },
  ) {
    super(message, { ...options, isRetryable: options.isRefusal !== true });
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.isRefusal = options.isRefusal ?? false;
    this.mayBeBilled = options.mayBeBilled ?? false;
  }
}
