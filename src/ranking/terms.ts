/** Numbers for the stems of words. Each spelling is stemmed once. */
import { stemEnglish } from './english-stem.ts';
import { fold, hashOf, scanWords } from './scan-words.ts';
import { Spellings } from './spellings.ts';
import { ENGLISH_STOP_WORDS } from './stop-words.ts';

const SHORTEST_STEMMED = 3;
const LONGEST_STEMMED = 64;
const A = 0x61;
const Z = 0x7a;

/** In the place of a number: a word that is in no text, and one that says nothing and so is in no index. */
export const UNKNOWN_TERM = -1;
export const STOP_WORD = -2;

export class Terms {
  readonly #isEnglish: boolean;
  readonly #stems = new Spellings();
  readonly #spellings = new Spellings();
  /** The stem's number by the spelling's, or `STOP_WORD`. */
  readonly #stemOfSpelling: number[] = [];
  readonly #units = new Uint16Array(LONGEST_STEMMED);

  /** @param language `english` stems words of a to z and leaves out stop words; any other takes words as they are */
  constructor(language: string) {
    this.#isEnglish = language === 'english';
  }

  get count(): number {
    return this.#stems.count;
  }

  /** Gives each word's number, in order, but for stop words; new ones for new words. */
  read(text: string, take: (term: number) => void): void {
    const folded = fold(text);
    scanWords(folded, (from, to, hash) => {
      const spelling = this.#spellings.find(folded, from, to, hash);
      const term =
        spelling >= 0 ? (this.#stemOfSpelling[spelling] ?? 0) : this.#add(folded, from, to, hash);
      if (term >= 0) take(term);
    });
  }

  /** Of each word in order: its number, `UNKNOWN_TERM` or `STOP_WORD`. */
  sequence(text: string): number[] {
    const found: number[] = [];
    const folded = fold(text);
    scanWords(folded, (from, to, hash) => {
      const spelling = this.#spellings.find(folded, from, to, hash);
      found.push(
        spelling >= 0
          ? (this.#stemOfSpelling[spelling] ?? UNKNOWN_TERM)
          : this.#find(folded, from, to, hash),
      );
    });
    return found;
  }

  /** A word in the form in which it is looked up: its stem; undefined for a stop word. */
  stemOf(word: string): string | undefined {
    const folded = fold(word);
    if (this.#isStopWord(folded, 0, folded.length)) return undefined;
    return this.#stem(folded, 0, folded.length) ?? folded;
  }

  /** The number of a stem, or `UNKNOWN_TERM`. */
  ofStem(stem: string): number {
    return this.#stems.find(stem, 0, stem.length, hashOf(stem));
  }

  /** The numbers of stems that begin so. Looks at all of them. */
  beginningWith(stem: string): number[] {
    return this.#stems.beginningWith(stem);
  }

  #find(folded: string, from: number, to: number, hash: number): number {
    if (this.#isStopWord(folded, from, to)) return STOP_WORD;
    const stem = this.#stem(folded, from, to);
    return stem === undefined ? this.#stems.find(folded, from, to, hash) : this.ofStem(stem);
  }

  #add(folded: string, from: number, to: number, hash: number): number {
    const term = this.#isStopWord(folded, from, to)
      ? STOP_WORD
      : this.#addStem(folded, from, to, hash);
    this.#stemOfSpelling[this.#spellings.add(folded, from, to, hash)] = term;
    return term;
  }

  #addStem(folded: string, from: number, to: number, hash: number): number {
    const stem = this.#stem(folded, from, to);
    return stem === undefined
      ? this.#stems.findOrAdd(folded, from, to, hash)
      : this.#stems.findOrAdd(stem, 0, stem.length, hashOf(stem));
  }

  #isStopWord(folded: string, from: number, to: number): boolean {
    return this.#isEnglish && ENGLISH_STOP_WORDS.has(folded.slice(from, to));
  }

  /** @returns undefined for a word that is its own stem, or is no English one */
  #stem(folded: string, from: number, to: number): string | undefined {
    const length = to - from;
    if (!this.#isEnglish || length < SHORTEST_STEMMED || length > LONGEST_STEMMED) return undefined;
    for (let i = 0; i < length; i++) {
      const unit = folded.charCodeAt(from + i);
      if (unit < A || unit > Z) return undefined;
      this.#units[i] = unit;
    }
    return String.fromCharCode(...this.#units.subarray(0, stemEnglish(this.#units, length)));
  }
}
