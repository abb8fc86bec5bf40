/** A provider's key, or a clear word that it is missing. Shows no part of it. */
import { ConfigError } from '../../errors/index.ts';
import type { ProviderSettings } from './catalogue.ts';

export function requireKey({ provider, apiKey }: ProviderSettings, variable: string): string {
  if (apiKey === undefined || apiKey.trim() === '')
    throw new ConfigError(`Provider ${provider} needs a key.`, {
      remedy: `Set ${variable}, or apiKey beside the provider.`,
      isUsage: true,
    });
  // A header takes nothing else, and the library's message about it would quote the key.
  if (/^[\x21-\x7e]+$/.test(apiKey)) return apiKey;
  throw new ConfigError(`The key for provider ${provider} has a space or a letter beyond ASCII.`, {
    remedy: `Check ${variable}: a line break or a quote may have been copied along.`,
    isUsage: true,
  });
}
