/**
 * Blocks (headings, paragraphs, items of lists) out of the lines of a region, by what stands between lines: height, indentation, how
 * far the line above reaches. Joins no text.
 */
import type { Headings } from './pdf-headings.ts';
import type { Line } from './pdf-lines.ts';

export interface BlockLine {
  line: Line;
  page: number;
  /** The line before it ended early, so that this one begins for a reason. */
  isBroken: boolean;
}

export interface Block {
  kind: 'text' | 'item' | { heading: number };
  lines: BlockLine[];
}

/** Parts of what is usual: the height of a line, a size. */
const PARAGRAPH_GAP = 1.25;
const INDENT = 0.8;
/** Double-spaced text has no more, in sizes. */
const WIDEST_LEADING = 2.1;
const OTHER_SIZE = 0.07;
/** Characters: a line of text has more, wherever it ends. */
const PROSE = 30;

const BULLET = /^[•‣◦▪■●–—*·-](?=\s|$)/u;
const ENUMERATOR = /^(?:\(?\d{1,3}[.)]|\(?[a-z][.)]|\[\d{1,3}\])\s/;
const TERMINAL = /[.!?:;。!?][)\]”"’'»]?(?:\s?\d{1,2})?$/u;

export function blocksOf(lines: readonly Line[], page: number, headings: Headings): Block[] {
  const region = measure(lines);
  const blocks: Block[] = [];
  for (const [at, line] of lines.entries()) {
    const previous = lines[at - 1];
    const level = headings.levelOf(line);
    const block = blocks.at(-1);
    const near = { previous: previous ?? line, line, next: lines[at + 1] };
    const isBroken = previous !== undefined && endsEarly(block, near, region);
    if (block && previous && goesOn(block, level, near, region)) {
      block.lines.push({ line, page, isBroken });
    } else {
      const kind = level !== null ? { heading: level } : BULLET.test(line.text) ? 'item' : 'text';
      blocks.push({ kind, lines: [{ line, page, isBroken: false }] });
    }
  }
  return blocks;
}

/** Without its bullet, which Markdown has its own for. */
export function withoutBullet(text: string): string {
  return text.replace(BULLET, '').trimStart();
}

/** Whether the second goes on with the sentence that the first one ends in: at the end of a column or of a page. */
export function isSentenceCut(first: Block, second: Block): boolean {
  const [last, next] = [first.lines.at(-1)?.line, second.lines[0]?.line];
  if (!last || !next || second.kind !== 'text' || typeof first.kind === 'object') return false;
  if (TERMINAL.test(last.text) || Math.abs(last.size - next.size) > last.size * OTHER_SIZE)
    return false;
  return /^[\p{Ll}(]/u.test(next.text) || /[\p{L}][-‐,]$/u.test(last.text);
}

interface Measures {
  right: number;
  /** What is usual from one baseline to the next. */
  leading: number;
}

interface Neighbours {
  previous: Line;
  line: Line;
  next: Line | undefined;
}

function measure(lines: readonly Line[]): Measures {
  const leadings = lines
    .slice(1)
    .map((line, at) => line.y - (lines[at]?.y ?? 0))
    .filter((leading, at) => leading > 0.5 * (lines[at]?.size ?? 0))
    .toSorted((a, b) => a - b);
  const rights = lines.map((line) => line.right).toSorted((a, b) => a - b);
  return {
    // Of a list with gaps between all lines the usual one is no gap: the lower third is what lines have.
    leading: leadings[Math.floor(leadings.length / 3)] ?? Infinity,
    right: rights[Math.floor(rights.length * 0.9)] ?? 0,
  };
}

function goesOn(block: Block, level: number | null, near: Neighbours, region: Measures): boolean {
  const { previous, line } = near;
  const isSameSize = Math.abs(line.size - previous.size) <= previous.size * OTHER_SIZE;
  const height = line.y - previous.y;
  if (typeof block.kind === 'object') {
    // A heading of several lines. The next one of a list of headings has its own number.
    const isSameHeading = level === block.kind.heading && line.font === previous.font;
    return isSameHeading && isSameSize && height < 1.6 * line.size && !/^\d/.test(line.text);
  }
  if (level !== null || !isSameSize || height < 0) return false;
  if (height > PARAGRAPH_GAP * leadingAt(block, near, region)) return false;
  return !beginsParagraph(block, near, region);
}

/** From one line of this paragraph to the next: as in the block, or else as after the line. A list of headings has its own. */
function leadingAt(block: Block, { line, next }: Neighbours, region: Measures): number {
  const [before, last] = block.lines.slice(-2);
  const own = before && last ? last.line.y - before.line.y : 0;
  const isAlike = next !== undefined && Math.abs(next.size - line.size) <= line.size * OTHER_SIZE;
  const after = isAlike ? next.y - line.y : 0;
  const leading = own > 0.5 * line.size ? own : after > 0.5 * line.size ? after : region.leading;
  return Math.min(leading, WIDEST_LEADING * line.size);
}

function beginsParagraph(block: Block, near: Neighbours, region: Measures): boolean {
  const { previous, line, next } = near;
  const isEnd = TERMINAL.test(previous.text);
  const isEarly = endsEarly(block, near, region);
  if (BULLET.test(line.text) && (isEnd || isEarly || block.kind === 'item')) return true;
  const indent = INDENT * line.size;
  const first = block.lines[0]?.line ?? previous;
  const isNextItem = ENUMERATOR.test(first.text) && Math.abs(first.x - line.x) < indent;
  if (ENUMERATOR.test(line.text) && (isEnd || isEarly || isNextItem)) return true;
  // Hanging: all lines but the first are indented, and the next item begins where that did.
  const isHanging = block.lines.length > 1 && previous.x > first.x + indent / 2;
  if (isHanging && line.x < previous.x - indent / 2) return true;
  const isIndented = line.x > previous.x + indent && line.x < previous.x + 5 * line.size;
  const isReturning = next === undefined || next.x < line.x - indent / 2;
  if (isIndented && isReturning && (isEnd || isEarly)) return true;
  return isEnd && isEarly;
}

/** Whether the first word of the line would have found room on the one before. */
function endsEarly(
  block: Block | undefined,
  { previous, line, next }: Neighbours,
  region: Measures,
): boolean {
  if (previous.cells > 1 || line.cells > 1) return true;
  const word = line.text.indexOf(' ');
  const width = line.right - line.x;
  const room = (word === -1 ? width : (width * word) / line.text.length) + 0.6 * line.size;
  if (region.right - previous.right <= room) return false;
  // What is set narrower than the column, as an abstract or a quotation, has its own edge. A list of names has none.
  if (previous.text.length < PROSE) return true;
  const lines = [...(block?.lines.slice(-3).map((each) => each.line) ?? []), previous, line];
  const edge = Math.max(...lines.map((each) => each.right), next?.right ?? 0);
  return edge - previous.right > room;
}
