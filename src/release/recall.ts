/** What int8 costs this content: measured when a release is built, and written into its manifest. */
import { recallOfQuantisation } from '../format/index.ts';

/** Exact search, once in floats and once in integers: some 0.2 s for this many. */
const MAX_VECTORS = 4_000;
const QUERIES = 32;
const NEAREST = 10;
const PARTS = 10_000;

/**
 * Every n-th vector asks, and all others (at most 4,000, every n-th of them) are searched: the same choice for the same content.
 * @param vectors as they are stored, of all chunks in the order of keys
 * @returns in 10,000ths, rounded down; undefined where there are too few to tell
 */
export function measureRecall(vectors: readonly Float32Array[]): number | undefined {
  if (vectors.length < NEAREST + QUERIES) return undefined;
  const askEvery = Math.floor(vectors.length / QUERIES);
  const isQuery = (i: number) => i % askEvery === 0 && i < askEvery * QUERIES;
  const queries = vectors.filter((_, i) => isQuery(i));
  const others = vectors.filter((_, i) => !isQuery(i));
  const step = Math.ceil(others.length / MAX_VECTORS);
  const searched = others.filter((_, i) => i % step === 0);
  return Math.floor(recallOfQuantisation(searched, queries, NEAREST) * PARTS);
}
