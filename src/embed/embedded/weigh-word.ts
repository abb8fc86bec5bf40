/** Looks up how much a word says, by its hash: the table of `word-weights.ts` and what lies beyond it. */
import { finishHash, hashUnits } from './hashing.ts';
import { WORD_WEIGHTS } from './word-weights.ts';

/** A stem that is not in the table is rarer than all that are (the rarest weighs 7.25). */
const UNKNOWN_WEIGHT = 8.5;
/** A single unknown character (a variable, a list's letter) says less. */
const UNKNOWN_CHARACTER_WEIGHT = 1;

const SLOTS = 1 << 14;
const hashes = new Int32Array(SLOTS);
/** 0 marks a free slot, so weights are kept with 1 added. */
const weights = new Float32Array(SLOTS);
/** Open addressing by a stem's hash, as `weightOfWord` reads it. */
export const WEIGHT_TABLE = { hashes, weights };

fill();

/**
 * @param hash of the stem, by `finishHash(hashUnits(…))`
 * @param length of the stem, in units
 * @returns 0 (says nothing) to 8.5
 */
export function weightOfWord(hash: number, length: number): number {
  let slot = hash & (SLOTS - 1);
  while (weights[slot]) {
    if (hashes[slot] === hash) return (weights[slot] ?? 1) - 1;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return length === 1 ? UNKNOWN_CHARACTER_WEIGHT : UNKNOWN_WEIGHT;
}

function fill(): void {
  for (const [weight, stems] of WORD_WEIGHTS)
    for (const stem of stems.split(' ')) {
      const units = Uint16Array.from(stem, (character) => character.charCodeAt(0));
      const hash = finishHash(hashUnits(units, 0, units.length));
      let slot = hash & (SLOTS - 1);
      while (weights[slot]) slot = (slot + 1) & (SLOTS - 1);
      hashes[slot] = hash;
      weights[slot] = weight + 1;
    }
}
