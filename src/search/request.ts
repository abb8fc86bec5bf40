/** What a search is asked and answers: the same shape for TypeScript, HTTP, SQL's options and the command. */

export type SearchMode = 'hybrid' | 'vector' | 'text';

/** A comparison with a column of the source: a bare value means equals. */
export type FilterValue = string | number | boolean | null;
export interface FilterCondition {
  $eq?: FilterValue;
  $ne?: FilterValue;
  $in?: FilterValue[];
  $gt?: FilterValue;
  $gte?: FilterValue;
  $lt?: FilterValue;
  $lte?: FilterValue;
}
/** Column name → value or condition; all of them must hold. */
export type Filter = Record<string, FilterValue | FilterCondition>;

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
  chunk: {
    /** 0 to `of` - 1. */
    index: number;
    /** How many chunks the record has. */
    of: number;
    text: string;
    /** UTF-16 offsets in the record's text. */
    start: number;
    end: number;
    /** The headings above it. */
    section: string | null;
    /** From 1; null where the record has no pages. */
    page: number | null;
  };
  /** The row as it is now, read under the caller's role. */
  record: Record<string, unknown>;
}

export interface SearchAnswer {
  hits: SearchHit[];
  took_ms: number;
  mode: SearchMode;
  /** Source → the space that answered, as `model id`. */
  space: Record<string, string>;
  /** What went wrong and did not keep the search from being answered. */
  warning?: string;
}
