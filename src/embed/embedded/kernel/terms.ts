/** The terms of a text, counted, in order of first occurrence: what `../term-table.ts` does, in tables that do not grow. */
import { stemEnglish, word } from '../../../ranking/kernel/english-stem';
import { findRow, placeOfRow, scaleOf } from './model';

const MAX_TERMS: i32 = 4096;
/** Of the table by hash, each of which has a term's place, or 0. */
const SLOTS: i32 = 8192;
const POINTER: i32 = 4;
const BYTES_OF_STEMS: i32 = 0x10000;

export const MAX_STEM_UNITS: usize = 64;
/** Of a stem: its length, an edge, its units, an edge. */
export const STEM_UNITS: usize = 4;
const MAX_STEM_BYTES: usize = STEM_UNITS + 2 * MAX_STEM_UNITS + 2;
export const WORD_EDGE: u16 = 0x1f;

/** Of a term: its hash, how often it is there, where its row is or 0; where its stem is if it has no row; its slot; its row's scale. */
export const TERM: i32 = 32;
export const COUNT: usize = 4;
export const ROW: usize = 8;
export const STEM: usize = 12;
const SLOT: usize = 16;
export const SCALE: usize = 24;

export const terms: usize = memory.data(TERM * MAX_TERMS, 16);
export let termsEnd: usize = terms;
const slots: usize = memory.data(POINTER * SLOTS, 16);
const stems: usize = memory.data(BYTES_OF_STEMS, 16);
let stemsEnd: usize = stems;

export function clearTerms(): void {
  for (let term = terms; term < termsEnd; term += TERM) store<usize>(load<usize>(term, SLOT), 0);
  termsEnd = terms;
  stemsEnd = stems;
}

/**
 * Counts one occurrence of the word whose stem stands where words are stemmed.
 * @param unstemmed the word's length where the word itself still stands there, else 0
 * @returns whether there was room for it
 */
export function count(hash: u32, length: u32, unstemmed: u32): bool {
  let at = slots + POINTER * (hash & (SLOTS - 1));
  for (let term = load<usize>(at); term != 0; term = load<usize>(at)) {
    if (load<u32>(term) == hash) {
      store<u32>(term, load<u32>(term, COUNT) + 1, COUNT);
      return true;
    }
    at = at == slots + POINTER * (SLOTS - 1) ? slots : at + POINTER;
  }
  if (termsEnd == terms + TERM * MAX_TERMS) return false;
  const term = termsEnd;
  const row = findRow(hash);
  if (row < 0) {
    if (stemsEnd + MAX_STEM_BYTES > stems + BYTES_OF_STEMS) return false;
    store<usize>(term, 0, ROW);
    store<usize>(term, stemsEnd, STEM);
    if (unstemmed != 0) stemEnglish(unstemmed);
    keepStem(length);
  } else {
    store<usize>(term, placeOfRow(row), ROW);
    store<f64>(term, scaleOf(row), SCALE);
  }
  store<u32>(term, hash);
  store<u32>(term, 1, COUNT);
  store<usize>(term, at, SLOT);
  store<usize>(at, term);
  termsEnd += TERM;
  return true;
}

function keepStem(length: u32): void {
  const units = stemsEnd + STEM_UNITS;
  store<u16>(stemsEnd, length);
  store<u16>(units - 2, WORD_EDGE);
  memory.copy(units, word, 2 * length);
  store<u16>(units + 2 * length, WORD_EDGE);
  stemsEnd = units + 2 * length + 2;
}
