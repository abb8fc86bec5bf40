/**
 * How many tokens a text has at most, without the model's own tokenizer. Only bytes are a true bound (no tokenizer makes
 * more tokens than bytes), and it would cut English four times too short. So each kind of writing counts what tokenizers
 * make of it at worst as a rule; what turns out longer all the same is refused by the model and split then.
 *
 * For the place of a cut. What a text costs is estimated by `estimateTokens`, which is near the middle and not on top.
 */
import { isBlank } from './boundaries.ts';

/** Raise it with every change of a number below: other chunks come of it. */
export const TOKEN_BOUND_VERSION = 1;
/** No UTF-16 unit counts for more. */
export const MAX_TOKENS_PER_UNIT = 3;

/** Longer runs without a blank are data (base64, keys) or a script that writes none: each unit counts. */
const MAX_WORD_UNITS = 32;
/** Blanks beyond the first of a run that count as one token. */
const BLANKS_PER_TOKEN = 4;

/** The most tokens that `text` should have. */
export function tokenBound(text: string): number {
  const count = new Count();
  for (let at = 0; at < text.length; at++) count.add(text.charCodeAt(at));
  return count.tokens;
}

/** How many units from `start` on stay within `maxTokens`; at most `maxUnits`, and no further than the text goes. */
export function unitsWithin(
  text: string,
  start: number,
  maxTokens: number,
  maxUnits: number,
): number {
  const end = Math.min(text.length, start + maxUnits);
  const count = new Count();
  for (let at = start; at < end; at++) {
    count.add(text.charCodeAt(at));
    if (count.tokens > maxTokens) return at - start;
  }
  return end - start;
}

/** The offset from `end` back to `earliest` from which on `maxTokens` are kept. */
export function startWithin(
  text: string,
  end: number,
  maxTokens: number,
  earliest: number,
): number {
  const count = new Count();
  for (let at = end - 1; at >= earliest; at--) {
    count.add(text.charCodeAt(at));
    if (count.tokens > maxTokens) return at + 1;
  }
  return earliest;
}

/** Counts unit by unit, from front to back or from back to front. */
class Count {
  tokens = 0;
  #solid = 0;
  #letters = 0;
  #isCapital = false;
  #blanks = 0;

  add(unit: number): void {
    const isCapital = unit >= 0x41 && unit <= 0x5a;
    if (isCapital || (unit >= 0x61 && unit <= 0x7a)) {
      // "aWord", "ABc": another run of letters, unless it is the first letter alone that is a capital.
      if (isCapital !== this.#isCapital && !(this.#isCapital && this.#letters === 1))
        this.#letters = 0;
      this.#isCapital = isCapital;
      this.#solid += 1;
      this.#letters += 1;
      this.#blanks = 0;
      this.tokens += this.#solid > MAX_WORD_UNITS ? 1 : ofLetter(this.#letters);
      return;
    }
    this.#letters = 0;
    if (!isBlank(unit)) {
      this.#solid += 1;
      this.#blanks = 0;
      this.tokens += ofUnit(unit);
      return;
    }
    this.#solid = 0;
    this.#blanks += 1;
    // The blank between words belongs to a word's token; indentation and empty lines do not.
    if (this.#blanks === 1) this.tokens += unit === 0x20 ? 0 : 1;
    else if (this.#blanks % BLANKS_PER_TOKEN === 2) this.tokens += 1;
  }
}

/** Up to four letters are one token, and each three more another. */
function ofLetter(place: number): number {
  return place === 1 || (place >= 5 && place % 3 === 2) ? 1 : 0;
}

function ofUnit(unit: number): number {
  // Digits and marks one by one; letters with accents, Cyrillic, Greek, Hebrew, Arabic.
  if (unit < 0x800) return 1;
  const isEastAsian =
    (unit >= 0x3000 && unit <= 0x9fff) ||
    (unit >= 0xac00 && unit <= 0xd7af) ||
    (unit >= 0xff00 && unit <= 0xffef);
  // Half of a pair: emoji and rare letters are four bytes.
  const isHalf = unit >= 0xd800 && unit <= 0xdfff;
  const isCommonMark = unit >= 0x2010 && unit <= 0x2027;
  if (isCommonMark) return 1;
  return isEastAsian || isHalf ? 2 : MAX_TOKENS_PER_UNIT;
}
