/** Keeps a claim's lease alive while its work goes on, and tells the work when the lease is lost. */
import type { Connection } from '../database/index.ts';
import { LeaseLostError } from '../errors/index.ts';
import { type Claim, type LeasedJob, renew } from '../queue/index.ts';

export interface LeaseKeeper {
  /** Aborts when the lease is lost: what is computed from then on will not be written. */
  readonly signal: AbortSignal;
  /** The jobs still to be kept; finished ones are taken out. */
  settle(jobs: Iterable<LeasedJob>): void;
  stop(): void;
}

/** Renews every third of the lease, so that two renewals may fail before it ends. */
export function keepLease(
  connection: Connection,
  claim: Claim,
  leaseMs: number,
  onError: (error: unknown) => void,
): LeaseKeeper {
  const open = new Set(claim.jobs);
  const controller = new AbortController();
  const timer = setInterval(async () => {
    if (open.size === 0) return;
    const kept = [...open];
    try {
      const owned = await renew(connection, claim.token, kept, leaseMs);
      // Jobs that were settled while the renewal was under way are not missing.
      if (owned === 0 && kept.every((job) => open.has(job)))
        controller.abort(
          new LeaseLostError(`The lease of ${kept.length} jobs ended before their work did.`, {
            remedy:
              'They run again by themselves. If this repeats, raise the lease or lower the batch size.',
            isRetryable: true,
          }),
        );
    } catch (error) {
      onError(error);
    }
  }, leaseMs / 3);
  timer.unref();
  return {
    signal: controller.signal,
    settle: (jobs) => {
      for (const job of jobs) open.delete(job);
    },
    stop: () => clearInterval(timer),
  };
}
