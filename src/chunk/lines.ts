/** What a single line of Markdown is, told from its first characters. Each looks at a line once, so that all of them are linear. */

const TAB = 0x09;
const SPACE = 0x20;
const BACKTICK = 0x60;
const MAX_ORDINAL_DIGITS = 9;
const THEMATIC = new Set([...'-*_'].map((mark) => mark.charCodeAt(0)));
const BULLETS = new Set([...'-*+'].map((mark) => mark.charCodeAt(0)));
const DELIMITERS = new Set([...'|:- \t'].map((mark) => mark.charCodeAt(0)));

export interface Line {
  /** Offset of the first character that is no space or tab; `end` where there is none. */
  at: number;
  /** Offset after its last character, line end left out. */
  end: number;
  /** Columns before `at`. */
  indent: number;
}

export function isSpaceOrTab(unit: number): boolean {
  return unit === SPACE || unit === TAB;
}

/** The line from `start` to `end`, the offset of its LF or the text's end. */
export function readLine(text: string, start: number, end: number): Line {
  const last = end > start && text.charCodeAt(end - 1) === 0x0d ? end - 1 : end;
  let at = start;
  let indent = 0;
  for (; at < last; at++) {
    const unit = text.charCodeAt(at);
    if (unit === SPACE) indent += 1;
    else if (unit === TAB) indent += 4 - (indent % 4);
    else break;
  }
  return { at, end: last, indent };
}

/** How often the unit at `at` stands there in a row. */
export function runLength(text: string, at: number, end: number): number {
  const unit = text.charCodeAt(at);
  let after = at + 1;
  while (after < end && text.charCodeAt(after) === unit) after++;
  return after - at;
}

function isBlankFrom(text: string, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (!isSpaceOrTab(text.charCodeAt(at))) return false;
  return true;
}

/** Whether the line is `unit` at least `least` times and nothing else: the end of fenced code, a heading's underline. */
export function isRunOf(text: string, line: Line, unit: number, least: number): boolean {
  if (text.charCodeAt(line.at) !== unit) return false;
  const length = runLength(text, line.at, line.end);
  return length >= least && isBlankFrom(text, line.at + length, line.end);
}

/** `---`, `* * *`, `___`. */
export function isThematicBreak(text: string, { at, end }: Line): boolean {
  const mark = text.charCodeAt(at);
  if (!THEMATIC.has(mark)) return false;
  let count = 0;
  for (let place = at; place < end; place++) {
    const unit = text.charCodeAt(place);
    if (unit === mark) count += 1;
    else if (!isSpaceOrTab(unit)) return false;
  }
  return count >= 3;
}

export interface ListMarker {
  /** Offset of what stands behind it. */
  content: number;
  /** Whether it may stand right under a paragraph's line: a number but 1 may be part of a sentence. */
  mayInterrupt: boolean;
}

export function listMarker(text: string, { at, end }: Line): ListMarker | null {
  let after = at;
  let mayInterrupt = true;
  if (BULLETS.has(text.charCodeAt(at))) after = at + 1;
  else {
    while (after < end && after - at <= MAX_ORDINAL_DIGITS && isDigit(text.charCodeAt(after)))
      after++;
    const digits = after - at;
    const mark = text.charCodeAt(after);
    if (digits === 0 || digits > MAX_ORDINAL_DIGITS || (mark !== 0x2e && mark !== 0x29))
      return null;
    mayInterrupt = digits === 1 && text.charCodeAt(at) === 0x31;
    after += 1;
  }
  if (after >= end) return { content: end, mayInterrupt: false };
  if (!isSpaceOrTab(text.charCodeAt(after))) return null;
  while (after < end && isSpaceOrTab(text.charCodeAt(after))) after++;
  return { content: after, mayInterrupt: mayInterrupt && after < end };
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** What opens fenced code at `at`: how many marks close it; 0 where none does. */
export function fenceLength(text: string, at: number, end: number): number {
  const length = runLength(text, at, end);
  if (length < 3) return 0;
  // "```x```" is code within a line.
  const isInline = text.charCodeAt(at) === BACKTICK && text.slice(at + length, end).includes('`');
  return isInline ? 0 : length;
}

/** The line under a table's header: `|---|:--|`. */
export function isDelimiterRow(text: string, { at, end }: Line): boolean {
  let hasBar = false;
  let hasDash = false;
  for (let place = at; place < end; place++) {
    const unit = text.charCodeAt(place);
    if (!DELIMITERS.has(unit)) return false;
    hasBar ||= unit === 0x7c;
    hasDash ||= unit === 0x2d;
  }
  return hasBar && hasDash;
}

/** A line of a quote with nothing in it. */
export function isEmptyQuote(text: string, { at, end }: Line): boolean {
  for (let place = at; place < end; place++) {
    const unit = text.charCodeAt(place);
    if (unit !== 0x3e && !isSpaceOrTab(unit)) return false;
  }
  return true;
}
