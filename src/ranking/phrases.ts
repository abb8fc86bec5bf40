/** Texts in which words stand together and in order. The index has no places of words: texts that have all of the words are read again. */
import type { Postings } from './postings.ts';
import type { Terms } from './terms.ts';
import { STOP_WORD } from './word-forms.ts';

/** @returns undefined for a phrase of stop words, which says nothing */
export function textsWith(
  phrase: string,
  terms: Terms,
  postings: Postings,
  textOf: (text: number) => string,
): Set<number> | undefined {
  const all = terms.sequence(phrase);
  const first = all.findIndex((term) => term !== STOP_WORD);
  if (first < 0) return undefined;
  const sequence = all.slice(first, all.findLastIndex((term) => term !== STOP_WORD) + 1);
  const texts = textsWithAll(sequence, postings);
  if (sequence.length === 1) return texts;
  return new Set([...texts].filter((text) => isIn(terms.sequence(textOf(text)), sequence)));
}

function textsWithAll(sequence: readonly number[], { begins, texts }: Postings): Set<number> {
  const wanted = new Set(sequence.filter((term) => term !== STOP_WORD));
  let found: Set<number> | undefined;
  for (const term of wanted) {
    const having = new Set(term < 0 ? [] : texts.subarray(begins[term], begins[term + 1]));
    found = found === undefined ? having : found.intersection(having);
  }
  return found ?? new Set();
}

/** A stop word stands for any word. */
function isIn(words: readonly number[], sequence: readonly number[]): boolean {
  for (let from = 0; from + sequence.length <= words.length; from++)
    if (sequence.every((term, i) => term === STOP_WORD || words[from + i] === term)) return true;
  return false;
}
