/** Numbers for the stems of words while texts are read, each spelling stemmed once. It looks nothing up for queries. */
import { FoldedText, hashesOf, scanWords, type TextPart } from './scan-words.ts';
import type { Stems } from './terms.ts';
import { UNKNOWN_TERM, WordForms } from './word-forms.ts';
import { WordTable } from './word-table.ts';

const FIRST_TERMS = 2048;

export class SpelledTerms {
  #count = 0;
  readonly #forms: WordForms;
  readonly #stems = new WordTable();
  /** Stop words, and each spelling with its stem's number. */
  readonly #spellings: WordTable;
  #letters = new Uint16Array(8 * FIRST_TERMS);
  #begins = new Uint32Array(FIRST_TERMS + 1);
  readonly #folded = new FoldedText();

  constructor(language: string) {
    this.#forms = new WordForms(language);
    this.#spellings = this.#forms.stopWords();
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

  /** Those of all words that were read. */
  stems(): Stems {
    return {
      count: this.#count,
      table: this.#stems,
      letters: this.#letters.slice(0, this.#begins[this.#count]),
      begins: this.#begins.slice(0, this.#count + 1),
    };
  }

  #add(from: number, to: number, hash: number, other: number): number {
    const { units } = this.#folded;
    const { stemmed } = this.#forms;
    const length = this.#forms.stem(units, from, to);
    const term =
      length === 0
        ? this.#termOf(units, from, to, hash, other)
        : this.#termOf(stemmed, 0, length, ...hashesOf(stemmed, 0, length));
    this.#spellings.add(hash, other, term);
    return term;
  }

  /** The number of a stem, which is a new one's if need be. */
  #termOf(units: Uint16Array, from: number, to: number, hash: number, other: number): number {
    const known = this.#stems.get(hash, other, UNKNOWN_TERM);
    if (known !== UNKNOWN_TERM) return known;
    const term = this.#count++;
    this.#stems.add(hash, other, term);
    const begin = this.#begins[term] ?? 0;
    const end = begin + to - from;
    if (term + 1 === this.#begins.length) this.#begins = doubled(this.#begins);
    while (end > this.#letters.length) this.#letters = doubled(this.#letters);
    for (let i = from; i < to; i++) this.#letters[begin + i - from] = units[i] ?? 0;
    this.#begins[term + 1] = end;
    return term;
  }
}

function doubled<Numbers extends Uint16Array | Uint32Array>(numbers: Numbers): Numbers {
  const larger = new (numbers.constructor as new (length: number) => Numbers)(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
