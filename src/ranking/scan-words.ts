/** Where the words of a text are: runs of letters, marks and digits of any script, found without making a string of each. */

const WORD_CHARACTER = /^[\p{L}\p{M}\p{N}]$/u;
const FIRST_LENGTH = 4096;
/** Stands for whatever is between words. */
const BESIDE_WORDS = 0;

/** NFKC in lower case: one spelling for what looks alike. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/**
 * Letters that are folded to the same unit whatever stands beside them: of texts of them alone each is looked up, which is
 * faster. Without combining marks, which change what is before them, and Greek, whose sigma depends on what is after it.
 */
const ALONE =
  /[\0-\u024f\u0400-\u0482\u048a-\u052f\u2010-\u2027\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]/;
/** Units that are no characters, so that none is folded to them. */
const UNSEEN = 0xffff;
const WITH_OTHERS = 0xfffe;
/** By UTF-16 unit what it is folded to, or one of the two; found out when one is met. */
export const foldedUnits: Uint16Array = new Uint16Array(0x1_0000).fill(UNSEEN);

/** By UTF-16 unit, found out when one is met: 0 until then. */
const kinds = new Uint8Array(0x1_0000);
const OF_NONE = 1;
const OF_WORDS = 2;

/** A text, or one in UTF-8 of which a string is made only where it is needed. */
export type TextPart = string | { readonly utf8: Uint8Array; toString(): string };

/** The words of the text that is read, as `fold` has them, in UTF-16 units, with `BESIDE_WORDS` in between: one array for all texts, since making one for each takes as long as reading it. */
export class FoldedText {
  units = new Uint16Array(FIRST_LENGTH);
  length = 0;

  /** @throws what the part's `toString` throws */
  set(part: TextPart): void {
    const isSet = typeof part === 'string' ? this.#setUnits(part) : this.#setUtf8(part.utf8);
    if (!isSet) this.#setFolded(fold(part.toString()));
  }

  /** @returns false for bytes that are no characters, or some that are folded with what is beside them */
  #setUtf8(bytes: Uint8Array): boolean {
    const units = this.#fit(bytes.length);
    let length = 0;
    for (let at = 0; at < bytes.length; at++) {
      let unit = bytes[at] ?? 0;
      if (unit >= 0x80) {
        const width = unit < 0xe0 ? 2 : 3;
        unit = unitOf(bytes, at, width);
        if (unit === WITH_OTHERS) return false;
        at += width - 1;
      }
      const known = foldedUnits[unit] ?? UNSEEN;
      const folded = known === UNSEEN ? foldUnit(unit) : known;
      if (folded === WITH_OTHERS) return false;
      units[length++] = folded;
    }
    this.length = length;
    return true;
  }

  slice(from: number, to: number): string {
    let text = '';
    for (let i = from; i < to; i++) text += String.fromCharCode(this.units[i] ?? 0);
    return text;
  }

  #setUnits(text: string): boolean {
    const units = this.#fit(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const known = foldedUnits[unit] ?? UNSEEN;
      const folded = known === UNSEEN ? foldUnit(unit) : known;
      if (folded === WITH_OTHERS) return false;
      units[i] = folded;
    }
    this.length = text.length;
    return true;
  }

  #setFolded(text: string): void {
    const units = this.#fit(text.length);
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const isPair = isFirstOfPair(unit) && WORD_CHARACTER.test(text.slice(at, at + 2));
      units[at] = isPair || isOfWords(unit) ? unit : BESIDE_WORDS;
      if (isPair) units[++at] = text.charCodeAt(at);
    }
    this.length = text.length;
  }

  #fit(length: number): Uint16Array {
    if (length > this.units.length) this.units = new Uint16Array(2 * length);
    return this.units;
  }
}

function isFirstOfPair(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isOfWords(unit: number): boolean {
  const known = kinds[unit];
  if (known !== undefined && known !== 0) return known === OF_WORDS;
  const isWord = WORD_CHARACTER.test(String.fromCharCode(unit));
  kinds[unit] = isWord ? OF_WORDS : OF_NONE;
  return isWord;
}

/** @returns the character of two or three bytes, or `WITH_OTHERS` for what is none */
function unitOf(bytes: Uint8Array, at: number, width: 2 | 3): number {
  const first = bytes[at] ?? 0;
  const second = (bytes[at + 1] ?? 0) ^ 0x80;
  const third = width === 3 ? (bytes[at + 2] ?? 0) ^ 0x80 : 0;
  if (first > 0xef || second > 0x3f || third > 0x3f) return WITH_OTHERS;
  const unit =
    width === 2 ? ((first & 0x1f) << 6) | second : ((first & 0xf) << 12) | (second << 6) | third;
  const least = width === 2 ? 0x80 : 0x800;
  return unit < least || first < 0xc0 ? WITH_OTHERS : unit;
}

/** Of a unit that is met for the first time. */
export function foldUnit(unit: number): number {
  const character = String.fromCharCode(unit);
  const folded = ALONE.test(character) ? fold(character) : '';
  let found = WITH_OTHERS;
  if (folded.length === 1)
    found = WORD_CHARACTER.test(folded) ? folded.charCodeAt(0) : BESIDE_WORDS;
  foldedUnits[unit] = found;
  return found;
}

/** FNV-1a, and the same with another seed and multiplier: 64 bits, in which two words differ. */
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const OTHER_SEED = 0x2545f491;
const OTHER_PRIME = 0x5bd1e995;

/** Of a word: signed numbers of 32 bits. */
export function hashesOf(
  units: Uint16Array,
  from: number,
  to: number,
): [hash: number, other: number] {
  let hash = SEED;
  let other = OTHER_SEED;
  for (let i = from; i < to; i++) {
    const unit = units[i] ?? 0;
    hash = Math.imul(hash ^ unit, PRIME);
    other = Math.imul(other ^ unit, OTHER_PRIME);
  }
  return [hash, other];
}

/** @param take gets each word's place, in order, and its `hashesOf` */
export function scanWords(
  { units, length }: FoldedText,
  take: (from: number, to: number, hash: number, other: number) => void,
): void {
  for (let at = 0; at < length; at++) {
    let unit = units[at] ?? BESIDE_WORDS;
    if (unit === BESIDE_WORDS) continue;
    const from = at;
    let hash = SEED;
    let other = OTHER_SEED;
    while (unit !== BESIDE_WORDS) {
      hash = Math.imul(hash ^ unit, PRIME);
      other = Math.imul(other ^ unit, OTHER_PRIME);
      at++;
      unit = at < length ? (units[at] ?? BESIDE_WORDS) : BESIDE_WORDS;
    }
    take(from, at, hash, other);
  }
}
