/**
 * The model that is always there: no download, no key, no dependency, the same in Node and in the
 * browser. It is lexical: it finds words, their forms and misspellings, and knows no synonyms
 * (docs/embedded-model.md).
 */
import type { EmbedCall, EmbeddingModel } from '../model.ts';
import { EMBEDDED_DIMENSIONS, embedText } from './embed-text.ts';

/** Raise it with every change that changes a bit of any vector: it makes a new space. */
const VERSION = 1;
const MODEL_ID = 'hashed-words';
/** A call blocks its thread: this many bytes take about 20 ms. */
const MAX_BATCH_BYTES = 256 * 1024;
/** UTF-16 units after which a call lets other work of its thread go first. */
const UNITS_BETWEEN_PAUSES = 64 * 1024;

const PROVIDER = 'evervec';

/** Whether a model is this one, of any version: its calls cost nothing but time. */
export function isEmbedded(model: EmbeddingModel): boolean {
  return model.provider === PROVIDER;
}

/** 384 dimensions, no limit to a text's length, no usage to bill; documents and queries alike. */
export function createEmbeddedModel(): EmbeddingModel {
  let unitsSincePause = 0;
  async function doEmbed({ values, abortSignal }: EmbedCall) {
    const embeddings: Float32Array[] = [];
    for (const value of values) {
      if (unitsSincePause > UNITS_BETWEEN_PAUSES) {
        unitsSincePause = 0;
        await new Promise((resolve) => setTimeout(resolve, 0));
        abortSignal?.throwIfAborted();
      }
      unitsSincePause += value.length;
      embeddings.push(embedText(value));
    }
    return { embeddings, usage: undefined };
  }
  return {
    provider: PROVIDER,
    modelId: MODEL_ID,
    id: `${PROVIDER}/${MODEL_ID}@${VERSION}/${EMBEDDED_DIMENSIONS}`,
    dimensions: EMBEDDED_DIMENSIONS,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: false,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: MAX_BATCH_BYTES,
    fusionWeight: 0.2,
    doEmbed,
  };
}
