/** Where the words of a text are: runs of letters, marks and digits of any script, found without making a string of each. */

const WORD_CHARACTER = /^[\p{L}\p{M}\p{N}]$/u;
const FIRST_LENGTH = 4096;

/** By UTF-16 unit, found out when one is met: */
const UNSEEN = 0;
const BESIDE_WORDS = 1;
const OF_WORDS = 2;
const kinds = new Uint8Array(0x1_0000);

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
const WITH_OTHERS = 0xffff;
/** By UTF-16 unit what it is folded to, or `WITH_OTHERS`; 0 until one is met. */
const foldedUnits = new Uint16Array(0x1_0000);

/** The text that is read, as `fold` has it, in UTF-16 units: one array for all texts, since making one for each takes as long as reading it. */
export class FoldedText {
  units = new Uint16Array(FIRST_LENGTH);
  length = 0;

  set(text: string): void {
    if (!this.#setUnits(text)) this.#setFolded(fold(text));
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
      const folded = foldedUnits[unit] || foldUnit(unit);
      if (folded === WITH_OTHERS) return false;
      units[i] = folded;
    }
    return true;
  }

  #setFolded(text: string): void {
    const units = this.#fit(text.length);
    for (let i = 0; i < text.length; i++) units[i] = text.charCodeAt(i);
  }

  #fit(length: number): Uint16Array {
    if (length > this.units.length) this.units = new Uint16Array(2 * length);
    this.length = length;
    return this.units;
  }
}

function foldUnit(unit: number): number {
  const text = String.fromCharCode(unit);
  const folded = ALONE.test(text) ? fold(text) : '';
  const found = folded.length === 1 ? folded.charCodeAt(0) : WITH_OTHERS;
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
  let from = -1;
  let hash = SEED;
  let other = OTHER_SEED;
  for (let at = 0; at < length; at++) {
    const unit = units[at] ?? 0;
    const isPair = isFirstOfPair(unit) && isPairOfWords(units, at, length);
    if (!isPair && !isOfWords(unit)) {
      if (from >= 0) take(from, at, hash, other);
      from = -1;
      continue;
    }
    if (from < 0) {
      from = at;
      hash = SEED;
      other = OTHER_SEED;
    }
    hash = Math.imul(hash ^ unit, PRIME);
    other = Math.imul(other ^ unit, OTHER_PRIME);
    if (!isPair) continue;
    const second = units[++at] ?? 0;
    hash = Math.imul(hash ^ second, PRIME);
    other = Math.imul(other ^ second, OTHER_PRIME);
  }
  if (from >= 0) take(from, length, hash, other);
}

function isOfWords(unit: number): boolean {
  if (kinds[unit] === UNSEEN)
    kinds[unit] = WORD_CHARACTER.test(String.fromCharCode(unit)) ? OF_WORDS : BESIDE_WORDS;
  return kinds[unit] === OF_WORDS;
}

function isFirstOfPair(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Whether a surrogate pair begins here that is a letter, a mark or a digit. */
function isPairOfWords(units: Uint16Array, at: number, length: number): boolean {
  if (at + 1 === length) return false;
  return WORD_CHARACTER.test(String.fromCharCode(units[at] ?? 0, units[at + 1] ?? 0));
}
