/**
 * The sum of a text's terms: what `../text-sum.ts` and `../embed-text.ts` do. To every place of the vector the same numbers are added in the same order, so that
 * each rounding is the same; what is done otherwise is only which places are next to each other in time.
 */
import { finishHash, HASH_SEED, hashUnit } from './hashing';
import { weightOfWord } from './model';
import { COUNT, ROW, SCALE, STEM, STEM_UNITS, TERM, terms, termsEnd, WORD_EDGE } from './terms';

const DIMENSIONS: u32 = 384;
const VALUE: usize = 8;
/** Two values. */
const PAIR: i32 = 16;
const PAIRS: i32 = 192;
/** Pairs whose values stay in registers while a run of rows is added to them: as many as a number of 64 bits has bytes. */
const PAIRS_AT_ONCE: i32 = 8;

const NGRAM_SHARE: f64 = 1.3;
const SHORTEST_NGRAM: u32 = 3;
const LONGEST_NGRAM: u32 = 5;
const WORD_SCALE: f64 = sqrt<f64>(1.0 / 2.0);
const UNKNOWN_SCALE: f64 = 1.5 / (8.5 * sqrt<f64>(1.0 + 1.3 * 1.3));

const values: usize = memory.data(PAIR * PAIRS, 16);
/** By byte of a row, the two numbers that it holds. */
const numbers: usize = memory.data(PAIR * 256, 16);
/** The sum at length 1, in 32 bits. */
export const vector: usize = memory.data(4 * DIMENSIONS, 16);

for (let byte: i32 = 0; byte < 256; byte++) {
  store<f64>(numbers + PAIR * byte, (byte << 28) >> 28);
  store<f64>(numbers + PAIR * byte, (byte << 24) >> 28, VALUE);
}

export function sumTerms(): void {
  memory.fill(values, 0, PAIR * PAIRS);
  for (let term = terms; term < termsEnd;) {
    const first = term;
    for (; term < termsEnd && load<usize>(term, ROW) != 0; term += TERM)
      store<f64>(term, load<f64>(term, SCALE) * dampened(load<u32>(term, COUNT)), SCALE);
    if (term > first) addRows(first, term);
    if (term < termsEnd) {
      addHashed(term);
      term += TERM;
    }
  }
  toUnit();
}

function addRows(first: usize, end: usize): void {
  for (let pairs = 0; pairs < PAIRS; pairs += PAIRS_AT_ONCE) {
    const at = values + PAIR * pairs;
    let sum0 = v128.load(at);
    let sum1 = v128.load(at, 16);
    let sum2 = v128.load(at, 32);
    let sum3 = v128.load(at, 48);
    let sum4 = v128.load(at, 64);
    let sum5 = v128.load(at, 80);
    let sum6 = v128.load(at, 96);
    let sum7 = v128.load(at, 112);
    for (let term = first; term < end; term += TERM) {
      const bytes = load<u64>(load<usize>(term, ROW) + pairs);
      const scale = v128.load64_splat(term, SCALE);
      sum0 = f64x2.add(sum0, f64x2.mul(numbersOf(bytes << 4), scale));
      sum1 = f64x2.add(sum1, f64x2.mul(numbersOf(bytes >> 4), scale));
      sum2 = f64x2.add(sum2, f64x2.mul(numbersOf(bytes >> 12), scale));
      sum3 = f64x2.add(sum3, f64x2.mul(numbersOf(bytes >> 20), scale));
      sum4 = f64x2.add(sum4, f64x2.mul(numbersOf(bytes >> 28), scale));
      sum5 = f64x2.add(sum5, f64x2.mul(numbersOf(bytes >> 36), scale));
      sum6 = f64x2.add(sum6, f64x2.mul(numbersOf(bytes >> 44), scale));
      sum7 = f64x2.add(sum7, f64x2.mul(numbersOf(bytes >> 52), scale));
    }
    v128.store(at, sum0);
    v128.store(at, sum1, 16);
    v128.store(at, sum2, 32);
    v128.store(at, sum3, 48);
    v128.store(at, sum4, 64);
    v128.store(at, sum5, 80);
    v128.store(at, sum6, 96);
    v128.store(at, sum7, 112);
  }
}

/** @param shifted with the byte in bits 4 to 11 */
function numbersOf(shifted: u64): v128 {
  return v128.load(numbers + (<usize>shifted & 0xff0));
}

function addHashed(term: usize): void {
  const hash = load<u32>(term);
  const stem = load<usize>(term, STEM);
  const length = <u32>load<u16>(stem);
  const count = dampened(load<u32>(term, COUNT)) * UNKNOWN_SCALE;
  const weight = count * weightOfWord(hash, length);
  if (weight == 0) return;
  addAt(hash, weight * WORD_SCALE);
  addAt(finishHash(hash ^ HASH_SEED), weight * WORD_SCALE);
  addNgrams(stem + STEM_UNITS - 2, length + 2, weight);
}

/** @param length of the stem, which begins at `from`, with its two edges */
function addNgrams(from: usize, length: u32, weight: f64): void {
  let ngrams: u32 = 0;
  for (let n = SHORTEST_NGRAM; n <= LONGEST_NGRAM && n <= length; n++) ngrams += length - n + 1;
  const value = (weight * NGRAM_SHARE) / sqrt<f64>(ngrams);
  const end = from + 2 * length;
  for (let first = from; first + 2 * SHORTEST_NGRAM <= end; first += 2) {
    let hash = hashUnit(
      hashUnit(hashUnit(HASH_SEED ^ WORD_EDGE, load<u16>(first)), load<u16>(first, 2)),
      load<u16>(first, 4),
    );
    addAt(finishHash(hash), value);
    const last = min(first + 2 * LONGEST_NGRAM, end);
    for (let at = first + 2 * SHORTEST_NGRAM; at < last; at += 2) {
      hash = hashUnit(hash, load<u16>(at));
      addAt(finishHash(hash), value);
    }
  }
}

function addAt(hash: u32, value: f64): void {
  const at = values + VALUE * (((hash >>> 16) * DIMENSIONS) >>> 16);
  const sign = (<u64>hash) << 63;
  store<f64>(at, load<f64>(at) + reinterpret<f64>(reinterpret<u64>(value) ^ sign));
}

function toUnit(): void {
  let squares: f64 = 0;
  for (let i: u32 = 0; i < DIMENSIONS; i++) {
    const value = load<f64>(values + VALUE * i);
    squares += value * value;
  }
  const scale = squares == 0 ? 0 : 1 / sqrt<f64>(squares);
  const scales = f64x2.splat(scale);
  for (let i = 0; i < PAIRS; i++) {
    const pair = f64x2.mul(v128.load(values + PAIR * i), scales);
    v128.store64_lane(vector + 8 * i, f32x4.demote_f64x2_zero(pair), 0);
  }
}

/** Near log₂(1 + count), as `../text-sum.ts` has it. */
function dampened(count: u32): f64 {
  const exponent = 31 - clz(count + 1);
  return <f64>exponent + <f64>(count + 1) / <f64>(1 << exponent) - 1;
}
