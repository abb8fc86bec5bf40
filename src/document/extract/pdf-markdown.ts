/**
 * Markdown out of the blocks of all pages, and where each page starts in it. Notes at the foot of a column come after the text of
 * their page, so that a sentence goes on from one column and page to the next.
 */
import type { Headings } from './pdf-headings.ts';
import type { PageRegion } from './pdf-furniture.ts';
import { type Block, blocksOf, isSentenceCut, withoutBullet } from './pdf-paragraphs.ts';
import { joint, type Vocabulary } from './pdf-words.ts';

export interface Pages {
  /** Lines of each region of each page, in reading order. */
  pages: readonly { regions: readonly PageRegion[] }[];
  headings: Headings;
  vocabulary: Vocabulary;
  bodySize: number;
}

/** What stands across a page is no heading, however large. */
const NONE: Headings = { levelOf: () => null };
/** Smaller than so much of the text: a note. */
const NOTE = 0.93;
const CAPTION = /^(?:Figure|Fig\.|Table|Chart|Abbildung|Abb\.|Tabelle|Tableau)\s*\d+[.:]/;

export function markdownOf(pages: Pages): { text: string; starts: number[] } {
  const blocks = joined(pages);
  const starts: number[] = [];
  let text = '';
  let previous: Block | null = null;
  for (const block of blocks) {
    if (previous !== null) text += isItem(previous) && isItem(block) ? '\n' : '\n\n';
    const start = text.length;
    text += textOf(block, pages.vocabulary, (page, at) => {
      // A page without text starts where the next one does.
      while (starts.length <= page) starts.push(starts.length === 0 ? 0 : start + at);
    });
    previous = block;
  }
  while (starts.length < pages.pages.length) starts.push(text.length);
  return { text, starts };
}

function joined({ pages, headings, bodySize }: Pages): Block[] {
  const blocks: Block[] = [];
  let last: Block | null = null;
  for (const [at, { regions }] of pages.entries()) {
    const notes: Block[] = [];
    for (const { lines, isAside, isAslant } of regions) {
      const main = blocksOf(lines, at, isAside ? NONE : headings);
      if (isAside) {
        notes.push(...main);
        continue;
      }
      notes.push(...takeNotes(main, bodySize));
      if (isAslant) {
        blocks.push(...main);
        continue;
      }
      const rest = last === null ? -1 : restOf(last, main, bodySize);
      if (last !== null && rest !== -1) last.lines.push(...(main.splice(rest, 1)[0]?.lines ?? []));
      blocks.push(...main);
      last = main.findLast((block) => !isFloat(block, bodySize)) ?? last;
    }
    blocks.push(...notes);
  }
  return blocks;
}

/** Where the sentence that `last` ends in goes on: at the top of a column, or below the figure or the table that stands there. */
function restOf(last: Block, blocks: readonly Block[], bodySize: number): number {
  const first = blocks.findIndex((block) => !isFloat(block, bodySize));
  const rest = blocks[first];
  return rest !== undefined && isSentenceCut(last, rest) ? first : -1;
}

function isFloat(block: Block, bodySize: number): boolean {
  const line = block.lines[0]?.line;
  const isCaption = CAPTION.test(line?.text ?? '');
  return isCaption || !isMain(block, bodySize) || (line !== undefined && line.cells > 2);
}

/** Takes what is set smaller off the end of a column that has text above it. */
function takeNotes(blocks: Block[], bodySize: number): Block[] {
  const lastMain = blocks.findLastIndex((block) => isMain(block, bodySize));
  return lastMain === -1 ? [] : blocks.splice(lastMain + 1);
}

function isMain(block: Block, bodySize: number): boolean {
  return (block.lines[0]?.line.size ?? 0) >= bodySize * NOTE;
}

function isItem(block: Block): boolean {
  return block.kind === 'item';
}

function textOf(
  { kind, lines }: Block,
  vocabulary: Vocabulary,
  onPage: (page: number, at: number) => void,
): string {
  const prefix = kind === 'item' ? '- ' : kind === 'text' ? '' : `${'#'.repeat(kind.heading)} `;
  let text = '';
  let isFirst = true;
  for (const { line, page, isBroken } of lines) {
    if (isFirst) {
      onPage(page, text.length);
      const own = kind === 'item' ? withoutBullet(line.text) : line.text;
      text += prefix + (kind === 'text' ? escaped(own) : own);
    } else {
      const { kept, between } = joint(text, line.text, vocabulary);
      const isBreak = isBroken && kept === text && kind === 'text' && between === ' ';
      text = `${kept}${isBreak ? '\n' : between}`;
      onPage(page, text.length);
      text += isBreak ? escaped(line.text) : line.text;
    }
    isFirst = false;
  }
  return text;
}

/** What would be a heading, a quote or a fence to Markdown, and is text here. */
function escaped(text: string): string {
  return text.replace(/^(#{1,6}\s|>|`{3}|~{3}|[-=+]+\s*$|[-+]\s)/, '\\$1');
}
