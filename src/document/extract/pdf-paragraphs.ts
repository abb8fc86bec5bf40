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
const OTHER_SIZE = 0.07;

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
    const isBroken = previous !== undefined && endsEarly(previous, line, region.right);
    if (
      block &&
      previous &&
      goesOn(block, level, { previous, line, next: lines[at + 1] }, region)
    ) {
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
  if (height > PARAGRAPH_GAP * Math.min(region.leading, 2 * line.size)) return false;
  return !beginsParagraph(block, near, region);
}

function beginsParagraph(block: Block, near: Neighbours, region: Measures): boolean {
  const { previous, line, next } = near;
  const isEnd = TERMINAL.test(previous.text);
  const isEarly = endsEarly(previous, line, region.right);
  if (BULLET.test(line.text) && (isEnd || isEarly || block.kind === 'item')) return true;
  if (ENUMERATOR.test(line.text) && (isEnd || isEarly)) return true;
  const indent = INDENT * line.size;
  const first = block.lines[0]?.line ?? previous;
  // Hanging: all lines but the first are indented, and the next item begins where that did.
  const isHanging = block.lines.length > 1 && previous.x > first.x + indent / 2;
  if (isHanging && line.x < previous.x - indent / 2) return true;
  const isIndented = line.x > previous.x + indent && line.x < previous.x + 5 * line.size;
  const isReturning = next === undefined || next.x < line.x - indent / 2;
  if (isIndented && isReturning && (isEnd || isEarly)) return true;
  return isEnd && isEarly;
}

/** Whether the first word of the line would have found room on the one before. */
function endsEarly(previous: Line, line: Line, right: number): boolean {
  if (previous.cells > 1 || line.cells > 1) return true;
  const word = line.text.indexOf(' ');
  const width = line.right - line.x;
  const wordWidth = word === -1 ? width : (width * word) / line.text.length;
  return right - previous.right > wordWidth + 0.6 * line.size;
}
