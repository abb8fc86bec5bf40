/** OpenAI's embeddings, and those of servers that speak its wire format. The library is loaded when asked for. */
import { ConfigError } from '../../errors/index.ts';
import type { EmbeddingModel } from '../model.ts';
import { fromAiSdk } from './ai-sdk.ts';
import { base64Fetch } from './base64.ts';
import { chooseModel, type ProviderSettings } from './catalogue.ts';
import { requireKey } from './require-key.ts';

/** Said, so that the library does not look into the environment. */
const BASE_URL = 'https://api.openai.com/v1';
/** Both from the API reference of "Create embeddings", read in November 2026. */
const MAX_TEXTS = 2_048;
const MAX_BATCH_TOKENS = 300_000;
/** The smallest that a common server allows by default (TEI). */
const COMPATIBLE_MAX_TEXTS = 32;
/** The library wants a key, and such servers ignore one. */
const NO_KEY = 'none';

/** @throws ConfigError when the key is missing, or the model or its dimensions are not to be had */
export async function createOpenAIModel(settings: ProviderSettings): Promise<EmbeddingModel> {
  const { name, dimensions, asksForDimensions, known } = chooseModel(settings);
  const apiKey = requireKey(settings, 'OPENAI_API_KEY');
  const { createOpenAI } = await import('@ai-sdk/openai');
  const baseURL = settings.baseUrl ?? BASE_URL;
  const client = createOpenAI({ apiKey, baseURL, fetch: base64Fetch() });
  const options = { openai: asksForDimensions ? { dimensions: dimensions ?? 0 } : {} };
  return await fromAiSdk(client.embedding(name), {
    provider: 'openai',
    dimensions,
    maxEmbeddingsPerCall: MAX_TEXTS,
    maxBatchTokens: MAX_BATCH_TOKENS,
    maxInputTokens: settings.maxInputTokens ?? known?.maxInputTokens ?? undefined,
    pricePerMillionTokens: known?.pricePerMillionTokens ?? undefined,
    providerOptions: { document: options, query: options },
  });
}

/**
 * A server of one's own: LM Studio, vLLM, TEI and others. `dimensions` says what it answers; it is not asked for it.
 * @throws ConfigError when its address or the model is not told; ProviderError when it does not answer the call that
 *   finds the dimensions
 */
export async function createCompatibleModel(settings: ProviderSettings): Promise<EmbeddingModel> {
  const { name, dimensions } = chooseModel(settings);
  const { baseUrl, apiKey } = settings;
  if (baseUrl === undefined)
    throw new ConfigError('Provider openai-compatible needs the address of the server.', {
      remedy: 'Set baseUrl or OPENAI_BASE_URL, for example http://127.0.0.1:1234/v1.',
      isUsage: true,
    });
  const { createOpenAI } = await import('@ai-sdk/openai');
  const client = createOpenAI({
    apiKey: apiKey ?? NO_KEY,
    baseURL: baseUrl,
    // Not every such server knows it; what comes unasked is taken.
    fetch: base64Fetch(false),
  });
  return await fromAiSdk(client.embedding(name), {
    provider: 'openai-compatible',
    dimensions,
    maxEmbeddingsPerCall: COMPATIBLE_MAX_TEXTS,
    maxInputTokens: settings.maxInputTokens,
  });
}
