/** A model for tests: deterministic, instant, some numbers from a digest of the text. Counts its calls. */
import { createHash } from 'node:crypto';
import type { EmbeddingModel } from '../../src/embed/index.ts';

export interface DigestModel extends EmbeddingModel {
  /** Texts that were embedded, in order. */
  readonly texts: string[];
}

/** @param dimensions 1 to 32: a model of another width gives other vectors, too */
export function createDigestModel(dimensions = 8): DigestModel {
  const texts: string[] = [];
  return {
    provider: 'test',
    modelId: 'digest',
    id: `test/digest@${dimensions}`,
    dimensions,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    texts,
    doEmbed: async ({ values }) => {
      texts.push(...values);
      return { embeddings: values.map((value) => digest(value, dimensions)), usage: undefined };
    },
  };
}

function digest(text: string, dimensions: number): number[] {
  const seed = dimensions === 8 ? '' : `${dimensions}:`;
  const bytes = createHash('sha256').update(`${seed}${text}`).digest();
  return Array.from({ length: dimensions }, (_, index) => (bytes[index] ?? 0) - 127.5);
}
