/** The embedded models by name, so that a space of an earlier one stays searchable. No key, no address, no call. */
import { ConfigError } from '../../errors/index.ts';
import { createEmbeddedModel, EMBEDDED_NAMES } from '../embedded/index.ts';
import type { EmbeddingModel } from '../model.ts';
import { chooseModel, type ProviderSettings } from './catalogue.ts';

/** @throws ConfigError when there is no such model, or not in these dimensions */
export async function createEvervecModel(settings: ProviderSettings): Promise<EmbeddingModel> {
  const wanted = settings.model ?? EMBEDDED_NAMES[0];
  const name = EMBEDDED_NAMES.find((one) => one === wanted);
  if (name === undefined)
    throw new ConfigError(`Provider evervec has no model "${wanted}".`, {
      remedy: `Use one of ${EMBEDDED_NAMES.join(', ')}.`,
      isUsage: true,
    });
  chooseModel(settings);
  return createEmbeddedModel(name);
}
