/**
 * Counts the terms of one text: an open-addressed table of typed arrays that is emptied and used
 * again, so that counting makes no garbage. Terms are told apart by a 32-bit hash alone; two that
 * share one are counted as one, which costs as little as sharing a dimension does.
 */

/** How a term is turned into a vector. */
export const TermKind = {
  /** A word: itself and its n-grams, weighted by the table. */
  word: 0,
  /** A pair of characters of a script without blanks, or a symbol. */
  pair: 1,
  /** A pair that is mostly grammar, or a single character. */
  light: 2,
} as const;
export type TermKind = (typeof TermKind)[keyof typeof TermKind];

const FIRST_CAPACITY = 1024;

export class TermTable {
  /** Distinct terms so far. The arrays below hold this many, in order of first occurrence. */
  size = 0;
  hashes = new Int32Array(FIRST_CAPACITY);
  counts = new Int32Array(FIRST_CAPACITY);
  kinds = new Uint8Array(FIRST_CAPACITY);
  /** A word's stem is `units[starts[i]..starts[i] + lengths[i])`; other kinds have none. */
  starts = new Int32Array(FIRST_CAPACITY);
  lengths = new Uint8Array(FIRST_CAPACITY);
  units = new Uint16Array(FIRST_CAPACITY * 8);
  #unitsUsed = 0;
  /** Position of a term + 1, or 0; always at least twice as long as the arrays of terms. */
  #slots = new Int32Array(FIRST_CAPACITY * 2);

  clear(): void {
    if (this.size > 0) this.#slots.fill(0);
    this.size = 0;
    this.#unitsUsed = 0;
  }

  /** Distinct terms that fit without growing; clearing takes time in proportion to it. */
  get capacity(): number {
    return this.hashes.length;
  }

  /**
   * Counts one occurrence.
   * @param stem the word's units (up to 255), for its n-grams; ignored from the second occurrence on
   */
  add(hash: number, kind: TermKind, stem: Uint16Array, stemLength: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let term = this.#slots[slot]; term; term = this.#slots[slot]) {
      if (this.hashes[term - 1] === hash) {
        this.counts[term - 1] = (this.counts[term - 1] ?? 0) + 1;
        return;
      }
      slot = (slot + 1) & mask;
    }
    const at = this.size;
    this.hashes[at] = hash;
    this.counts[at] = 1;
    this.kinds[at] = kind;
    this.starts[at] = this.#unitsUsed;
    this.lengths[at] = stemLength;
    this.#keep(stem, stemLength);
    this.size = at + 1;
    this.#slots[slot] = this.size;
    if (this.size === this.hashes.length) this.#grow();
  }

  #keep(stem: Uint16Array, length: number): void {
    if (this.#unitsUsed + length > this.units.length) this.units = longer(this.units);
    for (let i = 0; i < length; i++) this.units[this.#unitsUsed + i] = stem[i] ?? 0;
    this.#unitsUsed += length;
  }

  #grow(): void {
    this.hashes = longer(this.hashes);
    this.counts = longer(this.counts);
    this.kinds = longer(this.kinds);
    this.starts = longer(this.starts);
    this.lengths = longer(this.lengths);
    this.#slots = new Int32Array(this.hashes.length * 2);
    const mask = this.#slots.length - 1;
    for (let term = 0; term < this.size; term++) {
      let slot = (this.hashes[term] ?? 0) & mask;
      while (this.#slots[slot]) slot = (slot + 1) & mask;
      this.#slots[slot] = term + 1;
    }
  }
}

function longer<Numbers extends Int32Array | Uint16Array | Uint8Array>(numbers: Numbers): Numbers {
  const copy = new (numbers.constructor as new (length: number) => Numbers)(numbers.length * 2);
  copy.set(numbers);
  return copy;
}
