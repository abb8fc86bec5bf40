/** A table of words by their letters, in flat arrays: looking one up makes no string, and no text that a word came from is kept alive. */

const FIRST_WORDS = 2048;

export class Spellings {
  count = 0;
  /** The letters of all, one after the other, and where each begins; its hash. */
  #units = new Uint16Array(8 * FIRST_WORDS);
  #begins = new Uint32Array(FIRST_WORDS + 1);
  #hashes = new Int32Array(FIRST_WORDS);
  /** Open addressing by hash: a word's number + 1, 0 where free. */
  #slots = new Int32Array(2 * FIRST_WORDS);

  /**
   * @param hash FNV-1a of the units, as `scanWords` gives it
   * @returns the number of the word in `text` from `from` to `to`, or -1
   */
  find(text: string, from: number, to: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = mixed(hash) & mask; ; slot = (slot + 1) & mask) {
      const word = (this.#slots[slot] ?? 0) - 1;
      if (word < 0 || (this.#hashes[word] === hash && this.#isAt(word, text, from, to)))
        return word;
    }
  }

  findOrAdd(text: string, from: number, to: number, hash: number): number {
    const word = this.find(text, from, to, hash);
    return word >= 0 ? word : this.add(text, from, to, hash);
  }

  /** @returns the number of a word that is not there yet: the words are counted from 0 */
  add(text: string, from: number, to: number, hash: number): number {
    const word = this.count++;
    if (word === this.#hashes.length) this.#grow();
    const begin = this.#begins[word] ?? 0;
    const end = begin + to - from;
    while (end > this.#units.length) {
      const units = new Uint16Array(2 * this.#units.length);
      units.set(this.#units);
      this.#units = units;
    }
    for (let i = from; i < to; i++) this.#units[begin + i - from] = text.charCodeAt(i);
    this.#begins[word + 1] = end;
    this.#hashes[word] = hash;
    this.#place(word);
    return word;
  }

  /** The numbers of all words that begin so. Looks at each. */
  beginningWith(start: string): number[] {
    const found: number[] = [];
    for (let word = 0; word < this.count; word++) {
      const length = (this.#begins[word + 1] ?? 0) - (this.#begins[word] ?? 0);
      if (length >= start.length && this.#beginsWith(word, start)) found.push(word);
    }
    return found;
  }

  #beginsWith(word: number, start: string): boolean {
    const begin = this.#begins[word] ?? 0;
    for (let i = 0; i < start.length; i++)
      if (this.#units[begin + i] !== start.charCodeAt(i)) return false;
    return true;
  }

  #isAt(word: number, text: string, from: number, to: number): boolean {
    const begin = this.#begins[word] ?? 0;
    if ((this.#begins[word + 1] ?? 0) - begin !== to - from) return false;
    for (let i = from; i < to; i++)
      if (this.#units[begin + i - from] !== text.charCodeAt(i)) return false;
    return true;
  }

  #place(word: number): void {
    const mask = this.#slots.length - 1;
    let slot = mixed(this.#hashes[word] ?? 0) & mask;
    while ((this.#slots[slot] ?? 0) > 0) slot = (slot + 1) & mask;
    this.#slots[slot] = word + 1;
  }

  #grow(): void {
    const hashes = new Int32Array(2 * this.#hashes.length);
    const begins = new Uint32Array(hashes.length + 1);
    hashes.set(this.#hashes);
    begins.set(this.#begins);
    this.#slots = new Int32Array(2 * hashes.length);
    const words = this.#hashes.length;
    this.#hashes = hashes;
    this.#begins = begins;
    for (let word = 0; word < words; word++) this.#place(word);
  }
}

/** FNV's low bits alone are poor. */
function mixed(hash: number): number {
  return hash ^ (hash >>> 15);
}
