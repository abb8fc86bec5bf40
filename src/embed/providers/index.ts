/** From what the configuration says to a model that can be called. Libraries are loaded for the chosen provider only. */
import { createEmbeddedModel } from '../embedded/index.ts';
import type { EmbeddingModel } from '../model.ts';
import { type AiSdkModel, fromAiSdk } from './ai-sdk.ts';
import type { ProviderName, ProviderSettings } from './catalogue.ts';
import { createCohereModel } from './cohere.ts';
import { createEvervecModel } from './evervec.ts';
import { createOllamaModel } from './ollama.ts';
import { createCompatibleModel, createOpenAIModel } from './openai.ts';

export { type AiSdkChoices, type AiSdkModel, fromAiSdk } from './ai-sdk.ts';
export { KNOWN_MODELS, type KnownModel, PROVIDERS, type ProviderSettings } from './catalogue.ts';

export type ModelChoice = 'embedded' | ProviderSettings | AiSdkModel | EmbeddingModel;

const FACTORIES: Record<ProviderName, (settings: ProviderSettings) => Promise<EmbeddingModel>> = {
  evervec: createEvervecModel,
  openai: createOpenAIModel,
  'openai-compatible': createCompatibleModel,
  cohere: createCohereModel,
  ollama: createOllamaModel,
};

/** @throws ConfigError when it can't be had as told; ProviderError when a call is needed for its width and fails */
export async function resolveModel(choice: ModelChoice = 'embedded'): Promise<EmbeddingModel> {
  if (choice === 'embedded') return createEmbeddedModel();
  if (isSettings(choice)) return await FACTORIES[choice.provider](choice);
  return 'specificationVersion' in choice ? await fromAiSdk(choice) : choice;
}

/** Whether a model is told by the name of its provider. */
export function isSettings(choice: ModelChoice | undefined): choice is ProviderSettings {
  return typeof choice === 'object' && !('doEmbed' in choice);
}
