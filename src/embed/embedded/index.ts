export { decodeModel, type WordVectors } from './decode-model.ts';
export { createEmbedder } from './embed-in-wasm.ts';
export { embedText } from './embed-text.ts';
export {
  createEmbeddedModel,
  EMBEDDED_NAMES,
  type EmbeddedName,
  isEmbedded,
} from './embedded-model.ts';
export { embedHashed } from './hashed-words.ts';
export { loadWordVectors, readWordVectorsFile } from './load-model.ts';
export { NEAR_WORDS_FINGERPRINT } from './near-words-fingerprint.ts';
export { EMBEDDED_DIMENSIONS } from './text-sum.ts';
