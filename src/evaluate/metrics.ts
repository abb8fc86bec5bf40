/**
 * How good a ranking is, given what was judged: trec_eval's nDCG and recall, and the reciprocal rank. Pure.
 *
 * A ranking is a list of document ids, the best first, each at most once. Judgements are document id → gain, as judged;
 * a gain of 0 or less is not relevant.
 */

export type Judgements = ReadonlyMap<string, number>;

/**
 * Normalised discounted cumulative gain: Σ gain / log₂(rank + 1) over the first `depth` ranks, divided by the same sum
 * for the best order that the judgements allow. Gains are linear, as in trec_eval's `ndcg_cut`.
 * @returns 0 to 1; 0 where nothing is relevant
 */
export function ndcg(ranking: readonly string[], judged: Judgements, depth: number): number {
  const best = [...judged.values()].sort((a, b) => b - a);
  const ideal = discountedGain(best, depth);
  if (ideal === 0) return 0;
  const gains = ranking.map((id) => judged.get(id) ?? 0);
  return discountedGain(gains, depth) / ideal;
}

/**
 * The part of the relevant documents that is among the first `depth`: trec_eval's `recall`.
 * @returns 0 to 1; 0 where nothing is relevant
 */
export function recall(ranking: readonly string[], judged: Judgements, depth: number): number {
  const relevant = [...judged.values()].filter((gain) => gain > 0).length;
  if (relevant === 0) return 0;
  const found = ranking.slice(0, depth).filter((id) => (judged.get(id) ?? 0) > 0).length;
  return found / relevant;
}

/**
 * 1 / rank of the first relevant document among the first `depth`: its mean over queries is the MRR, as of MS MARCO.
 * @returns 0 to 1; 0 where none is among them
 */
export function reciprocalRank(
  ranking: readonly string[],
  judged: Judgements,
  depth: number,
): number {
  const at = ranking.slice(0, depth).findIndex((id) => (judged.get(id) ?? 0) > 0);
  return at < 0 ? 0 : 1 / (at + 1);
}

function discountedGain(gains: readonly number[], depth: number): number {
  return gains
    .slice(0, depth)
    .reduce((sum, gain, i) => sum + Math.max(gain, 0) / Math.log2(i + 2), 0);
}
