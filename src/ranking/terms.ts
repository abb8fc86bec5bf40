/** The stems of an index, looked up for queries. Which there are was counted before. */
import { FoldedText, hashesOf, scanWords } from './scan-words.ts';
import { STOP_WORD, UNKNOWN_TERM, WordForms } from './word-forms.ts';
import type { WordTable } from './word-table.ts';

/** The stems of all words, numbered in the order in which they were met. */
export interface Stems {
  readonly count: number;
  /** Stem → its number. */
  readonly table: WordTable;
  /** The letters of all stems, one after the other. */
  readonly letters: Uint16Array;
  /** Stem t has the letters `begins[t]` to `begins[t + 1]`. (count + 1) */
  readonly begins: Uint32Array;
}

export class Terms {
  readonly #stems: Stems;
  readonly #forms: WordForms;
  readonly #stopWords: WordTable;
  readonly #folded = new FoldedText();

  /** @param language that they were counted by */
  constructor(stems: Stems, language: string) {
    this.#stems = stems;
    this.#forms = new WordForms(language);
    this.#stopWords = this.#forms.stopWords();
  }

  get count(): number {
    return this.#stems.count;
  }

  /** Of each word in order: its number, `UNKNOWN_TERM` or `STOP_WORD`. */
  sequence(text: string): number[] {
    const found: number[] = [];
    this.#folded.set(text);
    scanWords(this.#folded, (from, to, hash, other) => {
      const known = this.#stopWords.get(hash, other, UNKNOWN_TERM);
      found.push(known === STOP_WORD ? STOP_WORD : this.#find(from, to, hash, other));
    });
    return found;
  }

  /** A word in the form in which it is looked up: its stem; undefined for a stop word. */
  stemOf(word: string): string | undefined {
    this.#folded.set(word);
    const { units, length: whole } = this.#folded;
    const [hash, other] = hashesOf(units, 0, whole);
    if (this.#stopWords.get(hash, other, UNKNOWN_TERM) === STOP_WORD) return undefined;
    const length = this.#forms.stem(units, 0, whole);
    return length === 0
      ? this.#folded.slice(0, whole)
      : String.fromCharCode(...this.#forms.stemmed.subarray(0, length));
  }

  /** The number of a stem, or `UNKNOWN_TERM`. */
  ofStem(stem: string): number {
    this.#folded.set(stem);
    const [hash, other] = hashesOf(this.#folded.units, 0, this.#folded.length);
    return this.#stems.table.get(hash, other, UNKNOWN_TERM);
  }

  /** The numbers of stems that begin so. Looks at all of them. */
  beginningWith(stem: string): number[] {
    const found: number[] = [];
    for (let term = 0; term < this.count; term++)
      if (this.#beginsWith(term, stem)) found.push(term);
    return found;
  }

  #beginsWith(term: number, start: string): boolean {
    const { begins, letters } = this.#stems;
    const begin = begins[term] ?? 0;
    if ((begins[term + 1] ?? 0) - begin < start.length) return false;
    for (let i = 0; i < start.length; i++)
      if (letters[begin + i] !== start.charCodeAt(i)) return false;
    return true;
  }

  #find(from: number, to: number, hash: number, other: number): number {
    const { stemmed } = this.#forms;
    const length = this.#forms.stem(this.#folded.units, from, to);
    const [ofStem, otherOfStem] = length === 0 ? [hash, other] : hashesOf(stemmed, 0, length);
    return this.#stems.table.get(ofStem, otherOfStem, UNKNOWN_TERM);
  }
}
