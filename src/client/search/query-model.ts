/** What makes a vector of a query: one of the embedded models, whose arithmetic is here, or the app. */
import { decodeModel, type WordVectors } from '../../embed/embedded/decode-model.ts';
import { embedText } from '../../embed/embedded/embed-text.ts';
import { embedHashed } from '../../embed/embedded/hashed-words.ts';
import { FormatError } from '../../errors/index.ts';
import type { QueryEmbedder } from '../index-host.ts';

/** The embedded model that needs no file, and those of a file whose arithmetic is the one here. */
const HASHED_WORDS = 'evervec/hashed-words@1/384';
const NEAR_WORDS = /^evervec\/near-words@1-[0-9a-f]{8}\/384$/;

/** @throws FormatError for bytes that are no model, or another than is said */
export function openModel(bytes: Uint8Array, fingerprint: string): QueryEmbedder {
  const words = decoded(bytes);
  if (words.fingerprint !== fingerprint)
    throw new FormatError('model', `is ${words.fingerprint}, not ${fingerprint}`);
  return { fingerprint, embed: async (query) => embedText(words, query) };
}

function decoded(bytes: Uint8Array): WordVectors {
  try {
    return decodeModel(bytes);
  } catch (cause) {
    throw new FormatError('model', 'is no file of word vectors that this version reads', { cause });
  }
}

/** Whether vectors of this model come of a file by the arithmetic that is here. */
export function isOfFile(model: { id: string }): boolean {
  return NEAR_WORDS.test(model.id);
}

/** @returns undefined for models that need a file or the app */
export function builtInModel(model: {
  id: string;
  fingerprint: string;
}): QueryEmbedder | undefined {
  if (model.id !== HASHED_WORDS) return undefined;
  return { fingerprint: model.fingerprint, embed: async (query) => embedHashed(query) };
}
