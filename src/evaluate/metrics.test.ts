import { describe, expect, it } from 'vitest';
import { ndcg, recall, reciprocalRank } from './metrics.ts';

/** Discounts of the ranks 1 to 4: 1 / log₂(rank + 1). */
const D = [1, 0.6309297535714575, 0.5, 0.43067655807339306] as const;

describe('ndcg', () => {
  it('is the discounted gain over the best there could be', () => {
    // The example that the measure is usually explained with: gains 3 2 3 0 1 2, and 3 2 as well elsewhere.
    const judged = new Map(Object.entries({ a: 3, b: 2, c: 3, d: 0, e: 1, f: 2, g: 3, h: 2 }));
    expect(ndcg(['a', 'b', 'c', 'd', 'e', 'f'], judged, 6)).toBeCloseTo(6.861127 / 8.740262, 6);
  });

  it('has linear gains, and what is not judged has none', () => {
    const judged = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    expect(ndcg(['x', 'a', 'b'], judged, 10)).toBeCloseTo(
      (1 * D[1] + 2 * D[2]) / (2 * D[0] + 1 * D[1]),
      12,
    );
    expect(ndcg(['b', 'a'], judged, 10)).toBe(1);
  });

  it('looks at the first ranks only, in what was found and in the best order', () => {
    const judged = new Map([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    expect(ndcg(['x', 'a', 'b'], judged, 2)).toBeCloseTo(D[1] / (D[0] + D[1]), 12);
    expect(ndcg(['x', 'y', 'a'], judged, 2)).toBe(0);
    expect(ndcg(['a'], judged, 3)).toBeCloseTo(D[0] / (D[0] + D[1] + D[2]), 12);
  });

  it('takes a gain below 0 as none', () => {
    const judged = new Map([
      ['a', -2],
      ['b', 1],
    ]);
    expect(ndcg(['a', 'b'], judged, 10)).toBeCloseTo(D[1], 12);
  });

  it('is 0 where nothing was found or nothing is relevant', () => {
    expect(ndcg([], new Map([['a', 1]]), 10)).toBe(0);
    expect(ndcg(['a'], new Map([['a', 0]]), 10)).toBe(0);
    expect(ndcg(['a'], new Map(), 10)).toBe(0);
  });
});

describe('recall', () => {
  it('is the part of the relevant that was found within the depth', () => {
    const judged = new Map([
      ['a', 2],
      ['b', 1],
      ['c', 1],
      ['d', 0],
      ['e', -1],
    ]);
    expect(recall(['d', 'a', 'x', 'b'], judged, 100)).toBeCloseTo(2 / 3, 12);
    expect(recall(['d', 'a', 'x', 'b'], judged, 3)).toBeCloseTo(1 / 3, 12);
    expect(recall(['d', 'e'], judged, 100)).toBe(0);
    expect(recall(['a'], new Map(), 100)).toBe(0);
  });
});

describe('reciprocalRank', () => {
  const judged = new Map([
    ['a', 1],
    ['b', 3],
    ['c', 0],
  ]);

  it('is of the first relevant one, however good it is', () => {
    expect(reciprocalRank(['a', 'b'], judged, 10)).toBe(1);
    expect(reciprocalRank(['x', 'c', 'b', 'a'], judged, 10)).toBe(1 / 3);
  });

  it('is 0 where none is among the first', () => {
    expect(reciprocalRank(['x', 'y', 'a'], judged, 2)).toBe(0);
    expect(reciprocalRank(['c'], judged, 10)).toBe(0);
    expect(reciprocalRank([], judged, 10)).toBe(0);
  });
});
