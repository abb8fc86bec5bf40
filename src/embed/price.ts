/** What a model costs: the one place that says so. */
import { isEmbedded } from './embedded/index.ts';
import type { EmbeddingModel } from './model.ts';

/** An estimate, in US dollars; what was really spent is summed by the database, exactly. */
export function moneyFor(tokens: number, price: number | null): number | null {
  return price === null ? null : (tokens / 1e6) * price;
}

/**
 * @param configured `price` of the configuration; goes before the list price, and is not of the embedded models
 * @returns US dollars per million tokens: 0 for what is free, null where nobody knows
 */
export function priceOf(
  model: EmbeddingModel,
  configured: { readonly perMillionTokens: number } | undefined,
): number | null {
  if (isEmbedded(model)) return 0;
  return configured?.perMillionTokens ?? model.pricePerMillionTokens ?? null;
}
