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
  for (let record = 0; record + 1 < recordStarts.length; record++) {
    if (passing?.[record] === 0) continue;
    const chunk = bestChunk(scored, recordStarts[record] ?? 0, recordStarts[record + 1] ?? 0);
    if (chunk < 0) continue;
    const last = best[limit - 1];
    if (last !== undefined && order(scored, chunk, last.chunk) >= 0) continue;
    if (last !== undefined) best.pop();
    best.splice(placeOf(scored, best, chunk), 0, { record, chunk });
  }
  return best;
}

/** @returns -1 where none was found */
function bestChunk(scored: Scored, from: number, to: number): number {
  let best = -1;
  for (let chunk = from; chunk < to; chunk++)
    if ((scored.scores[chunk] ?? -1) >= 0 && (best < 0 || order(scored, chunk, best) < 0))
      best = chunk;
  return best;
}

/** After all that are as good. */
function placeOf(scored: Scored, best: readonly RankedChunk[], chunk: number): number {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(scored, best[middle]?.chunk ?? 0, chunk) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Negative where a is better. */
function order({ scores, second }: Scored, a: number, b: number): number {
  return (scores[b] ?? 0) - (scores[a] ?? 0) || (second?.[b] ?? 0) - (second?.[a] ?? 0);
}
