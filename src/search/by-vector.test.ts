import { expect, it } from 'vitest';
import type { Connection } from '../database/index.ts';
import { SearchRequestError } from '../errors/index.ts';
import { searchByVector } from './by-vector.ts';

it.each([
  ['nothing', []],
  ['no number', [1, Number.NaN]],
  ['more than pgvector takes', Array.from({ length: 16_001 }, () => 1)],
  ['more than can be sent', Array.from({ length: 40_000 }, () => 1)],
])('refuses a vector of %s, and asks no database', async (_, vector) => {
  const nobody = {} as Connection;
  await expect(searchByVector(nobody, { vector, source: 'items' })).rejects.toThrow(
    SearchRequestError,
  );
});
