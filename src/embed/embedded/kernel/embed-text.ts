/**
 * Embeds texts by the trained model: the WebAssembly of `../embed-in-wasm.ts`, in AssemblyScript, made into bytes by `scripts/kernels.ts`. What it gives must be to the bit what
 * `../embed-text.ts` gives. It knows words alone; of a text that has anything else, or too much for its tables, it says so.
 *
 * Once `allocate`; then of each text `beginText`, `readAscii` or, until there is no more, `readUnits`, `endText`.
 */
import { readRules } from '../../../ranking/kernel/english-stem';
import { sumTerms } from './sum';
import * as words from './words';

export { allocate, hashes, rowOf, rows, scales, weightHashes, weights } from './model';
export { vector } from './sum';
export { beginText, folds, input, inputBytes, readAscii, readUnits } from './words';

readRules();

/** Leaves the vector at `vector`. @returns whether it could */
export function endText(): bool {
  if (!words.endText()) return false;
  sumTerms();
  return true;
}
