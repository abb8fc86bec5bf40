import { expect, test } from 'vitest';
import { AnswerCache } from './answer-cache.ts';

function manual() {
  let now = 1_000;
  return { now: () => now, sleep: async () => {}, pass: (ms: number) => void (now += ms) };
}

test('keeps the answers that were used last, for their time', () => {
  const clock = manual();
  const cache = new AnswerCache({ entries: 2, ttlSeconds: 10, clock });
  cache.set('a', 'A');
  cache.set('b', 'B');
  expect(cache.get('a')).toBe('A');
  cache.set('c', 'C');
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', null, 'C']);
  clock.pass(9_999);
  expect(cache.get('a')).toBe('A');
  clock.pass(1);
  expect([cache.get('a'), cache.get('c')]).toEqual([null, null]);
  expect(cache.stats).toEqual({ hits: 4, misses: 3, bypassed: 0, entries: 0, bytes: 0 });
});

test('keeps no more bytes than it may', () => {
  const cache = new AnswerCache({ entries: 1_000, maxBytes: 32_000 });
  for (let n = 0; n < 100; n++) {
    cache.set(`key ${n}`, 'x'.repeat(900));
    expect(cache.stats.bytes).toBeLessThanOrEqual(32_000);
  }
  expect(cache.stats.entries).toBe(17);
  cache.set('key 99', 'short');
  expect(cache.get('key 99')).toBe('short');
  cache.set('key 99', 'x'.repeat(1_000));
  expect(cache.get('key 99')).toBe(null);
});
