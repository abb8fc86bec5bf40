/**
 * Brings the two legs of a hybrid search onto one scale. Pure: the server and the browser rank with
 * the same function.
 */

/** Of a sample of this size the spread is trusted in full, of a smaller one in proportion. */
const FULL_SAMPLE = 200;
/** The standard deviation of what is normally distributed, from its median absolute deviation. */
const DEVIATION = 1.4826;
/** Spreads above the median from which a similarity counts, and from which it counts in full. */
const COUNTS_FROM = 1.5;
const COUNTS_FULL_FROM = 6;

/**
 * Weighted score fusion over the same n documents:
 * (1 − w) · lexical / max(lexical) + w · max(cosine − b, 0) / max(max(cosine) − b, 4.5 · spread), b = median + 1.5 · spread.
 *
 * The median takes away the similarity that any two texts have. The spread keeps a leg that tells nothing apart from having
 * a say: the most similar of some thousand unrelated texts is 3 to 4 spreads above their median, and 6 count in full. A leg
 * that says nothing (no lexical score above 0; all cosines alike) adds nothing. Measured in docs/quality.md; the same in SQL
 * is `evervec.search_sql`, where the median and the spread are of a sample.
 * @param lexical scores of the words' leg, 0 or more (n)
 * @param cosines of the vectors' leg, −1 to 1 (n): of all documents
 * @param vectorWeight w, 0 to 1: the model's `fusionWeight`
 * @param passing 0 for what a filter keeps out: it tells what is usual, but is not the best of anything (n); default: all pass
 * @returns scores, 0 to 1 of what passes (n)
 */
export function fuseScores(
  lexical: ArrayLike<number>,
  cosines: ArrayLike<number>,
  vectorWeight: number,
  passing?: ArrayLike<number>,
): Float64Array {
  const { from, span } = baselineOf(cosines, passing);
  let highest = 0;
  for (let i = 0; i < lexical.length; i++)
    if (passing?.[i] !== 0) highest = Math.max(highest, lexical[i] ?? 0);
  const lexicalScale = highest > 0 ? (1 - vectorWeight) / highest : 0;
  const vectorScale = span > 0 ? vectorWeight / span : 0;
  const fused = new Float64Array(lexical.length);
  for (let i = 0; i < fused.length; i++)
    fused[i] =
      (lexical[i] ?? 0) * lexicalScale + Math.max((cosines[i] ?? 0) - from, 0) * vectorScale;
  return fused;
}

/** From which cosine on one counts, and how much above that it counts in full. */
function baselineOf(
  cosines: ArrayLike<number>,
  passing: ArrayLike<number> | undefined,
): { from: number; span: number } {
  const values = Float64Array.from(cosines);
  let highest = -Infinity;
  for (let i = 0; i < values.length; i++)
    if (passing?.[i] !== 0) highest = Math.max(highest, values[i] ?? 0);
  const median = takeMedian(values);
  for (let i = 0; i < values.length; i++) values[i] = Math.abs((values[i] ?? 0) - median);
  const trust = Math.min(1, values.length / FULL_SAMPLE);
  const spread = DEVIATION * takeMedian(values) * trust;
  const from = median + COUNTS_FROM * spread;
  return { from, span: Math.max(highest - from, (COUNTS_FULL_FROM - COUNTS_FROM) * spread) };
}

/**
 * Reciprocal rank fusion: Σ over the legs of 1 / (k + rank), rank from 1, equal scores in the order
 * of the documents; a score of 0 or less is no rank. Right between legs of equal strength.
 *
 * Source: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet", 2009.
 * @param legs scores of each leg over the same documents (legs × n)
 * @param k default 60, as in the paper
 * @returns scores (n)
 */
export function fuseRanks(legs: readonly ArrayLike<number>[], k = 60): Float64Array {
  const fused = new Float64Array(legs[0]?.length ?? 0);
  for (const leg of legs) {
    const ranked = Array.from({ length: leg.length }, (_, i) => i)
      .filter((i) => (leg[i] ?? 0) > 0)
      .sort((a, b) => (leg[b] ?? 0) - (leg[a] ?? 0) || a - b);
    for (const [position, i] of ranked.entries())
      fused[i] = (fused[i] ?? 0) + 1 / (k + position + 1);
  }
  return fused;
}

/** Puts the values into another order. In a fused search this is most of the time, so they are not sorted for it. */
function takeMedian(values: Float64Array): number {
  const middle = values.length >> 1;
  if (values.length === 0) return 0;
  const upper = selectSmallest(values, middle);
  if (values.length % 2 === 1) return upper;
  let lower = -Infinity;
  for (let i = 0; i < middle; i++) lower = Math.max(lower, values[i] ?? 0);
  return (lower + upper) / 2;
}

/**
 * Moves the value that sorting would put at `place` there, and those that are not above it before it.
 *
 * Source: Hoare's "Find", 1961, with the median of three as pivot.
 */
function selectSmallest(values: Float64Array, place: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = medianOfThree(
      values[low] ?? 0,
      values[(low + high) >> 1] ?? 0,
      values[high] ?? 0,
    );
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] ?? 0) < pivot) i++;
      while ((values[j] ?? 0) > pivot) j--;
      if (i > j) break;
      const value = values[i] ?? 0;
      values[i++] = values[j] ?? 0;
      values[j--] = value;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return values[place] ?? 0;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
