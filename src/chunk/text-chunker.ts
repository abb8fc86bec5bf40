/**
 * The first chunker: cuts a text at the best place that the last two thirds of a window offer: before
 * a heading, else at a paragraph's end, a line's, a sentence's, a word's, else where the limit
 * falls. So neighbours are packed together until a chunk is at least a third full, no chunk is over
 * the limit, an edit changes the chunk it is in and seldom its neighbours, and every unit is looked at a bounded number of times (linear time, whatever the text). A
 * model's limit in tokens makes the window smaller where the text is dense.
 *
 * It cuts plain text. Tables, code and lists are the structure-aware chunker's.
 */
import { ConfigError } from '../errors/index.ts';
import { Cut, type CutRank, isBlank, isInsideSequence, rankCut, safeCut } from './boundaries.ts';
import type { Chunk, Chunker } from './chunker.ts';
import { type Heading, findHeadings, headingStarts, sectionFinder } from './headings.ts';
import {
  MAX_TOKENS_PER_UNIT,
  startWithin,
  TOKEN_BOUND_VERSION,
  unitsWithin,
} from './token-bound.ts';

export interface TextChunkerOptions {
  /**
   * Most UTF-16 units of a chunk, 16 to 100,000. Default 1,600: about 400 tokens of English, which
   * leaves room for the section's path within the 512 tokens that small models look at.
   */
  readonly maxChars?: number | undefined;
  /** UTF-16 units that a chunk repeats of the one before, at most; 0 to `maxChars` / 2. Default 0. */
  readonly overlapChars?: number | undefined;
  /**
   * Most tokens of a chunk by `tokenBound`, at least 16; default no limit. It is part of the id where it can make a
   * difference, so a model that takes less than another may mean other chunks, hence another space.
   */
  readonly maxTokens?: number | undefined;
  /** 1 cuts as the first version did, at the last of equal places: for spaces that were made so. Default 2. */
  readonly version?: 1 | 2 | undefined;
}

/** Raise it with every change that cuts any text in another way: it makes a new space. */
const VERSION = 2;
const DEFAULT_MAX_CHARS = 1600;
const MIN_MAX_CHARS = 16;
const MAX_MAX_CHARS = 100_000;
const MIN_MAX_TOKENS = 16;

/** @throws ConfigError when an option is out of range. */
export function createTextChunker(options: TextChunkerOptions = {}): Chunker {
  const { maxChars = DEFAULT_MAX_CHARS, overlapChars = 0 } = options;
  requireInteger('maxChars', maxChars, MIN_MAX_CHARS, MAX_MAX_CHARS);
  requireInteger('overlapChars', overlapChars, 0, Math.floor(maxChars / 2));
  const { maxTokens = Infinity, version = VERSION } = options;
  if (maxTokens !== Infinity)
    requireInteger('maxTokens', maxTokens, MIN_MAX_TOKENS, Number.MAX_SAFE_INTEGER);
  const isBound = maxTokens < maxChars * MAX_TOKENS_PER_UNIT;
  const way = version === 1 ? FIRST_WAY : WAY;
  const limits = { maxChars, overlapChars, maxTokens: isBound ? maxTokens : Infinity, way };
  const bound = isBound ? `/tokens${maxTokens}@${TOKEN_BOUND_VERSION}` : '';
  return {
    id: `text@${version}/max${maxChars}/overlap${overlapChars}${bound}`,
    chunk: (text) => chunkText(text, limits),
  };
}

interface Limits {
  maxChars: number;
  overlapChars: number;
  /** Infinity where no chunk of `maxChars` can have more. */
  maxTokens: number;
  way: Way;
}

/** How the place to cut at is chosen. */
interface Way {
  /** A chunk that is cut off is at least this part of the window. */
  leastPart: number;
  /** Of places that are equally good, the last first. */
  pick(text: string, offsets: readonly number[]): number;
}

const FIRST_WAY: Way = { leastPart: 1 / 2, pick: (_, offsets) => offsets[0] ?? 0 };

/** Units that tell one place from another. */
const HASHED_UNITS = 48;

/**
 * The one whose next letters hash least. Which one that is does not depend on where the window begins: after an edit the
 * next window that has it finds it again, and all that follows is as it was. With the last or the first of them, texts of
 * even paragraphs were cut anew to their end.
 *
 * Source: Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting", 2003.
 */
function leastOf(text: string, offsets: readonly number[]): number {
  let best = offsets[0] ?? 0;
  let least = Infinity;
  for (const offset of offsets) {
    const hash = hashAt(text, offset);
    if (hash >= least) continue;
    least = hash;
    best = offset;
  }
  return best;
}

/** With a half there is often one place only, and nothing to find again. */
const WAY: Way = { leastPart: 1 / 3, pick: leastOf };

/** FNV-1a over the units from `offset`. */
function hashAt(text: string, offset: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(text.length, offset + HASHED_UNITS);
  for (let at = offset; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  // Its low bits are the better ones.
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
}

function chunkText(text: string, limits: Limits): Chunk[] {
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
      textEnd - start <= room
        ? textEnd
        : findCut(text, { start, done, room, headings, way: limits.way });
    const end = skipBlanksBack(text, cut, start);
    const section = sectionAt(start);
    chunks.push({ index: chunks.length, start, end, text: text.slice(start, end), section });
    previous = start;
    done = skipBlanks(text, end, textEnd);
  }
  return chunks;
}

/** How far back a chunk may begin: what it repeats takes half of it at most. */
function earliestStart(text: string, done: number, lowest: number, limits: Limits): number {
  const { overlapChars, maxTokens } = limits;
  const earliest = Math.max(done - overlapChars, lowest);
  return maxTokens === Infinity
    ? earliest
    : startWithin(text, done, Math.floor(maxTokens / 2), earliest);
}

/** Units of the window at `start`, enough to go beyond `done` by a whole character. */
function roomAt(text: string, start: number, done: number, limits: Limits): number {
  const { maxChars, maxTokens } = limits;
  if (maxTokens === Infinity) return maxChars;
  return Math.max(unitsWithin(text, start, maxTokens, maxChars), done - start + 2);
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

/**
 * Where a chunk that may repeat the units from `earliest` to `done` begins: at the first word there,
 * or at the first whole character where no word begins.
 */
function overlapStart(text: string, done: number, earliest: number): number {
  for (let at = earliest; at < done; at++)
    if (isBlank(text.charCodeAt(at - 1)) && !isBlank(text.charCodeAt(at))) return at;
  for (let at = earliest; at < done; at++)
    if (!isBlank(text.charCodeAt(at)) && !isInsideSequence(text, at)) return at;
  return done;
}

function skipBlanks(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(text.charCodeAt(at))) at++;
  return at;
}

function skipBlanksBack(text: string, from: number, to: number): number {
  let at = from;
  while (at > to && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ConfigError(`The chunker's ${name} is ${value}.`, {
    remedy: `Set ${name} to a whole number from ${least} to ${most}.`,
    isUsage: true,
  });
}
