/**
 * Counts the words of texts: the WebAssembly of `../count-in-wasm.ts`, in AssemblyScript, made into bytes by `scripts/kernels.ts`. It is used for one index and then let go, so
 * nothing is freed, and memory that is new is zero. What it gives must be to the bit what `../count-words.ts` gives.
 *
 * `begin`, then the parts of each text and `endText`, then `beginPostings`, then `placePostings` until there are no more.
 */
import { findFolded, findWords, FOUND, WORD, words, wordsEnd } from './fold';
import * as postings from './postings';
import * as terms from './terms';

export { fit, folded, folds, input } from './fold';
export {
  begins as postingBegins,
  endText,
  frequencies,
  lengths,
  placePostings,
  texts,
} from './postings';
export { begins as letterBegins, letters, termCount } from './terms';

/** @returns where the table of spellings is to be, which so many stop words are in */
export function begin(textCount: u32, isEnglish: bool, stopWords: u32): usize {
  postings.beginTexts(textCount);
  terms.beginTerms(isEnglish);
  terms.spellings.count = stopWords;
  return terms.spellings.slots;
}

/** Where the table of stems is, and how many slots it has. */
export function stemSlots(): usize {
  return terms.stems.slots;
}

export function stemSlotCount(): u32 {
  return terms.stems.mask + 1;
}

/** Of a part whose bytes are at `input`. @returns −1: it is read; −2: its characters are to be folded together; else the unit that the table does not know, after which it is to be called again */
export function readUtf8(bytes: usize): i32 {
  const stop = findWords(bytes);
  if (stop == FOUND) countWords();
  return stop;
}

/** Of a part whose units are at `folded`. */
export function readFolded(length: usize): void {
  findFolded(length);
  countWords();
}

/** Words are found, then looked up, then counted, each of them for the whole part: so the processor waits for the memory of several at once. */
function countWords(): void {
  const end = wordsEnd;
  for (let at = words; at < end; at += WORD) {
    const term = terms.termOf(load<u32>(at), load<u32>(at, 4), load<i32>(at, 8), load<i32>(at, 12));
    store<i32>(at, term);
  }
  for (let at = words; at < end; at += WORD) {
    const term = load<i32>(at);
    if (term >= 0) postings.count(term);
  }
}

export function beginPostings(): void {
  postings.beginPostings(terms.termCount);
}
