/** Finds the words of a part, folded by a table that JavaScript fills: what `../scan-words.ts` does. It must not know what they stand for. */

/** FNV-1a, and the same with another seed and multiplier. */
export const SEED: i32 = 0x811c9dc5;
export const PRIME: i32 = 0x01000193;
export const OTHER_SEED: i32 = 0x2545f491;
export const OTHER_PRIME: i32 = 0x5bd1e995;

/** In the table: not known yet; folded with what stands beside it. */
const UNSEEN: u32 = 0xffff;
const WITH_OTHERS: u32 = 0xfffe;
const BESIDE_WORDS: u32 = 0;
const UNITS: usize = 0x10000;
/** A unit that is no character, which the table never knows. */
const NONE: u32 = 0xffff;
/** Bytes of a word: where its units are, how many bytes they take, its two hashes. */
export const WORD: usize = 16;
const FIRST_BYTES: usize = 4096;

/** What `findWords` says; else it is a unit that the table does not know. */
export const FOUND: i32 = -1;
export const NOT_ALONE: i32 = -2;

/** By UTF-16 unit what it is folded to, or one of the two. */
export let folds: usize = heap.alloc(2 * UNITS);
/** Where a part's bytes are to be. Two more are 0, so that what ends too early is seen. */
export let input: usize = heap.alloc(FIRST_BYTES + 2);
/** Units of its words, one after the other; or of all of it, with 0 between words, as `readFolded` has them. */
export let folded: usize = heap.alloc(2 * FIRST_BYTES);
/** Of each of its words. */
export let words: usize = heap.alloc(WORD * wordsOf(FIRST_BYTES));
export let wordsEnd: usize = words;
let fitting: usize = FIRST_BYTES;

/** Where it goes on once the table knows the unit: the byte, where the word's units begin and end, and its hashes so far. */
let next: usize = 0;
let nextFrom: usize = 0;
let nextTo: usize = 0;
let nextHash: i32 = 0;
let nextOther: i32 = 0;

/** Makes room for a part of so many bytes, or so many units. */
export function fit(length: usize): void {
  if (length <= fitting) return;
  fitting = 2 * length;
  input = heap.alloc(fitting + 2);
  folded = heap.alloc(2 * fitting);
  words = heap.alloc(WORD * wordsOf(fitting));
}

/** The most that so many units can have. */
function wordsOf(units: usize): usize {
  return (units >> 1) + 1;
}

/** Goes on where it stopped. What changes with each byte is in locals, which are registers. */
export function findWords(bytes: usize): i32 {
  const end = input + bytes;
  store<u16>(end, 0);
  if (next == 0) beginPart();
  let at = input + next;
  let from = nextFrom;
  let to = nextTo;
  let hash = nextHash;
  let other = nextOther;
  const table = folds;
  while (at < end) {
    const first = <u32>load<u8>(at);
    const unit = first < 0x80 ? first : unitAt(at, first);
    const known = <u32>load<u16>(table + 2 * unit);
    if (known >= WITH_OTHERS) {
      if (known == WITH_OTHERS || unit == NONE) {
        next = 0;
        return NOT_ALONE;
      }
      next = at - input;
      nextFrom = from;
      nextTo = to;
      nextHash = hash;
      nextOther = other;
      return unit;
    }
    at += first < 0x80 ? 1 : first < 0xe0 ? 2 : 3;
    if (known != BESIDE_WORDS) {
      store<u16>(to, known);
      to += 2;
      hash = (hash ^ known) * PRIME;
      other = (other ^ known) * OTHER_PRIME;
    } else if (to > from) {
      addWord(from, to, hash, other);
      from = to;
      hash = SEED;
      other = OTHER_SEED;
    }
  }
  if (to > from) addWord(from, to, hash, other);
  next = 0;
  return FOUND;
}

/** Of a part whose units are at `folded`. */
export function findFolded(length: usize): void {
  beginPart();
  const end = folded + 2 * length;
  let at = folded;
  while (at < end) {
    const from = at;
    let hash = SEED;
    let other = OTHER_SEED;
    for (; at < end; at += 2) {
      const unit = <u32>load<u16>(at);
      if (unit == BESIDE_WORDS) break;
      hash = (hash ^ unit) * PRIME;
      other = (other ^ unit) * OTHER_PRIME;
    }
    if (at > from) addWord(from, at, hash, other);
    at += 2;
  }
}

function beginPart(): void {
  wordsEnd = words;
  nextFrom = nextTo = folded;
  nextHash = SEED;
  nextOther = OTHER_SEED;
}

function addWord(from: usize, to: usize, hash: i32, other: i32): void {
  store<u32>(wordsEnd, from);
  store<u32>(wordsEnd, to - from, 4);
  store<i32>(wordsEnd, hash, 8);
  store<i32>(wordsEnd, other, 12);
  wordsEnd += WORD;
}

/** The unit of two or three bytes. @returns `NONE` for what is no character */
function unitAt(at: usize, first: u32): u32 {
  const second = <u32>load<u8>(at, 1) ^ 0x80;
  const third = first < 0xe0 ? 0 : <u32>load<u8>(at, 2) ^ 0x80;
  if (first < 0xc2 || first > 0xef || second > 0x3f || third > 0x3f) return NONE;
  if (first < 0xe0) return ((first & 0x1f) << 6) | second;
  const unit = ((first & 0xf) << 12) | (second << 6) | third;
  return unit < 0x800 ? NONE : unit;
}
