/** What a context is asked and answers: the same shape for TypeScript, HTTP and the command. */
import type { SearchMode, SearchRequest } from './request.ts';

export interface ContextRequest extends Omit<
  SearchRequest,
  'limit' | 'offset' | 'highlight' | 'neighbors' | 'explain'
> {
  /** What `text` may have, its first sentence and all marks included: 1 to 200,000, default 2,000. */
  tokens?: number;
  /** The best records that are looked at, 1 to 100, default 20. */
  limit?: number;
  /** Chunks either side of a record's best one that are added where there is room left, 0 to 5, default 1. */
  neighbors?: number;
}

export interface ContextOptions {
  /**
   * Counts the tokens of a text as the model does that will read it. Default the house's own bound, which is above what
   * tokenizers make of a text as a rule.
   */
  countTokens?(text: string): number;
}

/** Where a passage is from. */
export interface Citation {
  /** As it stands in the text, from 1. */
  n: number;
  source: string;
  key: string;
  /**
   * Of a document the number of the version that was read; of other records a hash that changes with the text. Null where the
   * record changed while it was asked for.
   */
  version: string | null;
  title: string | null;
  /** The headings above the passage's beginning. */
  section: string | null;
  /** The page that it begins on, from 1. */
  page: number | null;
  /** UTF-16 offsets in the record's text: `text.slice(start, end)` is the passage. */
  start: number;
  end: number;
  /** Where the record names an address of its own. */
  url?: string;
}

export interface ContextAnswer {
  /** For a prompt, as it is: passages by record, those of a record in reading order. Empty where there are none. */
  text: string;
  /** Of `text`, at most what was asked for. */
  tokens: number;
  citations: Citation[];
  /**
   * Stands in the lines around each passage and in no passage: another with each answer, so that no text can know it. Empty
   * where there are none.
   */
  mark: string;
  /** Why there is nothing. */
  reason?: 'nothing found' | 'too few tokens';
  /** What went wrong and did not keep the search from being answered. */
  warning?: string;
  took_ms: number;
  mode: SearchMode;
  /** Source → the space that answered, as `model id`. */
  space: Record<string, string>;
}
