/**
 * The first chunker: cuts a text at the best place that the second half of a window offers: before
 * a heading, else at a paragraph's end, a line's, a sentence's, a word's, else where the limit
 * falls. So neighbours are packed together until a chunk is at least half full, no chunk is over
 * the limit, and every unit is looked at a bounded number of times (linear time, whatever the text). A
 * model's limit in tokens makes the window smaller where the text is dense.
 *
 * It cuts plain text. Tables, code and lists are the structure-aware chunker's.
 */
import { ConfigError } from '../errors/index.ts';
import { Cut, type CutRank, isBlank, isInsideSequence, rankCut, safeCut } from './boundaries.ts';
import type { Chunk, Chunker } from './chunker.ts';
import { type Heading, findHeadings, lastHeadingStart, sectionFinder } from './headings.ts';
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
}

/** Raise it with every change that cuts any text in another way: it makes a new space. */
const VERSION = 1;
const DEFAULT_MAX_CHARS = 1600;
const MIN_MAX_CHARS = 16;
const MAX_MAX_CHARS = 100_000;
const MIN_MAX_TOKENS = 16;

/** @throws ConfigError when an option is out of range. */
export function createTextChunker(options: TextChunkerOptions = {}): Chunker {
  const { maxChars = DEFAULT_MAX_CHARS, overlapChars = 0 } = options;
  requireInteger('maxChars', maxChars, MIN_MAX_CHARS, MAX_MAX_CHARS);
  requireInteger('overlapChars', overlapChars, 0, Math.floor(maxChars / 2));
  const { maxTokens = Infinity } = options;
  if (maxTokens !== Infinity)
    requireInteger('maxTokens', maxTokens, MIN_MAX_TOKENS, Number.MAX_SAFE_INTEGER);
  const isBound = maxTokens < maxChars * MAX_TOKENS_PER_UNIT;
  const limits = { maxChars, overlapChars, maxTokens: isBound ? maxTokens : Infinity };
  const bound = isBound ? `/tokens${maxTokens}@${TOKEN_BOUND_VERSION}` : '';
  return {
    id: `text@${VERSION}/max${maxChars}/overlap${overlapChars}${bound}`,
    chunk: (text) => chunkText(text, limits),
  };
}

interface Limits {
  maxChars: number;
  overlapChars: number;
  /** Infinity where no chunk of `maxChars` can have more. */
  maxTokens: number;
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
    const cut = textEnd - start <= room ? textEnd : findCut(text, start, done, room, headings);
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

/** The best cut after `done` in the second half of the window of `room` units at `start`; the last of equals. */
function findCut(
  text: string,
  start: number,
  done: number,
  room: number,
  headings: readonly Heading[],
): number {
  // Blanks at a chunk's end are not part of it, so a cut may lie behind them.
  const limit = skipBlanks(text, start + room, text.length);
  const lowest = Math.max(start + Math.ceil(room / 2), done + 1);
  const heading = lastHeadingStart(headings, limit);
  if (heading >= lowest) return heading;
  let best = safeCut(text, start + room, lowest);
  let bestRank: CutRank = Cut.none;
  for (let offset = limit; offset >= lowest && bestRank < Cut.paragraph; offset--) {
    const rank = rankCut(text, offset, start);
    if (rank <= bestRank) continue;
    best = offset;
    bestRank = rank;
  }
  return best;
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
