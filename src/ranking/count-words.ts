/** Counts the words of texts, in plain JavaScript. `count-in-wasm.ts` does it faster; both give the same. */
import { type Postings, postingsInSteps } from './postings.ts';
import type { TextPart } from './scan-words.ts';
import { SpelledTerms } from './spelled-terms.ts';
import type { Stems } from './terms.ts';

/** Texts after which a step ends: some milliseconds. */
export const TEXTS_OF_STEP = 64;

/** Of a text, in order; no word goes from one to the next. */
export type PartsOf = (text: number) => readonly TextPart[];

/** What an index is made of. */
export interface WordCounts {
  readonly stems: Stems;
  readonly postings: Postings;
  /** Words of each text, without stop words. (texts) */
  readonly lengths: Float64Array;
}

/** @param partsOf of each of `count`, in order */
export function* countWords(
  count: number,
  partsOf: PartsOf,
  language: string,
): Generator<void, WordCounts> {
  const terms = new SpelledTerms(language);
  const lengths = new Float64Array(count);
  let words = new Uint32Array(1024);
  let used = 0;
  const take = (term: number) => {
    if (used === words.length) words = grown(words);
    words[used++] = term;
  };
  for (let text = 0; text < count; text++) {
    const from = used;
    for (const part of partsOf(text)) terms.read(part, take);
    lengths[text] = used - from;
    if (text % TEXTS_OF_STEP === TEXTS_OF_STEP - 1) yield;
  }
  const stems = terms.stems();
  const postings = yield* postingsInSteps(words, lengths, stems.count);
  return { stems, postings, lengths };
}

function grown(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * words.length);
  larger.set(words);
  return larger;
}
