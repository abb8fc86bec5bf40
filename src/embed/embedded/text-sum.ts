/**
 * The sum of a text's terms while it grows, and what a term adds by its hash alone: a few ±1 at hashed places, and for a
 * word its n-grams. Both embedded models are such sums, so that they treat what neither knows in the same way. Uses
 * integer hashes and + − × ÷ √ of doubles only, in a fixed order, and rounds once, at the end: the same bytes in every engine.
 *
 * Sources: signed feature hashing (Weinberger et al., "Feature hashing for large scale multitask
 * learning", 2009); words beside their character n-grams (Bojanowski et al., "Enriching word vectors
 * with subword information", 2017). docs/embedded-model.md has what each constant was measured against.
 */
import { finishHash, HASH_SEED, hashUnit } from './hashing.ts';
import { TermReader } from './term-reader.ts';
import { TermKind, type TermTable } from './term-table.ts';
import { weightOfWord } from './weigh-word.ts';

export const EMBEDDED_DIMENSIONS = 384;

/** Length of the n-grams' share of a word's vector; the word's own share has length 1. */
const NGRAM_SHARE = 1.3;
/** n-grams of 3 to 5 units, of the stem between two marks. */
const SHORTEST_NGRAM = 3;
const LONGEST_NGRAM = 5;
const WORD_EDGE = 0x1f;
/** Each term has two places: with one, a clash of two strong terms cannot be told from a match. */
const WORD_SCALE = Math.sqrt(1 / 2);
/** As a rare word, and as a common one (see `word-weights.ts`). */
const PAIR_WEIGHT = 6;
const LIGHT_WEIGHT = 2;

const reader = new TermReader();

/** Good until the next text is read. */
export function readTerms(text: string): TermTable {
  reader.read(text);
  return reader.terms;
}

export class TextSum {
  /** (384) */
  readonly values = new Float64Array(EMBEDDED_DIMENSIONS);

  clear(): void {
    this.values.fill(0);
  }

  /** Adds a term of any kind by its hash, as long as it is rare, times `scale`. */
  addHashed(terms: TermTable, term: number, scale: number): void {
    const hash = terms.hashes[term] ?? 0;
    const count = dampened(terms.counts[term] ?? 0) * scale;
    if (terms.kinds[term] !== TermKind.word) {
      const weight = terms.kinds[term] === TermKind.pair ? PAIR_WEIGHT : LIGHT_WEIGHT;
      this.#addTwice(hash, count * weight * WORD_SCALE);
      return;
    }
    const length = terms.lengths[term] ?? 0;
    const weight = count * weightOfWord(hash, length);
    if (weight === 0) return;
    const start = terms.starts[term] ?? 0;
    this.addHashedWord(hash, terms.units, start, start + length, weight);
  }

  /** Adds the word whose stem is `units[from..to)`, with a length of about 1.64 × `weight`. */
  addHashedWord(hash: number, units: Uint16Array, from: number, to: number, weight: number): void {
    this.#addTwice(hash, weight * WORD_SCALE);
    this.#addNgrams(units, from, to, weight);
  }

  /** The sum at length 1, rounded to 32 bits. Float32Array (384), zero when nothing was added. */
  toUnit(): Float32Array {
    const vector = new Float32Array(EMBEDDED_DIMENSIONS);
    let squares = 0;
    for (const value of this.values) squares += value * value;
    if (squares === 0) return vector;
    const scale = 1 / Math.sqrt(squares);
    for (let i = 0; i < EMBEDDED_DIMENSIONS; i++) vector[i] = (this.values[i] ?? 0) * scale;
    return vector;
  }

  #addTwice(hash: number, value: number): void {
    this.#addAt(hash, value);
    this.#addAt(finishHash(hash ^ HASH_SEED), value);
  }

  /** The high half of the hash gives the place, the lowest bit the sign. */
  #addAt(hash: number, value: number): void {
    const place = ((hash >>> 16) * EMBEDDED_DIMENSIONS) >>> 16;
    this.values[place] = (this.values[place] ?? 0) + ((hash & 1) === 0 ? value : -value);
  }

  /** Adds the n-grams of the stem `units[from..to)`, which together have the length `NGRAM_SHARE`. */
  #addNgrams(units: Uint16Array, from: number, to: number, weight: number): void {
    const padded = to - from + 2;
    let ngrams = 0;
    for (let n = SHORTEST_NGRAM; n <= LONGEST_NGRAM; n++) ngrams += Math.max(0, padded - n + 1);
    const value = (weight * NGRAM_SHARE) / Math.sqrt(ngrams);
    for (let first = from - 1; first + SHORTEST_NGRAM <= to + 1; first++) {
      let hash = HASH_SEED ^ WORD_EDGE;
      const end = Math.min(first + LONGEST_NGRAM, to + 1);
      for (let i = first; i < end; i++) {
        hash = hashUnit(hash, i < from || i >= to ? WORD_EDGE : (units[i] ?? 0));
        if (i - first + 1 >= SHORTEST_NGRAM) this.#addAt(finishHash(hash), value);
      }
    }
  }
}

/**
 * Near log₂(1 + count), with exact steps: straight between powers of two, where Math.log2 would leave
 * the last bit to the engine.
 */
export function dampened(count: number): number {
  const exponent = 31 - Math.clz32(count + 1);
  return exponent + (count + 1) / (1 << exponent) - 1;
}
