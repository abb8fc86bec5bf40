/** What a search is asked and answers: the same shape for TypeScript, HTTP, SQL's options and the command. */

import type { Filter } from './filter.ts';

export type SearchMode = 'hybrid' | 'vector' | 'text';

export interface SearchRequest {
  /** What to look for; not blank, at most 10,000 characters. */
  query: string;
  /** Names of sources; all when absent. */
  sources?: string[];
  /** Default `hybrid`. */
  mode?: SearchMode;
  filter?: Filter;
  /**
   * The tiers of access that may be shown, of sources that have some: names. Default all. From the program alone, which
   * knows who asks; where the database's setting `evervec.tiers` is set, they narrow it.
   */
  tiers?: readonly string[];
  /** 1 to 1,000, default 10. */
  limit?: number;
  /** 0 to 10,000, default 0. */
  offset?: number;
  /** Whether hits tell where the query's words are in their chunks. Default false. */
  highlight?: boolean;
  /** Chunks before and after the best one that a hit brings along, 0 to 5; default 0. */
  neighbors?: number;
}

/** A slice of a record's text. */
export interface ChunkText {
  /** 0 and up, in the order of the text. */
  index: number;
  text: string;
  /** UTF-16 offsets in the record's text. */
  start: number;
  end: number;
  /** The headings above it. */
  section: string | null;
  /** From 1; null where the record has no pages. */
  page: number | null;
}

export interface SearchHit {
  source: string;
  /** The record's key: its text, or for a composite key a JSON array of texts. */
  key: string;
  /** 0 to 1, higher is better; comparable within one answer only. */
  score: number;
  /** What each leg gave: cosine similarity, and text rank; null where that leg did not find the record. */
  scores: { vector: number | null; text: number | null };
  /** The record's best chunk. */
  chunk: ChunkText & {
    /** How many chunks the record has: `index` is 0 to `of` - 1. */
    of: number;
  };
  /** The row as it is now, read under the caller's role. */
  record: Record<string, unknown>;
  /** With `highlight`: where words of the query are in `chunk.text`, as UTF-16 offsets, in order and apart. */
  highlights?: Highlight[];
  /** With `neighbors`: the chunks next to it in the same record, in the order of the text. */
  neighbors?: { before: ChunkText[]; after: ChunkText[] };
}

/** From `start` up to `end`, exclusive. */
export interface Highlight {
  start: number;
  end: number;
}

export interface SearchAnswer {
  hits: SearchHit[];
  took_ms: number;
  mode: SearchMode;
  /** Source → the space that answered, as `model id`. */
  space: Record<string, string>;
  /**
   * Where answers are kept (`search.cache`): whether this is one that was, or is kept from now on, or may not be because
   * not every change of its sources is seen.
   */
  cache?: 'hit' | 'miss' | 'bypass';
}
