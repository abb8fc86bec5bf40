/** The arithmetic of a halt: networks told apart by bits, and what is made of them. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { distinct, verdictOf } from './health.ts';

/** Bits that so many networks set. */
function bitsOf(from: number, count: number): Set<number> {
  const bits = Array.from(
    { length: count },
    (_, i) =>
      createHash('sha256')
        .update(`network ${from + i}`)
        .digest()
        .readUInt16BE(0) % 4_096,
  );
  return new Set(bits);
}

it('counts networks to a few in a hundred, until there are too many', () => {
  expect(distinct(0)).toBe(0);
  for (const count of [1, 5, 20])
    expect(Math.abs(distinct(bitsOf(0, count).size) - count)).toBeLessThan(1);
  for (const count of [200, 1_000, 5_000, 20_000])
    expect(Math.abs(distinct(bitsOf(0, count).size) / count - 1)).toBeLessThan(0.05);
  expect(distinct(4_096)).toBe(Infinity);
});

it('halts for many and a great share alone, whatever the numbers', () => {
  const rule = { halt: true, minimum: 20, share: 0.2, windowHours: 24 };
  const verdict = (failing: number, fine: number, reports = { reports: 0, failures: 0 }) =>
    verdictOf(
      {
        installed: bitsOf(0, fine).size,
        tried: new Set([...bitsOf(0, fine), ...bitsOf(1_000_000, failing)]).size,
        ...reports,
      },
      rule,
    );
  expect(verdict(19, 0).isFailing).toBe(false);
  expect(verdict(20, 0)).toEqual({ isFailing: true, failing: 20, tried: 20 });
  expect(verdict(22, 70).isFailing).toBe(true);
  expect(verdict(22, 150).isFailing).toBe(false);
  expect(verdict(0, 10_000).isFailing).toBe(false);
  expect(verdict(300, 10_000).isFailing).toBe(false);
  expect(verdict(4_000, 8_000).isFailing).toBe(true);
  // Too many to tell apart: by what was reported.
  expect(verdict(50_000, 50_000, { reports: 100_000, failures: 50_000 }).isFailing).toBe(true);
  expect(verdict(5_000, 100_000, { reports: 105_000, failures: 5_000 }).isFailing).toBe(false);
  expect(verdictOf({ tried: 0, installed: 0, reports: 0, failures: 0 }, rule).isFailing).toBe(
    false,
  );
});
