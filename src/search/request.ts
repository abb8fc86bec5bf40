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
  /** Whether the configured re-ranker orders the best hits; default false. */
  rerank?: boolean;
  /** For those who know better than the defaults. */
  expert?: SearchExpert;
  /** Whether the answer says how it was found; that takes as long again. */
  explain?: boolean;
  /** Whether hits tell where the query's words are in their chunks. Default false. */
  highlight?: boolean;
  /** Chunks before and after the best one that a hit brings along, 0 to 5; default 0. */
  neighbors?: number;
}

export interface SearchExpert {
  /** How many chunks an HNSW index holds in view, 1 to 1,000: more finds more, and takes longer. Default 100 or more. */
  efSearch?: number;
  /** Lists of an IVFFlat index that are looked at, 1 to 32,768; default twice the root of how many there are. */
  probes?: number;
  /** Chunks that each leg gives at first, 1 to 10,000; default 40 by meaning alone, else 100. */
  candidates?: number;
  /** Looks at every vector. */
  exact?: boolean;
  /** Hybrid by reciprocal ranks in place of scores, with this constant, 1 to 10,000; 60 is usual. */
  rrfK?: number;
  /** What the legs weigh in hybrid, each 0 to 1, not both 0; default the model's own. */
  weights?: { vector: number; text: number };
}

/** Asks for the records that are nearest to one of them. */
export interface SimilarRequest extends Pick<
  SearchRequest,
  'filter' | 'tiers' | 'limit' | 'offset' | 'expert'
> {
  source: string;
  /** Of the record, as a hit has it. Its place is the mean of its chunks' vectors. */
  key: string;
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
  scores: {
    vector: number | null;
    text: number | null;
    /** The re-ranker's, whose order the hits are in then; null for one that it left out. Of any size. */
    rerank?: number | null;
  };
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
  /** What went wrong and did not keep the search from being answered. */
  warning?: string;
  /** Where it was asked for. */
  explain?: SearchExplanation;
  /**
   * Where answers are kept (`search.cache`): whether this is one that was, or is kept from now on, or may not be because
   * not every change of its sources is seen.
   */
  cache?: 'hit' | 'miss' | 'bypass';
}

export interface SearchExplanation {
  /** One for each model that was asked; one in all where none is. */
  searches: ExplainedSearch[];
}

export interface ExplainedSearch {
  /** Null for a search by words. */
  model: string | null;
  /** Whether the query's vector was kept from before. */
  query_vector: 'kept' | 'made' | 'none';
  /** Until there was a vector. */
  embed_ms: number;
  /** From the statement to its rows, with the plan that is shown. */
  database_ms: number;
  /** Null where nothing was asked of the sources: the query has no meaning, or of none may anything be shown. */
  database: SearchReport | null;
}

/** What the database says of itself. */
export interface SearchReport {
  /** Times that candidates were taken: more than once where too few of them could be shown. */
  rounds: number;
  /** Chunks that each leg gave at most, in the last round. */
  candidates: number;
  ef_search: number;
  probes: number;
  /** Searching, and of that what planning one round takes; a plan that a session keeps takes none. */
  sql_ms: number;
  plan_ms: number;
  sources: Record<
    string,
    {
      /** That Postgres' plan names for the vectors. */
      index: 'hnsw' | 'ivfflat' | 'binary' | 'none';
      /** All that pass, by the index, by the index until enough pass, or not by vectors. */
      scan: 'exact' | 'index' | 'iterative' | 'off';
      /** Chunks that Postgres expected to pass; null where it was not asked. */
      estimated_chunks: number | null;
      /** Chunks that each leg gave, and how many of them the caller sees. */
      candidates: { vector: number | null; text: number | null; visible: number };
    }
  >;
}
