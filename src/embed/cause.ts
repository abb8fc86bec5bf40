/** Why a model is called, and for which source: what the ledger sorts calls by. */

/**
 * `change` a row changed; `backfill` work in bulk; `migration` a space that fills beside the active one; `retry` a record
 * that failed, or whose worker was lost, before; `query` a search.
 */
export const CAUSES = ['change', 'backfill', 'migration', 'retry', 'query'] as const;
export type Cause = (typeof CAUSES)[number];

/** Goes along with a call; a model takes no notice of it. */
export interface CallPurpose {
  /** Names. A call for several is counted whole for one of them, drawn by lot: so the sums stay true. */
  readonly sources: readonly string[];
  readonly cause: Cause;
  /** Those of the texts that are tried again: they are counted as `retry`. */
  readonly retried?: ReadonlySet<string> | undefined;
  /** Whether the work waits in the lane for work in bulk. */
  readonly isBulk?: boolean | undefined;
  /** Whether it waits in the lanes of the source's second space. */
  readonly isBeside?: boolean | undefined;
}

/** What a job says about why its record is embedded. */
export interface CauseOf {
  /** Who queued it, other than a change of its row. */
  readonly origin: string | null;
  /** Tries that failed, and workers that were lost over it. */
  readonly attempts: number;
  readonly crashes: number;
}

/** @param isBeside whether the space that the record is embedded for fills beside the active one */
export function causeOf({ origin, attempts, crashes }: CauseOf, isBeside = false): Cause {
  if (attempts > 0 || crashes > 0) return 'retry';
  if (isBeside) return 'migration';
  return origin === null ? 'change' : 'backfill';
}
