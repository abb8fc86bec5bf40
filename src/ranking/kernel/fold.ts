/** Makes a part's bytes into units of words, by a table that JavaScript fills: what `FoldedText` of `../scan-words.ts` does. */

/** In the table: not known yet; folded with what stands beside it. */
const UNSEEN: u32 = 0xffff;
const WITH_OTHERS: u32 = 0xfffe;
const UNITS: usize = 0x10000;
const FIRST_BYTES: usize = 4096;

/** What `foldUtf8` says; else it is a unit that the table does not know. */
export const FOLDED: i32 = -1;
export const NOT_ALONE: i32 = -2;

/** By UTF-16 unit what it is folded to, or one of the two. */
export let folds: usize = heap.alloc(2 * UNITS);
/** Where a part's bytes are to be. Two more are 0, so that what ends too early is seen. */
export let input: usize = heap.alloc(FIRST_BYTES + 2);
/** Its units, between words and at the end 0. */
export let folded: usize = heap.alloc(2 * FIRST_BYTES + 2);
export let foldedLength: usize = 0;
let fitting: usize = FIRST_BYTES;
/** Where it goes on once the table knows the unit. */
let next: usize = 0;

/** Makes room for a part of so many bytes, or so many units. */
export function fit(length: usize): void {
  if (length <= fitting) return;
  fitting = 2 * length;
  input = heap.alloc(fitting + 2);
  folded = heap.alloc(2 * fitting + 2);
}

/** Goes on where it stopped. */
export function foldUtf8(bytes: usize): i32 {
  store<u16>(input + bytes, 0);
  if (next == 0) foldedLength = 0;
  const end = input + bytes;
  let at = input + next;
  let to = folded + 2 * foldedLength;
  let stop: i32 = FOLDED;
  while (at < end) {
    let unit = <u32>load<u8>(at);
    let width: usize = 1;
    if (unit >= 0x80) {
      width = unit < 0xe0 ? 2 : 3;
      unit = width == 2 ? unitOfTwo(at) : unitOfThree(at);
    }
    const known = unit == WITH_OTHERS ? WITH_OTHERS : <u32>load<u16>(folds + 2 * unit);
    if (known >= WITH_OTHERS) {
      stop = known == UNSEEN ? <i32>unit : NOT_ALONE;
      break;
    }
    store<u16>(to, known);
    to += 2;
    at += width;
  }
  foldedLength = (to - folded) >> 1;
  next = stop >= 0 ? at - input : 0;
  return stop;
}

/** @returns `WITH_OTHERS` for what is no character */
function unitOfTwo(at: usize): u32 {
  const first = <u32>load<u8>(at);
  const second = <u32>load<u8>(at, 1) ^ 0x80;
  if (first < 0xc2 || second > 0x3f) return WITH_OTHERS;
  return ((first & 0x1f) << 6) | second;
}

function unitOfThree(at: usize): u32 {
  const first = <u32>load<u8>(at);
  const second = <u32>load<u8>(at, 1) ^ 0x80;
  const third = <u32>load<u8>(at, 2) ^ 0x80;
  if (first > 0xef || second > 0x3f || third > 0x3f) return WITH_OTHERS;
  const unit = ((first & 0xf) << 12) | (second << 6) | third;
  return unit < 0x800 ? WITH_OTHERS : unit;
}
