/**
 * A table of pieces of text and what is known of each, in arrays: as objects in a Map, looked up by strings cut out, it took a program as
 * long as the database had taken. Pieces and lexemes have numbers, from 0.
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
/** Shorter ones V8 copies itself. */
const MIN_SLICE_CHARS = 13;

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
  readonly #names: string[] = [];
  readonly #hashes: number[] = [];
  /** Open addressing: a piece's number + 1, or 0. */
  #slots = new Int32Array(FIRST_SLOTS);
  /** UTF-16 units of all pieces. */
  chars = 0;

  get count(): number {
    return this.#names.length;
  }

  name(piece: number): string {
    return this.#names[piece] ?? '';
  }

  /** Number of the lexeme; undefined where it has none yet. */
  lexeme(text: string): number | undefined {
    return this.#lexemeOf.get(text);
  }

  /**
   * The piece that stands in `text` from `from` to `to`; added where it is new.
   * @param hash of it, by `addToHash` of each of its units
   */
  find(text: string, from: number, to: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const piece = (this.#slots[slot] ?? 0) - 1;
      if (piece < 0) return this.#add(text.slice(from, to), hash, slot);
      if (this.#hashes[piece] === hash && isAt(text, from, to, this.#names[piece] ?? ''))
        return piece;
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

  #add(slice: string, hash: number, slot: number): number {
    // A slice of a long text keeps that in memory.
    const name = slice.length < MIN_SLICE_CHARS ? slice : Buffer.from(slice).toString();
    const piece = this.#names.push(name) - 1;
    this.#hashes.push(hash);
    this.words.push(UNKNOWN);
    this.sizes.push(0);
    this.chars += name.length;
    this.#slots[slot] = piece + 1;
    if (this.#names.length * 2 > this.#slots.length) this.#grow();
    return piece;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    this.#hashes.forEach((hash, piece) => {
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = piece + 1;
    });
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
export function addToHash(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x0100_0193);
}

function isAt(text: string, from: number, to: number, name: string): boolean {
  if (name.length !== to - from) return false;
  for (let at = 0; at < name.length; at++)
    if (name.charCodeAt(at) !== text.charCodeAt(from + at)) return false;
  return true;
}
