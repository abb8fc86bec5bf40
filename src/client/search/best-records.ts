/** From scores of chunks to the best records: each with its best chunk, and none that a filter keeps out. Pure. */

export interface RankedChunk {
  readonly record: number;
  readonly chunk: number;
}

export interface Scored {
  /** Higher is better; below 0 what was not found. (chunks) */
  readonly scores: ArrayLike<number>;
  /** Which of two that are equally good is first. (chunks) */
  readonly second?: ArrayLike<number> | undefined;
}

/**
 * @param recordStarts each record's first chunk, and the count of chunks (records + 1)
 * @param passing 0 for records that are left out (records); undefined: none is
 * @returns best first; equals in the order of the records
 */
export function bestRecords(
  scored: Scored,
  recordStarts: Uint32Array,
  limit: number,
  passing?: Uint8Array,
): RankedChunk[] {
  const best: RankedChunk[] = [];
  // What is below is not found, or not among the best.
  let least = 0;
  for (let record = 0; record + 1 < recordStarts.length; record++) {
    if (passing?.[record] === 0) continue;
    const from = recordStarts[record] ?? 0;
    const chunk = bestChunk(scored, from, recordStarts[record + 1] ?? 0, least);
    if (chunk < 0) continue;
    insert(scored, best, limit, { record, chunk });
    const last = best[limit - 1];
    if (last !== undefined) least = scored.scores[last.chunk] ?? 0;
  }
  return best;
}

/** @returns -1 where none is as good as `least` */
function bestChunk(scored: Scored, from: number, to: number, least: number): number {
  let best = -1;
  for (let chunk = from; chunk < to; chunk++)
    if ((scored.scores[chunk] ?? -1) >= least && (best < 0 || order(scored, chunk, best) < 0))
      best = chunk;
  return best;
}

/** After all that are as good, if it is among so many. By hand: `splice` takes as long as a hundred records. */
function insert(scored: Scored, best: RankedChunk[], limit: number, one: RankedChunk): void {
  let at = Math.min(best.length, limit);
  for (; at > 0; at--) {
    const before = best[at - 1];
    if (before === undefined || order(scored, one.chunk, before.chunk) >= 0) break;
    if (at < limit) best[at] = before;
  }
  if (at < limit) best[at] = one;
}

/** Negative where a is better. */
function order({ scores, second }: Scored, a: number, b: number): number {
  return (scores[b] ?? 0) - (scores[a] ?? 0) || (second?.[b] ?? 0) - (second?.[a] ?? 0);
}
