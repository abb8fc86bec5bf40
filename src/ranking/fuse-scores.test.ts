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
    expect(Array.from(fused, (score) => Number(score.toFixed(6)))).toEqual([0, 0, 0.2, 1]);
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
