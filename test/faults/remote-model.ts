/** A model whose calls go to a `ModelServer`: what a provider's client is to a worker. */
import type { EmbeddingModel } from '../../src/embed/index.ts';
import { WIDTH } from './model-server.ts';

export function createRemoteModel(url: string): EmbeddingModel {
  return {
    provider: 'remote',
    modelId: 'digest',
    id: `remote/digest@${WIDTH}`,
    dimensions: WIDTH,
    maxEmbeddingsPerCall: 50,
    supportsParallelCalls: true,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    doEmbed: async ({ values, abortSignal }) => {
      const response = await fetch(url, {
        method: 'POST',
        body: JSON.stringify(values),
        ...(abortSignal && { signal: abortSignal }),
      });
      if (!response.ok)
        throw Object.assign(new Error('the provider refused'), {
          statusCode: response.status,
          responseHeaders: Object.fromEntries(response.headers),
        });
      // JSON knows no NaN; clients that parse by hand do.
      const answer = JSON.parse(await response.text(), (_, value: unknown) =>
        value === 'NaN' ? Number.NaN : value,
      ) as { embeddings: number[][] };
      return { embeddings: answer.embeddings, usage: undefined };
    },
  };
}
