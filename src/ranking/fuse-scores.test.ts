import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuseRanks, fuseScores } from './fuse-scores.ts';

describe('fuseScores', () => {
  it('adds the shares of both legs, the vectors above their median only', () => {
    const fused = fuseScores([4, 2, 0], [0.1, 0.3, 0.9], 0.2);
    expect(fused[0]).toBeCloseTo(0.8, 12);
    expect(fused[1]).toBeCloseTo(0.4, 12);
    expect(fused[2]).toBeCloseTo(0.2, 12);
  });

  it('takes the mean of the middle two as the median of an even number', () => {
    const fused = fuseScores([0, 0, 0, 0], [0, 0.2, 0.4, 0.8], 1);
    const from = 0.3 + 1.5 * (0.2 * 1.4826 * (4 / 200));
    expect(fused[0]).toBe(0);
    expect(fused[1]).toBe(0);
    expect(fused[2]).toBeCloseTo((0.4 - from) / (0.8 - from), 12);
    expect(fused[3]).toBe(1);
  });

  it('gives vectors that stand out full weight, and what chance has next to none', () => {
    // 1,001 cosines of which half are within .1 of 0: a spread of .14826.
    const cosines = Array.from({ length: 1_001 }, (_, i) => (i - 500) / 2_500);
    const lexical = cosines.map(() => 0);
    const spread = 0.1 * 1.4826;
    const chance = fuseScores(lexical, cosines, 1);
    expect(Math.max(...chance)).toBe(Math.max(0, (0.2 - 1.5 * spread) / (4.5 * spread)));
    const found = fuseScores(lexical, [...cosines.slice(1), 0.95], 1);
    expect(found.at(-1)).toBeCloseTo(1, 12);
    const halfWay = fuseScores(lexical, [...cosines.slice(1), 3.75 * spread], 1);
    expect(halfWay.at(-1)).toBeCloseTo(0.5, 2);
  });

  it('is one leg alone at weight 0 and at weight 1', () => {
    expect([...fuseScores([1, 2], [0.5, 0.1], 0)]).toEqual([0.5, 1]);
    expect([...fuseScores([1, 2], [0.5, 0.1], 1)]).toEqual([1, 0]);
  });

  it('gives what sorting for the medians gives, to the bit', () => {
    const cosine = fc.oneof(
      fc.constantFrom(-1, 0, 0.1, 1),
      fc.double({ min: -1, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(cosine, { maxLength: 300, size: 'max' }), (cosines) => {
        const lexical = cosines.map(() => 0);
        expect([...fuseScores(lexical, cosines, 1)]).toEqual(vectorLegBySorting(cosines));
      }),
    );
  });

  it('leaves out a leg that says nothing', () => {
    expect([...fuseScores([0, 0], [0.5, 0.5], 0.2)]).toEqual([0, 0]);
    expect([...fuseScores([3, 0], [0.5, 0.5], 0.25)]).toEqual([0.75, 0]);
    expect([...fuseScores([], [], 0.2)]).toEqual([]);
  });
});

function vectorLegBySorting(cosines: readonly number[]): number[] {
  const medianOf = (values: readonly number[]) => {
    const sorted = values.toSorted((a, b) => a - b);
    const upper = sorted[sorted.length >> 1] ?? 0;
    return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? 0) + upper) / 2;
  };
  const median = medianOf(cosines);
  const deviation = medianOf(cosines.map((cosine) => Math.abs(cosine - median)));
  const spread = 1.4826 * deviation * Math.min(1, cosines.length / 200);
  const from = median + 1.5 * spread;
  const span = Math.max(Math.max(...cosines) - from, 4.5 * spread);
  const scale = span > 0 ? 1 / span : 0;
  return cosines.map((cosine) => Math.max(cosine - from, 0) * scale);
}

describe('fuseRanks', () => {
  it('sums the reciprocals of the ranks', () => {
    const fused = fuseRanks([
      [3, 2, 1],
      [1, 3, 2],
    ]);
    expect([...fused]).toEqual([1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62]);
  });

  it('gives no rank for no score, and ranks equals in order', () => {
    expect([...fuseRanks([[0, -1, 2]], 1)]).toEqual([0, 0, 0.5]);
    expect([...fuseRanks([[5, 5]], 1)]).toEqual([1 / 2, 1 / 3]);
    expect([...fuseRanks([])]).toEqual([]);
  });
});
