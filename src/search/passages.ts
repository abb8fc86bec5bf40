/**
 * Which slices of a record's text are shown, as few and as long as what is stored allows: overlapping chunks are one, and
 * adjacent ones too where the blanks between them are known. Pure; nothing is made up, so every passage is a slice (I8).
 */

/** A chunk, or part of one. */
export interface Piece {
  start: number;
  end: number;
  text: string;
  section: string | null;
  page: number | null;
}

/**
 * Pieces of one record, merged and in reading order. No text is in two.
 * @param pieces in any order; each may overlap others
 * @param whole the record's text, where it is at hand: used for what lies between chunks, and only as far as it still is the
 *   text that was cut
 */
export function mergePieces(pieces: readonly Piece[], whole?: string): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    const between = last && textBetween(last, piece, whole);
    if (last === undefined || between === null || between === undefined) merged.push({ ...piece });
    else if (piece.end > last.end) {
      last.text += between + piece.text.slice(Math.max(0, last.end - piece.start));
      last.end = piece.end;
    }
  }
  return merged;
}

/** Empty where the two touch or overlap; null where nobody knows. */
function textBetween(before: Piece, after: Piece, whole: string | undefined): string | null {
  if (after.start <= before.end) return '';
  const between = whole?.slice(before.end, after.start);
  // Chunkers leave out blanks alone: anything else is not adjacent.
  if (between === undefined || between.trim() !== '') return null;
  return isSlice(before, whole) && isSlice(after, whole) ? between : null;
}

function isSlice({ start, end, text }: Piece, whole: string | undefined): boolean {
  return whole?.slice(start, end) === text;
}
