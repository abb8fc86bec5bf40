/**
 * The contract of everything that cuts a text into chunks: pure text in, chunks with offsets out.
 * A chunker reads no file, knows no model and changes no character.
 */
export interface Chunker {
  /**
   * Stamped on a space beside the model's id: names the algorithm, its version and every parameter,
   * so that equal ids give equal chunks of equal texts.
   */
  readonly id: string;

  /**
   * Cuts `text` (clean: see `cleanText`) into chunks, in order of `start`. Every character that is
   * not blank is in at least one chunk; chunks may overlap. A blank text has no chunk.
   */
  chunk(text: string): Chunk[];
}

/** One slice of a text. I8: `text.slice(start, end) === chunk.text`, in UTF-16 units. */
export interface Chunk {
  /** 0, 1, 2, … in order of `start`. */
  readonly index: number;
  /** Offset of the first UTF-16 unit, 0 to the text's length. */
  readonly start: number;
  /** Offset after the last UTF-16 unit. */
  readonly end: number;
  readonly text: string;
  /** Path of the headings above the chunk, outermost first, joined by ` › `; null where there is none. */
  readonly section: string | null;
}
