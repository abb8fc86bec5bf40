/** Numbers for the stems of words, in the order in which they are met; each spelling is stemmed once. What `../spelled-terms.ts` does. */
import { readRules, stemEnglish, word } from './english-stem';
import { OTHER_PRIME, OTHER_SEED, PRIME, SEED } from './fold';
import { WordTable } from './word-table';

/** Bytes of the shortest and the longest word that is stemmed. */
const SHORTEST_STEMMED: usize = 6;
const LONGEST_STEMMED: usize = 128;
const A: u32 = 0x61;
const Z: u32 = 0x7a;
const UNKNOWN: i32 = -1;

export let termCount: u32 = 0;
export let stems: WordTable = new WordTable();
/** Stop words, which who begins has to put there, and each spelling with its stem's number. */
export let spellings: WordTable = new WordTable();
/** The letters of all stems, and the number of the first one's of each. */
export let letters: usize = heap.alloc(1 << 15);
let lettersEnd: u32 = 1 << 14;
export let begins: usize = heap.alloc(1 << 13);
let beginsEnd: u32 = 1 << 11;
let isEnglish: bool = false;

export function beginTerms(english: bool): void {
  isEnglish = english;
  if (english) readRules();
}

/** The number of a word, below 0 for a stop word. */
export function termOf(from: usize, bytes: usize, hash: i32, other: i32): i32 {
  const known = spellings.get(hash, other, UNKNOWN);
  return known == UNKNOWN ? addSpelling(from, bytes, hash, other) : known;
}

function addSpelling(from: usize, bytes: usize, hash: i32, other: i32): i32 {
  let term: i32;
  if (isStemmed(from, bytes)) {
    const length = (<usize>stemEnglish(<i32>bytes >> 1)) << 1;
    const ofStem = hashOf(word, length, SEED, PRIME);
    term = termOfStem(word, length, ofStem, hashOf(word, length, OTHER_SEED, OTHER_PRIME));
  } else {
    term = termOfStem(from, bytes, hash, other);
  }
  spellings.add(hash, other, term);
  return term;
}

function termOfStem(from: usize, bytes: usize, hash: i32, other: i32): i32 {
  const known = stems.get(hash, other, UNKNOWN);
  if (known != UNKNOWN) return known;
  const term = termCount++;
  stems.add(hash, other, term);
  const begin = load<u32>(begins + 4 * term);
  const end = begin + <u32>(bytes >> 1);
  if (term + 2 > beginsEnd) begins = heap.realloc(begins, 4 * (beginsEnd *= 2));
  while (end > lettersEnd) letters = heap.realloc(letters, 2 * (lettersEnd *= 2));
  const to = letters + 2 * begin;
  for (let at: usize = 0; at < bytes; at += 2) store<u16>(to + at, load<u16>(from + at));
  store<u32>(begins + 4 * (term + 1), end);
  return term;
}

/** Whether it is a word of English letters, which then stands where words are stemmed. */
function isStemmed(from: usize, bytes: usize): bool {
  if (!isEnglish || bytes < SHORTEST_STEMMED || bytes > LONGEST_STEMMED) return false;
  for (let at: usize = 0; at < bytes; at += 2) {
    const unit = <u32>load<u16>(from + at);
    if (unit < A || unit > Z) return false;
    store<u16>(word + at, unit);
  }
  return true;
}

function hashOf(from: usize, bytes: usize, seed: i32, prime: i32): i32 {
  let hash = seed;
  for (const end = from + bytes; from < end; from += 2) hash = (hash ^ load<u16>(from)) * prime;
  return hash;
}
