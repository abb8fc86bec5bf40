/** In which form words are counted and looked up: which ones are left out, and which are stemmed. It has no texts and no numbers of words. */
import { stemEnglish } from './english-stem.ts';
import { FoldedText, hashesOf } from './scan-words.ts';
import { ENGLISH_STOP_WORDS } from './stop-words.ts';
import { WordTable } from './word-table.ts';

const SHORTEST_STEMMED = 3;
const LONGEST_STEMMED = 64;
const A = 0x61;
const Z = 0x7a;

/** In the place of a number: a word that is in no text, and one that says nothing and so is in no index. */
export const UNKNOWN_TERM = -1;
export const STOP_WORD = -2;

export class WordForms {
  readonly isEnglish: boolean;
  /** What `stem` found last. */
  readonly stemmed: Uint16Array = new Uint16Array(LONGEST_STEMMED);

  /** @param language `english` stems words of a to z and leaves out stop words; any other takes words as they are */
  constructor(language: string) {
    this.isEnglish = language === 'english';
  }

  /** A new table, in which each of them stands for `STOP_WORD`. */
  stopWords(): WordTable {
    const table = new WordTable();
    if (!this.isEnglish) return table;
    const folded = new FoldedText();
    for (const word of ENGLISH_STOP_WORDS) {
      folded.set(word);
      table.add(...hashesOf(folded.units, 0, folded.length), STOP_WORD);
    }
    return table;
  }

  /** @returns how many units of `stemmed` are the stem; 0 for a word that is no English one */
  stem(units: Uint16Array, from: number, to: number): number {
    const length = to - from;
    if (!this.isEnglish || length < SHORTEST_STEMMED || length > LONGEST_STEMMED) return 0;
    for (let i = 0; i < length; i++) {
      const unit = units[from + i] ?? 0;
      if (unit < A || unit > Z) return 0;
      this.stemmed[i] = unit;
    }
    return stemEnglish(this.stemmed, length);
  }
}
