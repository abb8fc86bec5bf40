/**
 * From the units of a text to its words, folded and stemmed: what `../term-reader.ts` does, of words alone. A word that goes on in the next piece of the text waits
 * where words are stemmed.
 */
import { stemEnglish, word } from '../../../ranking/kernel/english-stem';
import { finishHash, HASH_SEED, hashUnit } from './hashing';
import { clearTerms, count, MAX_STEM_UNITS } from './terms';

/** What a unit is that is no part of a word, if it is not to be ignored. `OTHER` is what only JavaScript reads. */
const SEPARATOR: u32 = 0;
const OTHER: u32 = 2;

const UNITS: i32 = 0x10000;
const INPUT_BYTES: i32 = 16384;
/** A longer run is counted in pieces. */
const MAX_WORD_BYTES: usize = 2 * MAX_STEM_UNITS;
/** Shorter words have no ending. */
const SHORTEST_STEMMED: u32 = 3;
const A: u32 = 0x61;
const LETTERS: u32 = 26;

/** Spellings whose stems are known; one that comes to the place of another takes it. Of each: its units, then zeros; its stem's hash and length. */
const KNOWN_STEMS: i32 = 4096;
const KNOWN: i32 = 48;
const MAX_KNOWN_UNITS: u32 = 16;
const KNOWN_HASH: usize = 32;
const KNOWN_LENGTH: usize = 36;

/** By UTF-16 unit what it is folded to, or one of the three. JavaScript fills it. */
export const folds: usize = memory.data(2 * UNITS, 16);
export const input: usize = memory.data(INPUT_BYTES, 16);
export const inputBytes: i32 = INPUT_BYTES;
const knownStems: usize = memory.data(KNOWN * KNOWN_STEMS, 16);

/** Of the word under way: where it ends, its hash so far, and whether it is of a to z only. */
let wordEnd: usize = word;
let wordHash: u32 = HASH_SEED;
let isLetters: bool = true;

export function beginText(): void {
  clearTerms();
  beginWord();
}

/** Reads a text that is ASCII, whose bytes are at `input`. @returns whether it could */
export function readAscii(length: i32): bool {
  return readPiece<u8>(length);
}

/** Reads the next piece of a text, whose units are at `input`. @returns whether it could */
export function readUnits(length: i32): bool {
  return readPiece<u16>(length);
}

/** @returns whether there was room for the last word */
export function endText(): bool {
  return endWord(wordEnd);
}

function readPiece<Unit>(length: i32): bool {
  const size = sizeof<Unit>();
  const end = input + size * length;
  let to = wordEnd;
  let hash = wordHash;
  for (let at = input; at < end; at += size) {
    const unit = <u32>load<u16>(folds + 2 * <usize>load<Unit>(at));
    if (unit > OTHER) {
      if (to == word + MAX_WORD_BYTES) {
        wordHash = hash;
        if (!endWord(to)) return false;
        to = word;
        hash = HASH_SEED;
      }
      store<u16>(to, unit);
      to += 2;
      hash = hashUnit(hash, unit);
      if (unit - A >= LETTERS) isLetters = false;
    } else if (unit == SEPARATOR) {
      if (to == word) continue;
      wordHash = hash;
      if (!endWord(to)) return false;
      to = word;
      hash = HASH_SEED;
    } else if (unit == OTHER) {
      return false;
    }
  }
  wordEnd = to;
  wordHash = hash;
  return true;
}

function beginWord(): void {
  wordEnd = word;
  wordHash = HASH_SEED;
  isLetters = true;
  v128.store(word, i64x2.splat(0));
  v128.store(word, i64x2.splat(0), 16);
}

/** @returns whether there was room for it */
function endWord(end: usize): bool {
  const length = <u32>(end - word) >> 1;
  if (length == 0) return true;
  const fits =
    isLetters && length >= SHORTEST_STEMMED
      ? countStem(length)
      : count(finishHash(wordHash), length, 0);
  beginWord();
  return fits;
}

/** Most words were there before, so that their stems are known. */
function countStem(length: u32): bool {
  if (length > MAX_KNOWN_UNITS) {
    const stemLength = stemEnglish(length);
    return count(hashOfStem(stemLength), stemLength, 0);
  }
  const known = knownStems + KNOWN * ((wordHash ^ (wordHash >>> 16)) & (KNOWN_STEMS - 1));
  const first = v128.load(word);
  const second = v128.load(word, 16);
  const difference = v128.or(
    v128.xor(first, v128.load(known)),
    v128.xor(second, v128.load(known, 16)),
  );
  if (!v128.any_true(difference))
    return count(load<u32>(known, KNOWN_HASH), load<u32>(known, KNOWN_LENGTH), length);
  const stemLength = stemEnglish(length);
  const hash = hashOfStem(stemLength);
  v128.store(known, first);
  v128.store(known, second, 16);
  store<u32>(known, hash, KNOWN_HASH);
  store<u32>(known, stemLength, KNOWN_LENGTH);
  return count(hash, stemLength, 0);
}

function hashOfStem(length: u32): u32 {
  let hash = HASH_SEED;
  for (let at = word, end = word + 2 * length; at < end; at += 2)
    hash = hashUnit(hash, load<u16>(at));
  return finishHash(hash);
}
