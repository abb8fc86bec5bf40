/** Models that an Ollama server runs: no key, and prefixes where a model was trained with some. */
import type { EmbeddingModel } from '../model.ts';
import { fromAiSdk } from './ai-sdk.ts';
import { chooseModel, type ProviderSettings } from './catalogue.ts';

const BASE_URL = 'http://127.0.0.1:11434';
/** The server takes any number; a call that ends in time is wanted. */
const MAX_TEXTS = 256;

/** @throws ProviderError when the server does not answer the call that finds the dimensions of an unknown model */
export async function createOllamaModel(settings: ProviderSettings): Promise<EmbeddingModel> {
  const { name, dimensions, known } = chooseModel(settings);
  const { createOllama } = await import('ollama-ai-provider-v2');
  const address = (settings.baseUrl ?? BASE_URL).replace(/\/+$/, '').replace(/\/api$/, '');
  const client = createOllama({ baseURL: `${address}/api` });
  // A text that is too long is refused and parked, not cut in silence.
  const options = { ollama: { truncate: false } };
  const stamp = known?.prefix === undefined ? '' : '/prefixed';
  return await fromAiSdk(client.embedding(name), {
    provider: 'ollama',
    dimensions,
    ...(dimensions !== undefined && { id: `ollama/${name}/${dimensions}${stamp}` }),
    maxEmbeddingsPerCall: MAX_TEXTS,
    maxInputTokens: settings.maxInputTokens ?? known?.maxInputTokens ?? undefined,
    prefix: known?.prefix,
    remedyWhenMissing: `Run "ollama pull ${name}" on the server; versions before 0.3.4 have no /api/embed.`,
    providerOptions: { document: options, query: options },
  });
}
