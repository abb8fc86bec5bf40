/** What an import takes in, one by one, wherever it comes from. */

/** A file that has to be extracted, or a text that need not. */
export type ImportContent =
  | { bytes: Uint8Array; name: string | null; mediaType: string | null }
  | { text: string };

export interface ImportItem {
  /** As results name it: a path, `row 12`. */
  label: string;
  /** Null: that of the import. */
  collection: string | null;
  /** What it is known by, so that it is the same document next time; null where it has no name. */
  origin: string | null;
  /** What its name or its row tells about it, not checked yet. */
  fields: Record<string, unknown>;
  /** What somebody tells about this very one: over all else. */
  told?: Record<string, unknown>;
  /** For a content that has no title of its own. */
  fallbackTitle: string | null;
  /** SHA-256 of the file that the text was made of, where it came along; else that of the content. */
  rawHash?: Buffer;
  /** @throws what is wrong with this one; the others go on */
  load(): Promise<ImportContent>;
}
