/**
 * How the records of a space are cut and what is embedded of each chunk: the slice alone, or with the record's title and
 * the headings above it. What is stored is the slice, whatever is embedded (I8).
 */
import type { Chunk, Chunker } from './chunker.ts';
import { CONTEXT_TOKENS, contextOf } from './context.ts';
import { MIN_MAX_TOKENS } from './limits.ts';
import { createStructureChunker } from './structure-chunker.ts';
import { createTextChunker, type TextChunkerOptions } from './text-chunker.ts';

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
/** Of a model that takes little, most is kept for the chunk. */
const CONTEXT_PART = 1 / 4;
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
