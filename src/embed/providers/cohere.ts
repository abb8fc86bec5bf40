/** Cohere's embeddings: documents and queries are told apart by `input_type`. The library is loaded when asked for. */
import type { EmbeddingModel } from '../model.ts';
import { fromAiSdk } from './ai-sdk.ts';
import { chooseModel, type ProviderSettings } from './catalogue.ts';
import { requireKey } from './require-key.ts';

/** Said, so that the library does not look into the environment. */
const BASE_URL = 'https://api.cohere.com/v2';
const MAX_TEXTS = 96;
/** Of embed-v4.0 for all inputs of a call together (Oracle's page on the model); more than 96 × 512 for those before. */
const MAX_BATCH_TOKENS = 128_000;

/** @throws ConfigError when the key is missing, or the model or its dimensions are not to be had */
export async function createCohereModel(settings: ProviderSettings): Promise<EmbeddingModel> {
  const { name, dimensions, asksForDimensions, known } = chooseModel(settings);
  const apiKey = requireKey(settings, 'COHERE_API_KEY');
  const { createCohere } = await import('@ai-sdk/cohere');
  const client = createCohere({ apiKey, baseURL: settings.baseUrl ?? BASE_URL });
  const shared = {
    // A text that is too long is refused and parked, not cut in silence.
    truncate: 'NONE',
    ...(asksForDimensions && { outputDimension: dimensions ?? 0 }),
  };
  return await fromAiSdk(client.embedding(name), {
    provider: 'cohere',
    dimensions,
    maxEmbeddingsPerCall: MAX_TEXTS,
    maxBatchTokens: MAX_BATCH_TOKENS,
    maxInputTokens: settings.maxInputTokens ?? known?.maxInputTokens ?? undefined,
    pricePerMillionTokens: known?.pricePerMillionTokens ?? undefined,
    providerOptions: {
      document: { cohere: { ...shared, inputType: 'search_document' } },
      query: { cohere: { ...shared, inputType: 'search_query' } },
    },
  });
}
