/**
 * Vectors as int8: one row of numbers from −127 to 127 and one scale each. The arithmetic is integers, one rounding and one division, so that every
 * machine and language gets the same bytes. Also measures what that loses.
 */
import { FormatError } from '../errors/index.ts';

/** Rows are padded with zeros to a multiple of this, the lanes of a SIMD register. */
export const ROW_STEP = 16;
const HIGHEST = 127;

export interface Quantised {
  /** (padded dimensions) */
  readonly row: Int8Array;
  /** `row[i] * scale` is the vector brought to length 1; 0 for a vector of zeros. 32-bit float. */
  readonly scale: number;
}

export function paddedDimensions(dimensions: number): number {
  return Math.ceil(dimensions / ROW_STEP) * ROW_STEP;
}

/**
 * `row[i] = floor(v[i] / max|v| · 127 + 0.5)` in 64-bit floats, left to right; `scale = 1 / √Σ row²`, rounded to 32 bits. So the
 * dot product of two rows times both scales is their cosine, whatever the length of the vectors was.
 * @param vector finite numbers, at least one
 * @throws FormatError when a number is not finite
 */
export function quantise(vector: ArrayLike<number>): Quantised {
  const row = new Int8Array(paddedDimensions(vector.length));
  round(vector, row, HIGHEST);
  return { row, scale: scaleOf(row) };
}

function round(vector: ArrayLike<number>, into: Int8Array | Int16Array, limit: number): void {
  let highest = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] ?? 0;
    if (!Number.isFinite(value))
      throw new FormatError('vector', `number ${i} is not finite`, { isUsage: true });
    highest = Math.max(highest, Math.abs(value));
  }
  if (highest > 0)
    for (let i = 0; i < vector.length; i++)
      into[i] = Math.floor(((vector[i] ?? 0) / highest) * limit + 0.5);
}

export interface QuantisedQuery {
  /** (padded dimensions) */
  readonly row: Int16Array;
  /** `row[i] * scale` is the vector brought to length 1; 0 for a vector of zeros. */
  readonly scale: number;
}

/**
 * A query as 16-bit numbers: there is one of it, so the other byte costs nothing and gives back a part of what int8 rows lose. Its largest number is
 * 32,767, or less where the sum of a dot product with a row of int8 could pass 31 bits.
 * @throws FormatError when a number is not finite
 */
export function quantiseQuery(vector: ArrayLike<number>): QuantisedQuery {
  const row = new Int16Array(paddedDimensions(vector.length));
  const limit = Math.min(0x7fff, Math.floor(0x7fff_ffff / (128 * row.length)));
  round(vector, row, limit);
  const length = lengthOf(row);
  return { row, scale: length === 0 ? 0 : 1 / length };
}

/** The 32-bit float that brings a row to length 1. */
export function scaleOf(row: Int8Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += (row[i] ?? 0) ** 2;
  return sum === 0 ? 0 : Math.fround(1 / Math.sqrt(sum));
}

/**
 * Of the k nearest by cosine among float vectors, the share that the int8 rows find too: the mean over the queries. Exact search in both.
 * @param vectors at least k; queries at least one, all of the same dimensions
 * @param k default 10
 * @returns 0 to 1
 */
export function recallOfQuantisation(
  vectors: readonly ArrayLike<number>[],
  queries: readonly ArrayLike<number>[],
  k = 10,
): number {
  const rows = vectors.map(quantise);
  const lengths = vectors.map(lengthOf);
  let found = 0;
  for (const query of queries) {
    const asked = quantiseQuery(query);
    const exact = nearest(vectors, k, (v, i) => dot(v, query) / (lengths[i] || 1));
    const rounded = new Set(nearest(rows, k, ({ row, scale }) => dot(row, asked.row) * scale));
    found += exact.filter((i) => rounded.has(i)).length;
  }
  return found / (queries.length * Math.min(k, vectors.length));
}

function nearest<T>(items: readonly T[], k: number, scoreOf: (item: T, i: number) => number) {
  const scores = Float64Array.from(items, scoreOf);
  return Array.from(scores.keys())
    .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
    .slice(0, k);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Exact but for the root where the numbers are integers. */
function lengthOf(vector: ArrayLike<number>): number {
  return Math.sqrt(dot(vector, vector));
}
