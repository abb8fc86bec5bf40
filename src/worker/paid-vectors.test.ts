import { expect, test } from 'vitest';
import { PaidVectors } from './paid-vectors.ts';

const vector = () => new Float32Array(256);

test('the oldest go when there is no room, and a text counts once', () => {
  const paid = new PaidVectors(3 * 1_024 + 100);
  for (const text of ['a', 'b', 'b', 'c']) paid.set(text, vector());
  expect(['a', 'b', 'c'].map((text) => paid.get(text) !== undefined)).toEqual([true, true, true]);
  paid.set('d', vector());
  expect(['a', 'b', 'd'].map((text) => paid.get(text) !== undefined)).toEqual([false, true, true]);
  paid.forget(['b', 'unknown']);
  paid.set('e', vector());
  expect(['c', 'd', 'e'].map((text) => paid.get(text) !== undefined)).toEqual([true, true, true]);
});

test('what another asks for right now is waited for, after one’s own', async () => {
  const paid = new PaidVectors();
  const { promise, resolve } = Promise.withResolvers<void>();
  const calls: string[][] = [];
  const embed = (until: Promise<void>) => async (own: string[]) => {
    calls.push(own);
    await until;
    for (const text of own) paid.set(text, vector());
  };
  const first = paid.share(['x', 'y'], embed(promise));
  let isDone = false;
  const second = paid.share(['y', 'z'], embed(Promise.resolve())).then(() => (isDone = true));
  await paid.share(['z'], embed(Promise.resolve()));
  expect(calls).toEqual([['x', 'y'], ['z']]);
  expect(isDone).toBe(false);
  resolve();
  await Promise.all([first, second]);
  expect(paid.get('y')).toBeDefined();
});

test('a call that fails fails its own, and the others go on without its answer', async () => {
  const paid = new PaidVectors();
  const first = paid.share(['x'], async () => {
    await Promise.resolve();
    throw new Error('down');
  });
  const second = paid.share(['x'], async () => {});
  await expect(first).rejects.toThrow('down');
  await second;
  expect(paid.get('x')).toBeUndefined();
});
