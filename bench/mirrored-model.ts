/** Another model than the embedded one, of the same cost: its vectors read backwards, so that the two never match. */
import { createEmbeddedModel, type EmbeddingModel } from '../src/embed/index.ts';

export function mirroredModel(): EmbeddingModel {
  const embedded = createEmbeddedModel();
  return {
    ...embedded,
    provider: 'bench',
    modelId: 'mirrored',
    id: `bench/mirrored/${embedded.dimensions}`,
    async doEmbed(call) {
      const { embeddings, usage } = await embedded.doEmbed(call);
      return {
        embeddings: embeddings.map((vector) => Float32Array.from(vector).toReversed()),
        usage,
      };
    },
  };
}
