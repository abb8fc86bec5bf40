/**
 * The first chunker: cuts a text at the best place that the last two thirds of a window offer: before
 * a heading, else at a paragraph's end, a line's, a sentence's, a word's, else where the limit
 * falls. So neighbours are packed together until a chunk is at least a third full, no chunk is over
 * the limit, an edit changes the chunk it is in and seldom its neighbours, and every unit is looked at a bounded number of times (linear time, whatever the text). A
 * model's limit in tokens makes the window smaller where the text is dense.
 *
 * It cuts plain text. Tables, code and lists are the structure-aware chunker's.
 */
import { Cut, type CutRank, rankCut, safeCut } from './boundaries.ts';
import type { Chunk, Chunker } from './chunker.ts';
import { type Heading, findHeadings, headingStarts, sectionFinder } from './headings.ts';
import { leastOf } from './least-of.ts';
import { type LimitOptions, type Limits, limitsId, limitsOf } from './limits.ts';
import { earliestStart, overlapStart, roomAt, skipBlanks, skipBlanksBack } from './window.ts';

export interface TextChunkerOptions extends LimitOptions {
  /** 1 cuts as the first version did, at the last of equal places: for spaces that were made so. Default 2. */
  readonly version?: 1 | 2 | undefined;
}

/** Raise it with every change that cuts any text in another way: it makes a new space. */
const VERSION = 2;

/** @throws ConfigError when an option is out of range. */
export function createTextChunker(options: TextChunkerOptions = {}): Chunker {
  const limits = limitsOf(options);
  const { version = VERSION } = options;
  const way = version === 1 ? FIRST_WAY : WAY;
  return {
    id: `text@${version}/${limitsId(limits)}`,
    chunk: (text) => chunkText(text, limits, way),
  };
}

/** How the place to cut at is chosen. */
interface Way {
  /** A chunk that is cut off is at least this part of the window. */
  leastPart: number;
  /** Of places that are equally good, the last first. */
  pick(text: string, offsets: readonly number[]): number;
}

const FIRST_WAY: Way = { leastPart: 1 / 2, pick: (_, offsets) => offsets[0] ?? 0 };

/** With a half there is often one place only, and nothing to find again. */
const WAY: Way = { leastPart: 1 / 3, pick: leastOf };

function chunkText(text: string, limits: Limits, way: Way): Chunk[] {
  const headings = findHeadings(text);
  const sectionAt = sectionFinder(headings);
  const textEnd = skipBlanksBack(text, text.length, 0);
  const chunks: Chunk[] = [];
  let done = skipBlanks(text, 0, textEnd);
  let previous = done - 1;
  while (done < textEnd) {
    const start = overlapStart(text, done, earliestStart(text, done, previous + 1, limits));
    const room = roomAt(text, start, done, limits);
    const cut =
      textEnd - start <= room ? textEnd : findCut(text, { start, done, room, headings, way });
    const end = skipBlanksBack(text, cut, start);
    const section = sectionAt(start);
    chunks.push({ index: chunks.length, start, end, text: text.slice(start, end), section });
    previous = start;
    done = skipBlanks(text, end, textEnd);
  }
  return chunks;
}

interface Window {
  start: number;
  /** What is in chunks already; a cut lies after it. */
  done: number;
  /** Units from `start`. */
  room: number;
  headings: readonly Heading[];
  way: Way;
}

/** The best cut in the later part of a window. */
function findCut(text: string, { start, done, room, headings, way }: Window): number {
  // Blanks at a chunk's end are not part of it, so a cut may lie behind them.
  const limit = skipBlanks(text, start + room, text.length);
  const lowest = Math.max(start + Math.ceil(room * way.leastPart), done + 1);
  const starts = headingStarts(headings, lowest, limit);
  if (starts.length > 0) return way.pick(text, starts);
  // The last first.
  let best: number[] = [];
  let bestRank: CutRank = Cut.none;
  for (let offset = limit; offset >= lowest; offset--) {
    const rank = rankCut(text, offset, start);
    if (rank < bestRank || rank === Cut.none) continue;
    if (rank > bestRank) best = [];
    bestRank = rank;
    best.push(offset);
  }
  // One word is as good as another: a text without sentences is filled to the brim.
  if (bestRank <= Cut.word) return best[0] ?? safeCut(text, start + room, lowest);
  return way.pick(text, best);
}
