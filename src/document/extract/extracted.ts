/** What extraction takes and gives. Each format is a function of this shape, called in the child process. */

export interface ExtractInput {
  bytes: Uint8Array;
  /** The name of the file, or its path. */
  name: string | null;
  /** As declared, by HTTP for example, with its parameters; may be wrong. */
  mediaType: string | null;
}

export type ExtractedType = 'pdf' | 'docx' | 'epub' | 'html' | 'markdown' | 'text';

export interface Extracted {
  /** Markdown, as `cleanText` leaves it; never blank. */
  text: string;
  /** What read it and in which version, as `html@1`: raised when it would extract otherwise. */
  parser: string;
  type: ExtractedType;
  title: string | null;
  author: string | null;
  /** yyyy-mm-dd */
  published: string | null;
  tags: string[];
  /** Other fields of a front matter: JSON values. */
  metadata: Record<string, unknown>;
  /** Where each page starts in `text`, ascending, the first 0; null for a format without pages. */
  pages: number[] | null;
  /** What of the file is not in the text; holds none of its text. */
  warnings: string[];
}

/** Each is reached, not passed: a file of `maxBytes` is read. */
export interface ExtractLimits {
  /** Of the file. Default 50 MiB. */
  maxBytes: number;
  /** Default 2,000. */
  maxPages: number;
  /** Milliseconds from the start of the reading. Default 20,000. */
  maxMs: number;
  /** Resident bytes of the process that reads. Default 1 GiB. */
  maxMemoryBytes: number;
  /** Of all that is unpacked of an archive. Default 200 MiB. */
  maxExpandedBytes: number;
  /** Unpacked bytes for a packed one, counted from the first megabyte on. Default 200. */
  maxExpansion: number;
  /** Files in an archive. Default 10,000. */
  maxEntries: number;
  /** Elements inside one another, in HTML and XML. Default 1,000. */
  maxNesting: number;
  /** UTF-16 units of the text. Default 20 million. */
  maxTextChars: number;
}

export const DEFAULT_EXTRACT_LIMITS: ExtractLimits = {
  maxBytes: 50 * 1024 * 1024,
  maxPages: 2_000,
  maxMs: 20_000,
  maxMemoryBytes: 1024 * 1024 * 1024,
  maxExpandedBytes: 200 * 1024 * 1024,
  maxExpansion: 200,
  maxEntries: 10_000,
  maxNesting: 1_000,
  maxTextChars: 20_000_000,
};

/**
 * Reads one format. The same bytes give the same result.
 * @throws ExtractionError when there is no text
 */
export type FormatExtractor = (
  input: ExtractInput,
  limits: ExtractLimits,
) => Extracted | Promise<Extracted>;
