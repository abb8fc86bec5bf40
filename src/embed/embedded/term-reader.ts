/**
 * From a text to its terms: what counts as a word, folded and stemmed; single characters and pairs
 * of them where a script has no blanks; symbols. It fills a `TermTable` and weighs nothing.
 *
 * The text is folded by NFKC and lower case, which are the engine's. Both are stable for every
 * character that the engine's Unicode version knows; texts in letters younger than Unicode 15 (2022)
 * are the one case in which two engines may differ.
 */
import { stemEnglish } from '../../ranking/english-stem.ts';
import { finishHash, HASH_SEED, hashUnit, hashUnits } from './hashing.ts';
import { TermKind, TermTable } from './term-table.ts';
import { CLASS_OF_UNIT, FOLD_OF_UNIT, UnitClass } from './unit-classes.ts';

/** A longer run without a blank (base64, a path) is counted in pieces of this many units. */
const MAX_WORD_UNITS = 64;
/** A larger table (of a huge text) is let go: keeping it would slow every text that follows. */
const MAX_KEPT_TERMS = 4096;
/** Pairs and single characters begin from other seeds, so that none is taken for a word. */
const PAIR_SEED = finishHash(HASH_SEED);
const SINGLE_SEED = finishHash(PAIR_SEED);
/** From here on (Han, Hangul) a single character says something by itself; a Thai letter does not. */
const FIRST_MEANINGFUL = 0x3400;
/** High surrogates of planes 2 and 3, which hold Han. */
const FIRST_HIGH_OF_HAN = 0xd840;
const LAST_HIGH_OF_HAN = 0xd8bf;
/** Skin tones, U+1F3FB to U+1F3FF: the same emoji in another colour. */
const HIGH_OF_TONES = 0xd83c;
const FIRST_LOW_OF_TONES = 0xdffb;

/** Reads one text at a time; `terms` is good until the next `read`. */
export class TermReader {
  terms = new TermTable();
  readonly #word = new Uint16Array(MAX_WORD_UNITS);
  #length = 0;
  /** Whether the word so far is a to z only, and so may be English. */
  #isLetters = true;
  /** The dense character just before, 0 where there is none. */
  #previous = 0;
  #isPreviousLight = false;

  read(text: string): void {
    if (this.terms.capacity > MAX_KEPT_TERMS) this.terms = new TermTable();
    else this.terms.clear();
    const folded = foldText(text);
    for (let i = 0; i < folded.length; i++) {
      const unit = FOLD_OF_UNIT[folded.charCodeAt(i)] ?? 0;
      const unitClass = CLASS_OF_UNIT[unit] ?? 0;
      if (unitClass === UnitClass.word) this.#takeLetter(unit);
      else if (unitClass === UnitClass.separator) this.#endRun();
      else if (unitClass !== UnitClass.ignored)
        i += this.#takeOther(unit, folded.charCodeAt(i + 1), unitClass);
    }
    this.#endRun();
  }

  #takeLetter(unit: number): void {
    if (this.#length === MAX_WORD_UNITS) this.#endRun();
    this.#word[this.#length++] = unit;
    if (unit < 0x61 || unit > 0x7a) this.#isLetters = false;
    this.#previous = 0;
  }

  #endRun(): void {
    this.#previous = 0;
    if (this.#length === 0) return;
    const length = this.#isLetters ? stemEnglish(this.#word, this.#length) : this.#length;
    const hash = finishHash(hashUnits(this.#word, 0, length));
    this.terms.add(hash, TermKind.word, this.#word, length);
    this.#length = 0;
    this.#isLetters = true;
  }

  /** @returns how many units beside `unit` were taken: 1 for a pair of surrogates */
  #takeOther(unit: number, next: number, unitClass: number): 0 | 1 {
    if (this.#length > 0) this.#endRun();
    if (unitClass === UnitClass.dense || unitClass === UnitClass.denseLight) {
      this.#takeDense(unit, unitClass === UnitClass.denseLight);
      return 0;
    }
    if (unitClass === UnitClass.symbol) {
      this.#previous = 0;
      this.#add(finishHash(hashUnit(SINGLE_SEED, unit)), TermKind.pair);
      return 0;
    }
    const isPair = unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
    if (!isPair) {
      this.#previous = 0;
      return 0;
    }
    const isTone = unit === HIGH_OF_TONES && next >= FIRST_LOW_OF_TONES;
    if (unit >= FIRST_HIGH_OF_HAN && unit <= LAST_HIGH_OF_HAN)
      this.#takeDense(unit * 0x400 + next, false);
    else if (!isTone) {
      this.#previous = 0;
      this.#add(finishHash(hashUnit(hashUnit(SINGLE_SEED, unit), next)), TermKind.pair);
    }
    return 1;
  }

  #takeDense(character: number, isLight: boolean): void {
    if (character >= FIRST_MEANINGFUL && !isLight)
      this.#add(finishHash(hashUnit(SINGLE_SEED, character)), TermKind.light);
    if (this.#previous !== 0) {
      const hash = finishHash(hashUnit(hashUnit(PAIR_SEED, this.#previous), character));
      this.#add(hash, isLight && this.#isPreviousLight ? TermKind.light : TermKind.pair);
    }
    this.#previous = character;
    this.#isPreviousLight = isLight;
  }

  #add(hash: number, kind: TermKind): void {
    this.terms.add(hash, kind, this.#word, 0);
  }
}

/** A text with what is the engine's part of folding done; the rest is unit by unit. */
export function foldText(text: string): string {
  return isAscii(text) ? text : text.normalize('NFKC').toLowerCase();
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}
