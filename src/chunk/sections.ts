/**
 * The sections of a text from front to back: where a chunk that begins in one may end, so that one path of headings is
 * true of all that it holds.
 */
import type { Heading } from './headings.ts';
import type { Outline, Section } from './outline.ts';

const LEVELS = 7;

export class Sections {
  readonly #sections: readonly Section[];
  readonly #headings: readonly Heading[];
  readonly #maxChars: number;
  readonly #textEnd: number;
  /** (sections × 7) the next one of at most that level; what is beyond the last is the text's end. */
  readonly #next: Int32Array;
  /** The section that the place is in; -1 above the first. */
  #at = -1;
  #isStart = false;
  /** Headings above the place, and how many were looked at. */
  #open: Heading[] = [];
  #seen = 0;

  constructor({ sections, headings }: Outline, maxChars: number, textEnd: number) {
    this.#sections = sections;
    this.#headings = headings;
    this.#maxChars = maxChars;
    this.#textEnd = textEnd;
    this.#next = nextOfLevel(sections);
  }

  /** @param offset of the next character; no less than before */
  moveTo(offset: number): void {
    while ((this.#sections[this.#at + 1]?.start ?? Infinity) <= offset) this.#at += 1;
    const section = this.#sections[this.#at];
    // A heading that does not fit is cut, too: what is left of it belongs to its section.
    this.#isStart = section?.start === offset;
    for (const count = section?.headings ?? 0; this.#seen < count; this.#seen++) {
      const heading = this.#headings[this.#seen] as Heading;
      this.#open = [...this.#open.filter((above) => above.level < heading.level), heading];
    }
  }

  /** Where the text of the section begins, that the place is in: 0 above the first. */
  get bodyStart(): number {
    return this.#sections[this.#at]?.bodyStart ?? 0;
  }

  /** @param offset behind the place */
  isInHeadings(offset: number): boolean {
    let index = this.#at;
    while (this.startOf(index + 1) <= offset && index + 1 < this.#sections.length) index += 1;
    return offset < (this.#sections[index]?.bodyStart ?? 0);
  }

  /** Index of the section after the place. */
  get next(): number {
    return this.#at + 1;
  }

  /** Where a chunk from the place on has to end at the latest: at a heading that is not below what it stands under. */
  get reach(): number {
    const section = this.#sections[this.#at];
    if (section === undefined) return this.#textEnd;
    const level = this.#isStart ? section.level - 1 : section.lastLevel;
    return this.startOf(this.#nextOf(this.#at, level));
  }

  startOf(index: number): number {
    return Math.min(this.#sections[index]?.start ?? this.#textEnd, this.#textEnd);
  }

  levelOf(index: number): number {
    return this.#sections[index]?.level ?? 0;
  }

  /** The first section after what has to be kept together from the place on. */
  afterFirst(): number {
    return this.#isStart ? this.after(this.#at) : this.#at + 1;
  }

  /** The first section after section `index` and all below it, where that fits; else the next one. */
  after(index: number): number {
    const section = this.#sections[index];
    if (section === undefined) return index;
    for (const level of [section.level, section.lastLevel]) {
      const next = this.#nextOf(index, level);
      if (this.startOf(next) - section.start <= this.#maxChars) return next;
    }
    return index + 1;
  }

  /** The headings above all that stands from the place to `end`, those of its own first section included. */
  pathUpTo(end: number): readonly Heading[] {
    let least = LEVELS;
    for (let index = this.#at + 1; this.startOf(index) < end; index++)
      least = Math.min(least, this.levelOf(index));
    return this.#open.filter(({ level }) => level < least);
  }

  #nextOf(index: number, level: number): number {
    return this.#next[index * LEVELS + level] ?? this.#sections.length;
  }
}

function nextOfLevel(sections: readonly Section[]): Int32Array {
  const next = new Int32Array(sections.length * LEVELS);
  const nearest = Array.from({ length: LEVELS }, () => sections.length);
  for (let index = sections.length - 1; index >= 0; index--) {
    for (let level = 0; level < LEVELS; level++)
      next[index * LEVELS + level] = nearest[level] ?? sections.length;
    for (let level = sections[index]?.level ?? LEVELS; level < LEVELS; level++)
      nearest[level] = index;
  }
  return next;
}
