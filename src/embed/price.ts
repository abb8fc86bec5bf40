/** What a model costs: the one place that says so. */
import { isEmbedded } from './embedded/index.ts';
import type { EmbeddingModel } from './model.ts';

/**
 * @param configured `price` of the configuration, which goes before all else
 * @returns US dollars per million tokens: 0 for what is free, null where nobody knows
 */
export function priceOf(
  model: EmbeddingModel,
  configured: { readonly perMillionTokens: number } | undefined,
): number | null {
  if (configured !== undefined) return configured.perMillionTokens;
  return isEmbedded(model) ? 0 : (model.pricePerMillionTokens ?? null);
}
