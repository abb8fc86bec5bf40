/**
 * A table of pieces of text, in UTF-8, and what is known of each, in arrays: as objects in a Map, looked up by strings cut out, it took a
 * program as long as the database had taken. Pieces and lexemes have numbers, from 0.
 */

/** A piece that holds one lexeme, as nearly all do, has its number; else one of these. */
export const NO_WORD = -1;
export const SEVERAL_WORDS = -2;
/** Nothing to rely on. */
export const UNCERTAIN = -3;
/** It has not been asked. */
export const UNKNOWN = -4;

/** What is known of a piece. */
export interface Known {
  /** How many places of a text it takes; words that are not indexed take one, too. */
  size: number;
  /** Its lexemes, each with its places in it, from 1, ascending. */
  words: readonly { text: string; id: number; at: readonly number[] }[];
}

const FIRST_SLOTS = 1_024;
const FIRST_BYTES = 8_192;
/** Numbers of a slot: the hash of its piece, and the piece's number + 1, or 0. Beside each other, since both are read. */
const SLOT = 2;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class SegmentTable {
  /** By piece: number of its lexeme, or what else there is to say; and how many places it takes. */
  readonly words: number[] = [];
  readonly sizes: number[] = [];
  /** Of those of several words, lexemes and places in turn. */
  readonly several = new Map<number, readonly number[]>();
  /** By lexeme; `ids` are those of `evervec.word_id`. */
  readonly lexemes: string[] = [];
  readonly ids: number[] = [];
  readonly #lexemeOf = new Map<string, number>();
  /** All pieces, one after the other, and where each begins; the last one ends where the next will begin. */
  #bytes = new Uint8Array(FIRST_BYTES);
  readonly #begins: number[] = [0];
  /** Open addressing. */
  #slots = new Int32Array(SLOT * FIRST_SLOTS);

  get count(): number {
    return this.#begins.length - 1;
  }

  /** Bytes of all pieces. */
  get size(): number {
    return this.#begins.at(-1) ?? 0;
  }

  /** Good until a piece is added. */
  bytes(piece: number): Uint8Array {
    return this.#bytes.subarray(this.#begins[piece], this.#begins[piece + 1]);
  }

  name(piece: number): string {
    return decoder.decode(this.bytes(piece));
  }

  /** Number of the lexeme; undefined where it has none yet. */
  lexeme(text: string): number | undefined {
    return this.#lexemeOf.get(text);
  }

  /**
   * The piece that stands in `text` from `from` to `to`; added where it is new.
   * @param hash of it, by `addToHash` of each of its bytes
   */
  find(text: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const last = slots.length - SLOT;
    for (let slot = firstSlot(hash, last); ; slot = (slot + SLOT) & last) {
      const piece = (slots[slot + 1] ?? 0) - 1;
      if (piece < 0) return this.#add(text, from, to, hash, slot);
      if (slots[slot] === hash && this.#isAt(text, from, to, piece)) return piece;
    }
  }

  /** Fills in what is known of a piece. */
  learn(piece: number, { size, words }: Known): void {
    this.sizes[piece] = size;
    const numbers = words.map(({ text, id }) => this.#numberOf(text, id));
    const [only = NO_WORD] = numbers;
    const isPlain = words.length < 2 && words.every(({ at }) => at.length === 1 && at[0] === 1);
    this.words[piece] = isPlain ? only : SEVERAL_WORDS;
    if (!isPlain)
      this.several.set(
        piece,
        words.flatMap(({ at }, index) => at.flatMap((place) => [numbers[index] ?? 0, place])),
      );
  }

  /** What was learnt of a piece. */
  known(piece: number): Known {
    const word = this.words[piece] ?? UNKNOWN;
    const places = word >= 0 ? [word, 1] : (this.several.get(piece) ?? []);
    const words: { text: string; id: number; at: number[] }[] = [];
    for (let index = 0; index < places.length; index += 2) {
      const lexeme = places[index] ?? 0;
      const text = this.lexemes[lexeme] ?? '';
      const place = places[index + 1] ?? 0;
      if (words.at(-1)?.text === text) words.at(-1)?.at.push(place);
      else words.push({ text, id: this.ids[lexeme] ?? 0, at: [place] });
    }
    return { size: this.sizes[piece] ?? 0, words };
  }

  #add(text: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const begin = this.size;
    const end = begin + to - from;
    if (end > this.#bytes.length) {
      const longer = new Uint8Array(2 * end);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    for (let at = from; at < to; at++) this.#bytes[begin + at - from] = text[at] ?? 0;
    const piece = this.#begins.push(end) - 2;
    this.words.push(UNKNOWN);
    this.sizes.push(0);
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = piece + 1;
    if (2 * SLOT * this.count > this.#slots.length) this.#grow();
    return piece;
  }

  #isAt(text: Uint8Array, from: number, to: number, piece: number): boolean {
    const begin = this.#begins[piece] ?? 0;
    if ((this.#begins[piece + 1] ?? 0) - begin !== to - from) return false;
    const bytes = this.#bytes;
    for (let at = from; at < to; at++) if (text[at] !== bytes[begin + at - from]) return false;
    return true;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    const last = this.#slots.length - SLOT;
    for (let old = 0; old < before.length; old += SLOT) {
      const [hash = 0, named = 0] = [before[old], before[old + 1]];
      if (named === 0) continue;
      let slot = firstSlot(hash, last);
      while (this.#slots[slot + 1] !== 0) slot = (slot + SLOT) & last;
      this.#slots[slot] = hash;
      this.#slots[slot + 1] = named;
    }
  }

  #numberOf(text: string, id: number): number {
    const known = this.#lexemeOf.get(text);
    if (known !== undefined) return known;
    const number = this.lexemes.push(text) - 1;
    this.ids.push(id);
    this.#lexemeOf.set(text, number);
    return number;
  }
}

/** FNV-1a. @param hash any number to begin with, the same for all */
export function addToHash(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x0100_0193);
}

/** @param last of the slots; their number is a power of two */
function firstSlot(hash: number, last: number): number {
  return ((hash ^ (hash >>> 15)) * SLOT) & last;
}
