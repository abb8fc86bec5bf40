/** Which of the places of an outline a chunk ends at: before a section, else between blocks, else within one. */
import { Cut, type CutRank, rankInParagraph, safeCut } from './boundaries.ts';
import { leastOf } from './least-of.ts';
import type { Limits } from './limits.ts';
import { type Outline, Rank } from './outline.ts';
import type { Sections } from './sections.ts';
import { skipBlanks } from './window.ts';

/** A chunk that is cut off is at least this part of what it may hold: with more of it there is often one place only. */
const LEAST_PART = 1 / 3;

function part(from: number, to: number): number {
  return from + Math.ceil((to - from) * LEAST_PART);
}

interface Window {
  start: number;
  /** What is in chunks already; a cut lies after it. */
  done: number;
  /** Offset after the last unit that fits. */
  end: number;
  /** The same, behind the blanks there: they are in no chunk. */
  limit: number;
  /** From where on a chunk is no small one. */
  lowest: number;
}

export class Cuts {
  readonly #text: string;
  readonly #offsets: readonly number[];
  readonly #ranks: readonly number[];
  readonly #sections: Sections;
  readonly #maxChars: number;
  /** What fits into a chunk beside what it repeats. */
  readonly #fitting: number;
  readonly #textEnd: number;
  /** The first place after what is done. */
  #first = 0;

  constructor(
    text: string,
    outline: Outline,
    sections: Sections,
    { maxChars, overlapChars }: Limits,
    textEnd: number,
  ) {
    this.#text = text;
    this.#offsets = outline.offsets;
    this.#ranks = outline.ranks;
    this.#sections = sections;
    this.#maxChars = maxChars;
    this.#fitting = maxChars - overlapChars;
    this.#textEnd = textEnd;
  }

  /** @returns the end of the chunk that begins at `start` and goes beyond `done`, blanks behind it included */
  after(start: number, done: number, room: number): number {
    while ((this.#offsets[this.#first] ?? Infinity) <= done) this.#first += 1;
    const end = Math.min(start + room, this.#textEnd);
    const limit = skipBlanks(this.#text, end, this.#textEnd);
    // Of what is new, too: what is repeated brings no chunk further.
    const lowest = Math.max(part(start, end), part(done, end), done + 1);
    const window = { start, done, end, limit, lowest };
    return this.#betweenSections(window) ?? this.#betweenBlocks(window) ?? this.#within(window);
  }

  /**
   * A section that is not small ends its chunk, whatever is before it. Small ones are packed up to the next such or up to
   * where one path is true no more; what does not fit is cut where the level is least.
   * @returns null where the text has to be cut within a section
   */
  #betweenSections({ start, limit, lowest }: Window): number | null {
    const least = this.#maxChars * LEAST_PART;
    const { reach } = this.#sections;
    let best: number[] = [];
    let bestLevel = Infinity;
    let from = start;
    let index = this.#sections.next - 1;
    let next = this.#sections.afterFirst();
    for (;;) {
      const end = this.#sections.startOf(next);
      if (end > limit) {
        if (best.length > 0) return leastOf(this.#text, best.toReversed());
        if (from > start && end - from <= this.#maxChars) return from;
        if (this.#sections.startOf(index + 1) > limit) return null;
        // More tokens than its characters let one think: without what is below it.
        next = index + 1;
        continue;
      }
      // What is before it stands alone where it is not small itself.
      if (end - from >= least)
        return best.length > 0 ? leastOf(this.#text, best.toReversed()) : end;
      if (end >= reach) return end;
      const level = this.#sections.levelOf(next);
      if (end >= lowest && level <= bestLevel) {
        if (level < bestLevel) best = [];
        bestLevel = level;
        best.push(end);
      }
      from = end;
      index = next;
      next = this.#sections.after(next);
    }
  }

  /**
   * At the best place of a late part of the window; where that would cut what fits as a whole, before that.
   * @returns null where there is no place but within a paragraph, a row or a line
   */
  #betweenBlocks({ done, limit, lowest }: Window): number | null {
    for (let rank: number = Rank.block; rank >= Rank.line; rank--) {
      const late: number[] = [];
      let early: number | null = null;
      let at = this.#first;
      for (; (this.#offsets[at] ?? Infinity) <= limit; at++) {
        const offset = this.#offsets[at] as number;
        if ((this.#ranks[at] ?? 0) < rank || offset <= done) continue;
        if (offset >= lowest) late.push(offset);
        else early = offset;
      }
      if (late.length > 0) return leastOf(this.#text, late.toReversed());
      if (early === null || rank === Rank.line) continue;
      if (this.#isOverBy(at, rank, early + this.#fitting)) return early;
    }
    return null;
  }

  /** Whether what goes on at place `at` ends by `most`. */
  #isOverBy(at: number, rank: number, most: number): boolean {
    for (let place = at; ; place++) {
      const offset = this.#offsets[place];
      if ((offset ?? this.#textEnd) > most) return false;
      if (offset === undefined || (this.#ranks[place] ?? 0) >= rank) return true;
    }
  }

  /** At a sentence's end, a line's or a word's; where there is none, between characters. */
  #within(window: Window): number {
    const { end, limit, lowest } = window;
    // Not right after a heading or a table's first lines, where anything else is to be had.
    let glued = lowest - 1;
    let unglued: number | null = null;
    for (let at = this.#first; (this.#offsets[at] ?? Infinity) <= limit; at++) {
      const offset = this.#offsets[at] as number;
      if (this.#ranks[at] === Rank.glued) glued = Math.max(glued, offset);
      else unglued = offset;
    }
    // No heading is cut where that can be helped: before all of them, else between two.
    if (this.#sections.isInHeadings(end)) {
      const between = unglued ?? (glued >= lowest ? glued : null);
      if (between !== null) return between;
    }
    return (
      this.#bestWithin(window, glued + 1) ??
      unglued ??
      this.#bestWithin(window, lowest) ??
      safeCut(this.#text, end, lowest)
    );
  }

  #bestWithin({ start, end, limit }: Window, lowest: number): number | null {
    let best: number[] = [];
    let bestRank: CutRank = Cut.none;
    const look = (offset: number) => {
      const rank = rankInParagraph(this.#text, offset, start);
      if (rank < bestRank || rank === Cut.none) return;
      if (rank > bestRank) best = [];
      bestRank = rank;
      best.push(offset);
    };
    // The last first. Of the blanks behind the window only their end is a place.
    if (limit > end && limit >= lowest) look(limit);
    for (let offset = end; offset >= lowest; offset--) look(offset);
    if (bestRank === Cut.none) return null;
    // One word is as good as another: a text without sentences is filled to the brim.
    return bestRank === Cut.word ? (best[0] ?? null) : leastOf(this.#text, best);
  }
}
