/** Numbers for the stems of words. Each spelling is stemmed once. */
import { stemEnglish } from './english-stem.ts';
import { fold, hashOf, scanWords } from './scan-words.ts';
import { Spellings } from './spellings.ts';

const SHORTEST_STEMMED = 3;
const LONGEST_STEMMED = 64;
const A = 0x61;
const Z = 0x7a;

export class Terms {
  readonly #isEnglish: boolean;
  readonly #stems = new Spellings();
  readonly #spellings = new Spellings();
  /** The stem's number by the spelling's. */
  readonly #stemOfSpelling: number[] = [];
  readonly #units = new Uint16Array(LONGEST_STEMMED);

  /** @param language `english` stems words of a to z; any other takes words as they are */
  constructor(language: string) {
    this.#isEnglish = language === 'english';
  }

  get count(): number {
    return this.#stems.count;
  }

  /** Gives each word's number, in order; new ones for new words. */
  read(text: string, take: (term: number) => void): void {
    const folded = fold(text);
    scanWords(folded, (from, to, hash) => {
      const spelling = this.#spellings.find(folded, from, to, hash);
      take(
        spelling >= 0 ? (this.#stemOfSpelling[spelling] ?? 0) : this.#add(folded, from, to, hash),
      );
    });
  }

  /** The numbers of a text's words that are known, each once. */
  known(text: string): Set<number> {
    const found = new Set<number>();
    const folded = fold(text);
    scanWords(folded, (from, to, hash) => {
      const stem = this.#stem(folded, from, to);
      const term =
        stem === undefined
          ? this.#stems.find(folded, from, to, hash)
          : this.#stems.find(stem, 0, stem.length, hashOf(stem));
      if (term >= 0) found.add(term);
    });
    return found;
  }

  #add(folded: string, from: number, to: number, hash: number): number {
    const stem = this.#stem(folded, from, to);
    const term =
      stem === undefined
        ? this.#stems.findOrAdd(folded, from, to, hash)
        : this.#stems.findOrAdd(stem, 0, stem.length, hashOf(stem));
    this.#stemOfSpelling[this.#spellings.add(folded, from, to, hash)] = term;
    return term;
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
