/** The tables of `../decode-model.ts` and `../weigh-word.ts`, which JavaScript copies to here once, and how they are looked up. */

/** Of a slot of a table of hashes. */
const SLOT: usize = 4;
/** Two numbers of 4 bits a byte. */
const BYTES_OF_ROW: usize = 192;
const BYTES_OF_SCALE: usize = 4;
/** A stem that is not in the table of weights; the same of one unit. */
const UNKNOWN_WEIGHT: f64 = 8.5;
const UNKNOWN_CHARACTER_WEIGHT: f64 = 1;

export let hashes: usize = 0;
export let rowOf: usize = 0;
export let scales: usize = 0;
export let rows: usize = 0;
export let weightHashes: usize = 0;
export let weights: usize = 0;
let lastSlot: u32 = 0;
let lastWeight: u32 = 0;

/**
 * Makes room for a model, the only memory that is not there from the start; numbers of slots are powers of two. What is largest comes last: when memory ends, what is had anew is as much as is
 * needed, but no less than what was there.
 */
export function allocate(words: u32, slots: u32, weightSlots: u32): void {
  weightHashes = heap.alloc(SLOT * weightSlots);
  weights = heap.alloc(SLOT * weightSlots);
  hashes = heap.alloc(SLOT * slots);
  rowOf = heap.alloc(SLOT * slots);
  scales = heap.alloc(BYTES_OF_SCALE * words);
  rows = heap.alloc(BYTES_OF_ROW * words);
  lastSlot = slots - 1;
  lastWeight = weightSlots - 1;
}

/** @returns the row of the word with this hash, or -1 */
export function findRow(hash: u32): i32 {
  let slot = hash & lastSlot;
  let row = load<i32>(rowOf + SLOT * slot);
  while (row != 0 && load<u32>(hashes + SLOT * slot) != hash) {
    slot = (slot + 1) & lastSlot;
    row = load<i32>(rowOf + SLOT * slot);
  }
  return row - 1;
}

export function placeOfRow(row: i32): usize {
  return rows + BYTES_OF_ROW * row;
}

export function scaleOf(row: i32): f64 {
  return <f64>load<f32>(scales + BYTES_OF_SCALE * row);
}

export function weightOfWord(hash: u32, length: u32): f64 {
  let slot = hash & lastWeight;
  let weight = load<f32>(weights + SLOT * slot);
  while (weight != 0 && load<u32>(weightHashes + SLOT * slot) != hash) {
    slot = (slot + 1) & lastWeight;
    weight = load<f32>(weights + SLOT * slot);
  }
  if (weight != 0) return <f64>weight - 1;
  return length == 1 ? UNKNOWN_CHARACTER_WEIGHT : UNKNOWN_WEIGHT;
}
