/** A model for tests: deterministic, instant, eight numbers from a digest of the text. Counts its calls. */
import { createHash } from 'node:crypto';
import type { EmbeddingModel } from '../../src/embed/index.ts';

export interface DigestModel extends EmbeddingModel {
  /** Texts that were embedded, in order. */
  readonly texts: string[];
}

export function createDigestModel(): DigestModel {
  const texts: string[] = [];
  return {
    provider: 'test',
    modelId: 'digest',
    id: 'test/digest@8',
    dimensions: 8,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    texts,
    doEmbed: async ({ values }) => {
      texts.push(...values);
      return { embeddings: values.map(digest), usage: undefined };
    },
  };
}

function digest(text: string): number[] {
  const bytes = createHash('sha256').update(text).digest();
  return Array.from({ length: 8 }, (_, index) => (bytes[index] ?? 0) - 127.5);
}
