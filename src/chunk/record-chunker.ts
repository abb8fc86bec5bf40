/**
 * How the records of a space are cut and what is embedded of each chunk: the slice alone, or with the record's title and
 * the headings above it. What is stored is the slice, whatever is embedded (I8).
 */
import { isBlank, safeCut } from './boundaries.ts';
import type { Chunk, Chunker } from './chunker.ts';
import { SEPARATOR } from './headings.ts';
import { MIN_MAX_TOKENS } from './limits.ts';
import { outlineOf } from './outline.ts';
import { createStructureChunker } from './structure-chunker.ts';
import { createTextChunker, type TextChunkerOptions } from './text-chunker.ts';
import { tokenBound, unitsWithin } from './token-bound.ts';

export interface RecordChunkerOptions extends TextChunkerOptions {
  /** Default `text`. */
  readonly by?: 'text' | 'structure' | undefined;
  /** Whether title and headings are put before each chunk: default with `structure` only. */
  readonly hasContext?: boolean | undefined;
}

export interface RecordChunker extends Chunker {
  /** What stands before `chunk` in the text that is embedded, an empty line at its end included; often nothing. */
  contextOf(title: string | null, chunk: Pick<Chunk, 'text' | 'section'>): string;
}

/** Raise it with every change of what is put before a chunk. */
const CONTEXT_VERSION = 1;
/** Of title and headings together, UTF-16 units and tokens by `tokenBound`. */
const CONTEXT_CHARS = 200;
const CONTEXT_TOKENS = 80;
/** Of a model that takes little, most is kept for the chunk. */
const CONTEXT_PART = 1 / 4;
/** A title leaves so much to the headings, where they need it. */
const TITLE_PART = 3 / 5;

/** @throws ConfigError when an option is out of range */
export function createRecordChunker(options: RecordChunkerOptions = {}): RecordChunker {
  const { by = 'text', hasContext = by === 'structure', ...limits } = options;
  if (!hasContext) return { ...chunkerBy(by, limits), contextOf: () => '' };
  const { maxTokens = Infinity } = limits;
  const tokens = Math.min(CONTEXT_TOKENS, Math.floor(maxTokens * CONTEXT_PART));
  const rest =
    maxTokens === Infinity
      ? {}
      : { maxTokens: Math.max(maxTokens - tokens, Math.min(maxTokens, MIN_MAX_TOKENS)) };
  const chunker = chunkerBy(by, { ...limits, ...rest });
  const bound = tokens === CONTEXT_TOKENS ? '' : `/tokens${tokens}`;
  return {
    id: `${chunker.id}/context@${CONTEXT_VERSION}${bound}`,
    chunk: (text) => chunker.chunk(text),
    contextOf: (title, chunk) => contextOf(title, chunk, tokens),
  };
}

function chunkerBy(by: 'text' | 'structure', options: TextChunkerOptions): Chunker {
  return by === 'structure' ? createStructureChunker(options) : createTextChunker(options);
}

function contextOf(
  title: string | null,
  { text, section }: Pick<Chunk, 'text' | 'section'>,
  maxTokens: number,
): string {
  const named = title?.replaceAll(/\s+/g, ' ').trim() ?? '';
  const path = pathAbove(section, text);
  // A document whose first heading is its title would say it twice.
  if (path[0] !== undefined && path[0].toLowerCase() === named.toLowerCase()) path.shift();
  const all = path.join(SEPARATOR);
  const first = shortened(
    named,
    Math.max(CONTEXT_CHARS * TITLE_PART, CONTEXT_CHARS - all.length),
    Math.max(maxTokens * TITLE_PART, maxTokens - tokenBound(all)),
  );
  const second = shortenedPath(path, CONTEXT_CHARS - first.length, maxTokens - tokenBound(first));
  const lines = [first, second].filter((line) => line !== '');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
}

/** The headings above a slice, without those that it begins with. */
function pathAbove(section: string | null, text: string): string[] {
  const path = section?.split(SEPARATOR) ?? [];
  const { sections, headings } = outlineOf(text);
  if (sections[0]?.start !== 0) return path;
  const own = new Set(headings.slice(0, sections[0].headings).map(({ title }) => title));
  while (own.has(path.at(-1) ?? '')) path.pop();
  return path;
}

/** Its inner headings say more than the outer ones. */
function shortenedPath(path: readonly string[], maxChars: number, maxTokens: number): string {
  for (let from = 0; from < path.length - 1; from++) {
    const joined = path.slice(from).join(SEPARATOR);
    if (joined.length <= maxChars && tokenBound(joined) <= maxTokens) return joined;
  }
  return shortened(path.at(-1) ?? '', maxChars, maxTokens);
}

/** As much of `text` as there is room for, in whole words where there are some. */
function shortened(text: string, maxChars: number, maxTokens: number): string {
  const room = unitsWithin(text, 0, maxTokens, Math.max(0, Math.floor(maxChars)));
  if (room === text.length) return text;
  if (room < 2) return '';
  let end = room;
  while (end > 0 && !isBlank(text.charCodeAt(end))) end--;
  return text.slice(0, end > 0 ? end : safeCut(text, room, 1)).trimEnd();
}
