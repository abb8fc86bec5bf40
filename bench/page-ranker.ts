/** Ranks as a page does that has a release: BM25 built over its texts, int8 rows, the same fusion. */
import { encodeIndex, decodeIndex, quantiseQuery } from '../src/format/index.ts';
import { buildWordIndex, cosinesOf, createRowScorer, fuseScores } from '../src/ranking/index.ts';

/**
 * @param vectors as many as documents, all of one width
 * @returns a score for each document, in their order
 */
export function pageRanker(
  documents: readonly string[],
  vectors: readonly Float32Array[],
  fusionWeight: number,
): (query: string, vector: Float32Array) => Float64Array {
  const about = {
    source: 'documents',
    model: { id: 'bench', fingerprint: '' },
    fusionWeight,
    language: 'english',
  };
  // One record whose chunks are the documents, so that their order is kept.
  const chunks = documents.map((text, index) => ({
    index,
    text,
    start: 0,
    end: text.length,
    vector: vectors[index] ?? [],
  }));
  const bytes = encodeIndex(about, vectors[0]?.length ?? 0, [{ key: 'all', chunks }]);
  const index = decodeIndex(bytes);
  const words = buildWordIndex(index.chunkCount, (chunk) => [index.text(chunk)], about.language);
  const scorer = createRowScorer(index.vectors, index.paddedDimensions);
  return (query, vector) => {
    const { row, scale } = quantiseQuery(vector);
    const cosines = cosinesOf(scorer.dots(row), index.scales, scale);
    return fuseScores(words.scores(query), cosines, fusionWeight);
  };
}
