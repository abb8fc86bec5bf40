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

  it('leaves out a leg that says nothing', () => {
    expect([...fuseScores([0, 0], [0.5, 0.5], 0.2)]).toEqual([0, 0]);
    expect([...fuseScores([3, 0], [0.5, 0.5], 0.25)]).toEqual([0.75, 0]);
    expect([...fuseScores([], [], 0.2)]).toEqual([]);
  });
});

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
