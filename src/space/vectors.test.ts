import { expect, it } from 'vitest';
import { decodeHalves, encodeVector, toHalf } from './vectors.ts';

function sent(half: number): Uint8Array {
  return Uint8Array.of(0, 1, 0, 0, half >>> 8, half & 0xff);
}

it('reads every half as the number that is written as it', () => {
  const wrong: number[] = [];
  for (let half = 0; half < 0x1_0000; half++) {
    const [number = Number.NaN] = decodeHalves(sent(half));
    const isNaNHalf = (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;
    if (isNaNHalf ? !Number.isNaN(number) : toHalf(number) !== half) wrong.push(half);
  }
  expect(wrong).toEqual([]);
  expect(
    [0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555].map((half) => decodeHalves(sent(half))[0]),
  ).toEqual([1, -2, 2 ** -24, 65_504, Math.fround(0.333251953125)]);
});

it('writes a vector as pgvector sends it', () => {
  const sent = encodeVector([1, -0.5]);
  expect(sent.toString('hex')).toBe('000200003f800000bf000000');
  // Of a view into a larger one its own numbers.
  expect(encodeVector(Float32Array.of(9, 1, -0.5).subarray(1))).toEqual(sent);
});
