/** Numbers for the stems of words. While texts are read each spelling is stemmed once. */
import { stemEnglish } from './english-stem.ts';
import { FoldedText, hashesOf, scanWords, type TextPart } from './scan-words.ts';
import { ENGLISH_STOP_WORDS } from './stop-words.ts';
import { WordTable } from './word-table.ts';

const SHORTEST_STEMMED = 3;
const LONGEST_STEMMED = 64;
const FIRST_TERMS = 2048;
const A = 0x61;
const Z = 0x7a;

/** In the place of a number: a word that is in no text, and one that says nothing and so is in no index. */
export const UNKNOWN_TERM = -1;
export const STOP_WORD = -2;

export class Terms {
  count = 0;
  readonly #isEnglish: boolean;
  readonly #stems = new WordTable();
  /** Stop words, and while texts are read each spelling with its stem's number. */
  #spellings: WordTable;
  /** The letters of all stems, one after the other, and where each begins. */
  #letters = new Uint16Array(8 * FIRST_TERMS);
  #begins = new Uint32Array(FIRST_TERMS + 1);
  readonly #folded = new FoldedText();
  readonly #stemmed = new Uint16Array(LONGEST_STEMMED);

  /** @param language `english` stems words of a to z and leaves out stop words; any other takes words as they are */
  constructor(language: string) {
    this.#isEnglish = language === 'english';
    this.#spellings = this.#stopWords();
  }

  /** Gives each word's number, in order, but for stop words; new ones for new words. */
  read(part: TextPart, take: (term: number) => void): void {
    this.#folded.set(part);
    scanWords(this.#folded, (from, to, hash, other) => {
      const known = this.#spellings.get(hash, other, UNKNOWN_TERM);
      const term = known === UNKNOWN_TERM ? this.#add(from, to, hash, other) : known;
      if (term >= 0) take(term);
    });
  }

  /** No more texts come: what was only of use for those is let go. */
  close(): void {
    this.#spellings = this.#stopWords();
  }

  /** Of each word in order: its number, `UNKNOWN_TERM` or `STOP_WORD`. */
  sequence(text: string): number[] {
    const found: number[] = [];
    this.#folded.set(text);
    scanWords(this.#folded, (from, to, hash, other) => {
      const known = this.#spellings.get(hash, other, UNKNOWN_TERM);
      found.push(known === UNKNOWN_TERM ? this.#find(from, to, hash, other) : known);
    });
    return found;
  }

  /** A word in the form in which it is looked up: its stem; undefined for a stop word. */
  stemOf(word: string): string | undefined {
    this.#folded.set(word);
    const { length: whole } = this.#folded;
    const [hash, other] = hashesOf(this.#folded.units, 0, whole);
    if (this.#spellings.get(hash, other, UNKNOWN_TERM) === STOP_WORD) return undefined;
    const length = this.#stem(0, whole);
    return length === 0
      ? this.#folded.slice(0, whole)
      : String.fromCharCode(...this.#stemmed.subarray(0, length));
  }

  /** The number of a stem, or `UNKNOWN_TERM`. */
  ofStem(stem: string): number {
    this.#folded.set(stem);
    const [hash, other] = hashesOf(this.#folded.units, 0, this.#folded.length);
    return this.#stems.get(hash, other, UNKNOWN_TERM);
  }

  /** The numbers of stems that begin so. Looks at all of them. */
  beginningWith(stem: string): number[] {
    const found: number[] = [];
    for (let term = 0; term < this.count; term++)
      if (this.#beginsWith(term, stem)) found.push(term);
    return found;
  }

  #beginsWith(term: number, start: string): boolean {
    const begin = this.#begins[term] ?? 0;
    if ((this.#begins[term + 1] ?? 0) - begin < start.length) return false;
    for (let i = 0; i < start.length; i++)
      if (this.#letters[begin + i] !== start.charCodeAt(i)) return false;
    return true;
  }

  /** Of a spelling that is not known. */
  #find(from: number, to: number, hash: number, other: number): number {
    const length = this.#stem(from, to);
    const [ofStem, otherOfStem] = length === 0 ? [hash, other] : hashesOf(this.#stemmed, 0, length);
    return this.#stems.get(ofStem, otherOfStem, UNKNOWN_TERM);
  }

  #add(from: number, to: number, hash: number, other: number): number {
    const length = this.#stem(from, to);
    const { units } = this.#folded;
    const term =
      length === 0
        ? this.#termOf(units, from, to, hash, other)
        : this.#termOf(this.#stemmed, 0, length, ...hashesOf(this.#stemmed, 0, length));
    this.#spellings.add(hash, other, term);
    return term;
  }

  /** The number of a stem, which is a new one's if need be. */
  #termOf(units: Uint16Array, from: number, to: number, hash: number, other: number): number {
    const known = this.#stems.get(hash, other, UNKNOWN_TERM);
    if (known !== UNKNOWN_TERM) return known;
    const term = this.count++;
    this.#stems.add(hash, other, term);
    const begin = this.#begins[term] ?? 0;
    const end = begin + to - from;
    if (term + 1 === this.#begins.length) this.#begins = doubled(this.#begins);
    while (end > this.#letters.length) this.#letters = doubled(this.#letters);
    for (let i = from; i < to; i++) this.#letters[begin + i - from] = units[i] ?? 0;
    this.#begins[term + 1] = end;
    return term;
  }

  #stopWords(): WordTable {
    const table = new WordTable();
    if (!this.#isEnglish) return table;
    for (const word of ENGLISH_STOP_WORDS) {
      this.#folded.set(word);
      table.add(...hashesOf(this.#folded.units, 0, this.#folded.length), STOP_WORD);
    }
    return table;
  }

  /** @returns how many units of `#stemmed` are the stem; 0 for a word that is no English one */
  #stem(from: number, to: number): number {
    const length = to - from;
    if (!this.#isEnglish || length < SHORTEST_STEMMED || length > LONGEST_STEMMED) return 0;
    const { units } = this.#folded;
    for (let i = 0; i < length; i++) {
      const unit = units[from + i] ?? 0;
      if (unit < A || unit > Z) return 0;
      this.#stemmed[i] = unit;
    }
    return stemEnglish(this.#stemmed, length);
  }
}

function doubled<Numbers extends Uint16Array | Uint32Array>(numbers: Numbers): Numbers {
  const larger = new (numbers.constructor as new (length: number) => Numbers)(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
