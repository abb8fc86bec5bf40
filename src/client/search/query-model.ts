/** What makes a vector of a query: one of the embedded models, whose arithmetic is here, or the app. */
import { decodeModel } from '../../embed/embedded/decode-model.ts';
import { embedText } from '../../embed/embedded/embed-text.ts';
import { embedHashed } from '../../embed/embedded/hashed-words.ts';
import { FormatError } from '../../errors/index.ts';
import type { QueryEmbedder } from '../index-host.ts';

/** The embedded model that needs no file. */
const HASHED_WORDS = 'evervec/hashed-words@1/384';

/** @throws FormatError for bytes that are no model */
export function openModel(bytes: Uint8Array, fingerprint: string): QueryEmbedder {
  try {
    const words = decodeModel(bytes);
    return { fingerprint, embed: async (query) => embedText(words, query) };
  } catch (cause) {
    throw new FormatError('model', 'is no file of word vectors that this version reads', { cause });
  }
}

/** @returns undefined for models that need a file or the app */
export function builtInModel(model: {
  id: string;
  fingerprint: string;
}): QueryEmbedder | undefined {
  if (model.id !== HASHED_WORDS) return undefined;
  return { fingerprint: model.fingerprint, embed: async (query) => embedHashed(query) };
}
