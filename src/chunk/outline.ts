/**
 * Where Markdown may be cut, and how well: one pass over its lines, each looked at once, however odd the text. It knows
 * what a cut needs (headings, paragraphs, lists, tables, code, quotes) and nothing of what stands within a line; it is no
 * Markdown parser, and no text makes it fail.
 */
import { type Heading, MAX_TITLE_CHARS, parseHeading } from './headings.ts';
import {
  fenceLength,
  isDelimiterRow,
  isEmptyQuote,
  isRunOf,
  isThematicBreak,
  type Line,
  listMarker,
  readLine,
} from './lines.ts';
import { skipBlanks, skipBlanksBack } from './window.ts';

/** How well a text may be cut at a place; better is higher. */
export const Rank = {
  /** What follows belongs to what is before: a heading's text, a table's first row. */
  glued: 0,
  /** A line of code, a heading under an empty one. */
  line: 1,
  /** A part of a list's item, code after an empty line. */
  part: 2,
  /** A list's item, a table's row, a quote's paragraph. */
  item: 3,
  /** A list, a table, code, right after what ends in a colon. */
  announced: 4,
  block: 5,
  section: 6,
} as const;

/** Headings with nothing between them, and all until the next. */
export interface Section {
  start: number;
  /** Offset after its last heading's line. */
  bodyStart: number;
  /** The least level of its headings, 1 to 6. */
  level: number;
  /** The level of the last of them, under which its text stands. */
  lastLevel: number;
  /** How many headings there are up to its last one. */
  headings: number;
}

export interface Outline {
  /** Where it may be cut, ascending, with how well. */
  offsets: number[];
  ranks: number[];
  sections: Section[];
  headings: Heading[];
}

type Block = 'none' | 'heading' | 'paragraph' | 'list' | 'table' | 'code' | 'quote';

const COLONS = new Set([':', '：'].map((mark) => mark.charCodeAt(0)));
/** A line of dashes, and a name with its value. */
const FRONT_MATTER = /^---\r?\n[\w"'][\w "'-]{0,60}:/;
const GREATER = 0x3e;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const HASH = 0x23;
const DASH = 0x2d;
const EQUALS = 0x3d;
/** Deeper ones are code, or belong to a list's item. */
const MAX_INDENT = 3;
const ITEM_INDENT = 2;

const UNDERLINE = /\n {0,3}[=-]/;

/** The headings that a text begins with, one under the other: those of the outline's first section, where that is at 0. */
export function headingsAtStart(text: string): readonly Heading[] {
  // Of most chunks two looks say that there are none.
  if (text.charCodeAt(0) !== HASH && !(text.includes('\n') && UNDERLINE.test(text))) return [];
  const { sections, headings } = outlineOf(text);
  const [first] = sections;
  return first?.start === 0 ? headings.slice(0, first.headings) : [];
}

/** Whether `headingsAtStart` of a text in UTF-8 may be any, without a string of it. */
export function mayBeginWithHeading(utf8: Uint8Array): boolean {
  if (utf8[0] === HASH) return true;
  for (let at = utf8.indexOf(NEWLINE); at >= 0; at = utf8.indexOf(NEWLINE, at + 1)) {
    let next = at + 1;
    while (utf8[next] === SPACE) next++;
    if (utf8[next] === DASH || utf8[next] === EQUALS) return true;
  }
  return false;
}

export function outlineOf(text: string): Outline {
  const scanner = new Scanner(text);
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    scanner.read(readLine(text, start, end), start);
    start = end + 1;
  }
  return scanner.outline;
}

class Scanner {
  readonly outline: Outline = { offsets: [], ranks: [], sections: [], headings: [] };
  readonly #text: string;
  #block: Block = 'none';
  /** Whether a blank line is between the last line and this one. */
  #hasGap = false;
  /** What closes the fenced code that is open. */
  #fence: { unit: number; length: number } | null = null;
  /** Of the paragraph that is open: where it begins, its last line, and whether a heading is right before it. */
  #first = 0;
  #last: Line = { at: 0, end: 0, indent: 0 };
  #isUnderHeading = false;
  /** Columns before the markers of the list that is open. */
  #listIndent = 0;
  /** Whether the next line belongs to the one before: a table's first row, code's first line. */
  #isGlued = false;

  constructor(text: string) {
    this.#text = text;
    if (FRONT_MATTER.test(text) && text.includes('\n---', 3)) this.#openFence(DASH, 3);
  }

  read(line: Line, start: number): void {
    if (line.at === line.end) {
      this.#hasGap = true;
      return;
    }
    // Front matter's own first line.
    if (this.#fence !== null && start === 0) this.#cut(line.at, Rank.block);
    else if (this.#fence !== null) this.#readFenced(line, this.#fence);
    else this.#readLine(line);
    this.#hasGap = this.#fence === null ? this.#gapAfter : false;
    this.#gapAfter = false;
  }

  /** Set by a line after which a new block begins, as if it were followed by a blank one. */
  #gapAfter = false;

  #readLine(line: Line): void {
    const unit = this.#text.charCodeAt(line.at);
    const isOfList = this.#block === 'list' && line.indent >= this.#listIndent + ITEM_INDENT;
    if (isOfList) this.#readListed(line, unit);
    else if (line.indent > MAX_INDENT && this.#block !== 'list') this.#readIndented(line);
    else if (unit === HASH && this.#readHeading(line)) return;
    else if (this.#startsFence(unit) && this.#readFence(line, line.at, Rank.block)) return;
    else if (unit === GREATER) this.#readQuote(line);
    else if ((unit === EQUALS || unit === DASH) && this.#readUnderline(line, unit)) return;
    else if (isThematicBreak(this.#text, line)) {
      this.#begin('none', line.at);
      this.#gapAfter = true;
    } else if (this.#readItem(line)) return;
    else if (this.#readDelimiters(line)) return;
    else this.#readText(line);
  }

  #readText(line: Line): void {
    const isOpen = !this.#hasGap && this.#block !== 'none' && this.#block !== 'heading';
    if (isOpen && this.#block === 'table') this.#readRow(line);
    else if (isOpen && this.#block !== 'code') {
      // A paragraph goes on, also one in a list or a quote.
      if (this.#block === 'paragraph') this.#last = line;
    } else {
      this.#isUnderHeading = this.#block === 'heading';
      this.#begin('paragraph', line.at);
      this.#first = line.at;
      this.#last = line;
    }
  }

  #readIndented(line: Line): void {
    if (this.#block === 'code') this.#cut(line.at, this.#hasGap ? Rank.part : Rank.line);
    else if (this.#block !== 'none' && this.#block !== 'heading' && !this.#hasGap)
      this.#readText(line);
    else this.#begin('code', line.at);
  }

  #readHeading(line: Line): boolean {
    const { at, end } = line;
    if (end - at > MAX_TITLE_CHARS) return false;
    const heading = parseHeading(this.#text.slice(at, end));
    if (heading === null) return false;
    this.#addHeading({ start: at, ...heading }, end);
    return true;
  }

  /** A line of `=` or `-` makes the paragraph above a heading. */
  #readUnderline(line: Line, unit: number): boolean {
    if (this.#block !== 'paragraph' || this.#hasGap || !isRunOf(this.#text, line, unit, 1))
      return false;
    const start = skipBlanks(this.#text, this.#first, line.at);
    const end = skipBlanksBack(this.#text, line.at, start);
    if (end === start || end - start > MAX_TITLE_CHARS) return false;
    this.outline.offsets.pop();
    this.outline.ranks.pop();
    this.#block = this.#isUnderHeading ? 'heading' : 'none';
    const title = this.#text.slice(start, end).replaceAll(/\s+/g, ' ');
    this.#addHeading({ start, level: unit === EQUALS ? 1 : 2, title }, line.end);
    return true;
  }

  #addHeading(heading: Heading, end: number): void {
    const { headings, sections } = this.outline;
    const above = headings.at(-1);
    headings.push(heading);
    const section = sections.at(-1);
    if (this.#block === 'heading' && section !== undefined && above !== undefined) {
      // Under a heading without a text of its own a cut is no great loss.
      this.#cut(heading.start, heading.level <= above.level ? Rank.line : Rank.glued);
      section.bodyStart = end;
      section.level = Math.min(section.level, heading.level);
      section.lastLevel = heading.level;
      section.headings = headings.length;
    } else {
      this.#cut(heading.start, Rank.section);
      const { start, level } = heading;
      const count = headings.length;
      sections.push({ start, bodyStart: end, level, lastLevel: level, headings: count });
    }
    this.#block = 'heading';
  }

  #startsFence(unit: number): boolean {
    return unit === 0x60 || unit === 0x7e;
  }

  #readFence(line: Line, at: number, rank: number): boolean {
    const length = fenceLength(this.#text, at, line.end);
    if (length === 0) return false;
    if (rank === Rank.block) this.#begin('code', line.at);
    else if (at === line.at) this.#cut(at, rank);
    this.#openFence(this.#text.charCodeAt(at), length);
    return true;
  }

  #openFence(unit: number, length: number): void {
    this.#fence = { unit, length };
    this.#isGlued = true;
  }

  #readFenced(line: Line, { unit, length }: { unit: number; length: number }): void {
    const isEnd = isRunOf(this.#text, line, unit, length);
    const rank = this.#hasGap ? Rank.part : Rank.line;
    this.#cut(line.at, isEnd || this.#isGlued ? Rank.glued : rank);
    this.#isGlued = false;
    if (!isEnd) return;
    this.#fence = null;
    if (this.#block !== 'list') this.#block = 'none';
    this.#gapAfter = true;
  }

  #readQuote(line: Line): void {
    const isEmpty = isEmptyQuote(this.#text, line);
    if (this.#block !== 'quote' || this.#hasGap) this.#begin('quote', line.at);
    else if (this.#isGlued && !isEmpty) this.#cut(line.at, Rank.item);
    // Here it says that an empty line of the quote is before the next.
    this.#isGlued = isEmpty;
  }

  /** @returns whether the line begins a list or one of its items */
  #readItem(line: Line): boolean {
    const marker = listMarker(this.#text, line);
    if (marker === null) return false;
    if (this.#block === 'list') {
      this.#cut(line.at, Rank.item);
      this.#listIndent = line.indent;
    } else {
      if (this.#block === 'paragraph' && !this.#hasGap && !marker.mayInterrupt) return false;
      this.#begin('list', line.at);
      this.#listIndent = line.indent;
    }
    if (this.#startsFence(this.#text.charCodeAt(marker.content)))
      this.#readFence(line, marker.content, Rank.part);
    return true;
  }

  /** A line within a list's item. */
  #readListed(line: Line, unit: number): void {
    if (this.#startsFence(unit) && this.#readFence(line, line.at, Rank.part)) return;
    const marker = listMarker(this.#text, line);
    if (marker !== null || this.#hasGap) this.#cut(line.at, Rank.part);
    if (marker !== null && this.#startsFence(this.#text.charCodeAt(marker.content)))
      this.#readFence(line, marker.content, Rank.part);
  }

  /** A table begins where a line of delimiters is under one with bars, which may end a paragraph. */
  #readDelimiters(line: Line): boolean {
    const { at, end } = this.#last;
    if (this.#block !== 'paragraph' || this.#hasGap || !isDelimiterRow(this.#text, line))
      return false;
    if (!this.#text.slice(at, end).includes('|')) return false;
    const { ranks } = this.outline;
    if (at > this.#first) this.#cut(at, Rank.block);
    else if (ranks.at(-1) === Rank.block && this.#isAnnounced(at))
      ranks[ranks.length - 1] = Rank.announced;
    this.#block = 'table';
    this.#cut(line.at, Rank.glued);
    this.#isGlued = true;
    return true;
  }

  #readRow(line: Line): void {
    this.#cut(line.at, this.#isGlued ? Rank.glued : Rank.item);
    this.#isGlued = false;
  }

  #begin(block: Block, at: number): void {
    let rank: number = Rank.block;
    if (this.#block === 'heading') rank = Rank.glued;
    else if (this.#block === 'paragraph' && block !== 'paragraph' && this.#isAnnounced(at))
      rank = Rank.announced;
    this.#cut(at, rank);
    this.#block = block;
    this.#isGlued = false;
  }

  #isAnnounced(at: number): boolean {
    return COLONS.has(this.#text.charCodeAt(skipBlanksBack(this.#text, at, 0) - 1));
  }

  #cut(at: number, rank: number): void {
    this.outline.offsets.push(at);
    this.outline.ranks.push(rank);
  }
}
