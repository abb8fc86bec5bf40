/** From what the configuration says to a model that can be called. Libraries are loaded for the chosen provider only. */
import { createEmbeddedModel } from '../embedded/index.ts';
import type { EmbeddingModel } from '../model.ts';
import { type AiSdkModel, fromAiSdk } from './ai-sdk.ts';
import { chooseModel, type ProviderName, type ProviderSettings } from './catalogue.ts';
import { createCohereModel } from './cohere.ts';
import { createEvervecModel } from './evervec.ts';
import { createOllamaModel } from './ollama.ts';
import { createCompatibleModel, createOpenAIModel } from './openai.ts';

export { type AiSdkChoices, type AiSdkModel, fromAiSdk } from './ai-sdk.ts';
export {
  DTYPES,
  KNOWN_MODELS,
  type KnownModel,
  POOLINGS,
  PROVIDERS,
  type ProviderSettings,
} from './catalogue.ts';

export { type SupabaseSession, supabaseModel } from './supabase.ts';

export type ModelChoice = 'embedded' | ProviderSettings | AiSdkModel | EmbeddingModel;

const FACTORIES: Record<ProviderName, (settings: ProviderSettings) => Promise<EmbeddingModel>> = {
  evervec: createEvervecModel,
  openai: createOpenAIModel,
  'openai-compatible': createCompatibleModel,
  cohere: createCohereModel,
  ollama: createOllamaModel,
  // It needs threads and files, which not every place has that this is loaded in.
  transformers: async (settings) =>
    await (await import('./transformers.ts')).createTransformersModel(settings),
};

/**
 * @param dimensions where they are known from elsewhere and not told by `choice`: no call is needed then
 * @throws ConfigError when it can't be had as told; ProviderError when a call is needed for its width and fails
 */
export async function resolveModel(
  choice: ModelChoice = 'embedded',
  dimensions?: number,
): Promise<EmbeddingModel> {
  if (choice === 'embedded') return createEmbeddedModel();
  if (isSettings(choice))
    return await FACTORIES[choice.provider]({
      ...choice,
      dimensions: choice.dimensions ?? dimensions,
    });
  return 'specificationVersion' in choice ? await fromAiSdk(choice, { dimensions }) : choice;
}

/** A model whose width is known by nobody but those who called it before. */
export interface Unmeasured {
  provider: string;
  modelId: string;
}

/**
 * @returns null where the width is told or known
 * @throws ConfigError where there is no such model
 */
export function unmeasured(choice: ModelChoice = 'embedded'): Unmeasured | null {
  if (choice === 'embedded') return null;
  if (isSettings(choice)) {
    const { name, dimensions } = chooseModel(choice);
    return dimensions === undefined ? { provider: choice.provider, modelId: name } : null;
  }
  return 'specificationVersion' in choice && !('dimensions' in choice) ? choice : null;
}

/** What another program needs to ask for the same model: never a secret. */
export type ModelSettings = 'embedded' | Omit<ProviderSettings, 'apiKey'>;

/** Null where the model is an object. */
export function settingsOf(choice: ModelChoice = 'embedded'): ModelSettings | null {
  if (choice === 'embedded') return choice;
  if (!isSettings(choice)) return null;
  const { apiKey: _, baseUrl, ...settings } = choice;
  // An address may carry a name and a password, which are secrets like the key.
  const hasSecret = baseUrl !== undefined && /\/\/[^/]*@/.test(baseUrl);
  return { ...settings, ...(baseUrl !== undefined && !hasSecret && { baseUrl }) };
}

/** Whether a model is told by the name of its provider. */
export function isSettings(choice: ModelChoice | undefined): choice is ProviderSettings {
  return typeof choice === 'object' && !('doEmbed' in choice);
}
