/**
 * What words stand for, by their hashes: to look one up, memory is waited for once, which is what takes the time of reading many texts.
 * Two words with the same 64 bits would be one; of a million words that happens to one index in 30 million.
 */

/** Of a slot: the two hashes, and what the word stands for, or `FREE`. */
const SLOT = 3;
const FREE = -0x8000_0000;
const FIRST_SLOTS = 4096;

export class WordTable {
  count: number;
  #slots: Int32Array;
  #mask: number;

  /** @param slots of a table that has `count` words; default: an empty one */
  constructor(slots: Int32Array = freeSlots(FIRST_SLOTS), count = 0) {
    this.count = count;
    this.#slots = slots;
    this.#mask = slots.length / SLOT - 1;
  }

  get slots(): Int32Array {
    return this.#slots;
  }

  /** @returns what the word stands for, or `missing` */
  get(hash: number, other: number, missing: number): number {
    for (let slot = mixed(hash) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = SLOT * slot;
      const meaning = this.#slots[at + 2] ?? FREE;
      if (meaning === FREE) return missing;
      if (this.#slots[at] === hash && this.#slots[at + 1] === other) return meaning;
    }
  }

  /** Adds a word that is not there yet. @param meaning any number of 32 bits but the least */
  add(hash: number, other: number, meaning: number): void {
    // Two thirds full a look takes two steps on average.
    if (3 * ++this.count > 2 * (this.#mask + 1)) this.#grow();
    this.#place(hash, other, meaning);
  }

  #place(hash: number, other: number, meaning: number): void {
    let slot = mixed(hash) & this.#mask;
    while (this.#slots[SLOT * slot + 2] !== FREE) slot = (slot + 1) & this.#mask;
    this.#slots[SLOT * slot] = hash;
    this.#slots[SLOT * slot + 1] = other;
    this.#slots[SLOT * slot + 2] = meaning;
  }

  #grow(): void {
    const before = this.#slots;
    this.#mask = 2 * this.#mask + 1;
    this.#slots = freeSlots(this.#mask + 1);
    for (let at = 0; at < before.length; at += SLOT) {
      const meaning = before[at + 2] ?? FREE;
      if (meaning !== FREE) this.#place(before[at] ?? 0, before[at + 1] ?? 0, meaning);
    }
  }
}

function freeSlots(count: number): Int32Array {
  return new Int32Array(SLOT * count).fill(FREE);
}

/** FNV's low bits alone are poor. */
function mixed(hash: number): number {
  return hash ^ (hash >>> 15);
}
