/** A model that is far away: each call takes its time, and costs this machine next to nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import type { EmbeddingModel } from '../src/embed/index.ts';

const TEXTS_PER_CALL = 16;
const VECTOR = [1, 0, 0, 0, 0, 0, 0, 0];

export function distantModel(latencyMs: number): EmbeddingModel {
  return {
    provider: 'distant',
    modelId: 'distant',
    id: 'distant/distant@1',
    dimensions: VECTOR.length,
    maxEmbeddingsPerCall: TEXTS_PER_CALL,
    supportsParallelCalls: false,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    async doEmbed({ values }) {
      await wait(latencyMs);
      return { embeddings: values.map(() => VECTOR), usage: undefined };
    },
  };
}
