/** The best of many scores, without sorting them all. */

/**
 * @param scores none is NaN (n)
 * @param k at most as many are given
 * @param above only scores above this count; default: all
 * @returns places of the best, best first; equal ones in the order of their places
 */
export function topK(scores: ArrayLike<number>, k: number, above = -Infinity): number[] {
  const best: number[] = [];
  if (k < 1) return best;
  let least = above;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? 0;
    if (score <= least) continue;
    if (best.length === k) best.pop();
    best.splice(placeOf(best, scores, score), 0, i);
    if (best.length === k) least = scores[best[k - 1] ?? 0] ?? 0;
  }
  return best;
}

/** After all that are as good. */
function placeOf(best: readonly number[], scores: ArrayLike<number>, score: number): number {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((scores[best[middle] ?? 0] ?? 0) >= score) low = middle + 1;
    else high = middle;
  }
  return low;
}
