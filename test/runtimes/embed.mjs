/** Embeds the golden texts with the built package, in whichever runtime or page runs this. */
import {
  createEmbedder,
  embedHashed,
  embedText,
  loadWordVectors,
} from './node_modules/evervec/dist/embed/embedded/index.js';
import { hashOfVectors } from './golden.mjs';

const words = await loadWordVectors();
export const hashes = {
  'near-words': await hashOfVectors(createEmbedder(words)),
  'near-words in JavaScript': await hashOfVectors((text) => embedText(words, text)),
  'hashed-words': await hashOfVectors(embedHashed),
};
globalThis.process?.stdout.write(JSON.stringify(hashes));
