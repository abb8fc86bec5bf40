/**
 * Where a text may be cut, and how well. Everything is decided from UTF-16 units within a few
 * places of the cut, so that a scan over a window is linear in the window.
 */

/** Better is higher. A cut at `offset` separates the unit before it from the unit at it. */
export const Cut = {
  none: 0,
  word: 1,
  sentence: 2,
  line: 3,
  paragraph: 4,
} as const;
export type CutRank = (typeof Cut)[keyof typeof Cut];

const LF = 0x0a;
const CR = 0x0d;
const ZERO_WIDTH_JOINER = 0x200d;
/** Sequences longer than this (stacked accents, made-up text) are cut where the limit falls. */
const MAX_SEQUENCE_UNITS = 32;
const SENTENCE_ENDS = new Set([...'.!?…'].map((mark) => mark.charCodeAt(0)));
/** After these a sentence ends without a blank: full-width marks, Devanagari danda, Arabic mark. */
const SENTENCE_ENDS_ALONE = new Set([...'。！？｡।؟'].map((mark) => mark.charCodeAt(0)));
const CLOSERS = new Set([...'"\')]}»”’」』）】》'].map((mark) => mark.charCodeAt(0)));
/** Marks after which scripts without blanks may be cut, and the zero-width space. */
const WORD_ENDS_ALONE = new Set([...'，、；：\u200b'].map((mark) => mark.charCodeAt(0)));

/** The blanks of `String.prototype.trim`, so that a text is blank when `trim()` leaves nothing. */
export function isBlank(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  if (unit < 0xa0) return false;
  return (
    unit === 0xa0 ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000 ||
    unit === 0xfeff
  );
}

/**
 * The rank of a cut of `text` at `offset`.
 * @param from no unit before it is looked at
 */
export function rankCut(text: string, offset: number, from: number): CutRank {
  if (isMark(text.charCodeAt(offset))) return Cut.none;
  const before = text.charCodeAt(offset - 1);
  if (isLineEnd(before)) {
    if (before === CR && text.charCodeAt(offset) === LF) return Cut.none;
    return isAfterBlankLine(text, offset, from) ? Cut.paragraph : Cut.line;
  }
  if (SENTENCE_ENDS_ALONE.has(before)) return Cut.sentence;
  if (isBlank(before)) return isAfterSentence(text, offset - 1, from) ? Cut.sentence : Cut.word;
  return WORD_ENDS_ALONE.has(before) ? Cut.word : Cut.none;
}

/**
 * The rank of a cut within a paragraph, where the end of a sentence is better than that of a line. Of the places in a gap
 * only its end has one.
 * @param from no unit before it is looked at
 */
export function rankInParagraph(text: string, offset: number, from: number): CutRank {
  const after = text.charCodeAt(offset);
  if (isMark(after)) return Cut.none;
  const before = text.charCodeAt(offset - 1);
  if (SENTENCE_ENDS_ALONE.has(before)) return PARAGRAPH_RANKS.sentence;
  if (!isBlank(before)) return WORD_ENDS_ALONE.has(before) ? Cut.word : Cut.none;
  if (isBlank(after)) return Cut.none;
  let gap = offset - 1;
  let hasLineEnd = isLineEnd(before);
  for (; gap > from && isBlank(text.charCodeAt(gap - 1)); gap--)
    hasLineEnd ||= isLineEnd(text.charCodeAt(gap - 1));
  if (isAfterSentence(text, gap, from, after)) return PARAGRAPH_RANKS.sentence;
  return hasLineEnd ? PARAGRAPH_RANKS.line : Cut.word;
}

/** As ranks of `Cut`: prose that is wrapped has line ends anywhere. */
const PARAGRAPH_RANKS = { sentence: Cut.line, line: Cut.sentence } as const;

/**
 * The last offset from `offset` back to `lowest` that splits no pair and no combined character; where
 * there is none, the last that splits no pair. `offset` - `lowest` must be at least 1.
 */
export function safeCut(text: string, offset: number, lowest: number): number {
  const nearest = Math.max(lowest, offset - MAX_SEQUENCE_UNITS);
  for (let at = offset; at >= nearest; at--) if (!isInsideSequence(text, at)) return at;
  return isInsidePair(text, offset) ? offset - 1 : offset;
}

/** Whether a cut at `offset` would split a pair, CR LF, or a character from its marks. */
export function isInsideSequence(text: string, offset: number): boolean {
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return (
    isInsidePair(text, offset) ||
    (before === CR && after === LF) ||
    before === ZERO_WIDTH_JOINER ||
    after === ZERO_WIDTH_JOINER ||
    isMark(after) ||
    isSkinTone(after, text.charCodeAt(offset + 1))
  );
}

function isLineEnd(unit: number): boolean {
  return unit === LF || unit === CR || unit === 0x2028 || unit === 0x2029 || unit === 0x0c;
}

function isAfterBlankLine(text: string, offset: number, from: number): boolean {
  let at = offset - 2;
  if (text.charCodeAt(offset - 1) === LF && text.charCodeAt(at) === CR) at--;
  for (; at >= from; at--) {
    const unit = text.charCodeAt(at);
    if (isLineEnd(unit)) return true;
    if (!isBlank(unit)) return false;
  }
  return false;
}

/** Whether the units before the blank at `blank` end a sentence, closing quotes and brackets included. */
function isAfterSentence(
  text: string,
  blank: number,
  from: number,
  next = text.charCodeAt(blank + 1),
): boolean {
  let at = blank - 1;
  while (at > from && blank - at < MAX_SEQUENCE_UNITS && CLOSERS.has(text.charCodeAt(at))) at--;
  if (!SENTENCE_ENDS.has(text.charCodeAt(at))) return false;
  // "e.g. this", "ca. 20": what goes on in lower case or with a digit is no new sentence.
  return !(next >= 0x61 && next <= 0x7a) && !(next >= 0x30 && next <= 0x39);
}

function isInsidePair(text: string, offset: number): boolean {
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

/** The blocks that hold nothing but combining marks and variation selectors. */
function isMark(unit: number): boolean {
  return (
    (unit >= 0x0300 && unit <= 0x036f) ||
    (unit >= 0x1ab0 && unit <= 0x1aff) ||
    (unit >= 0x1dc0 && unit <= 0x1dff) ||
    (unit >= 0x20d0 && unit <= 0x20ff) ||
    (unit >= 0xfe00 && unit <= 0xfe0f) ||
    (unit >= 0xfe20 && unit <= 0xfe2f)
  );
}

function isSkinTone(high: number, low: number): boolean {
  return high === 0xd83c && low >= 0xdffb && low <= 0xdfff;
}
