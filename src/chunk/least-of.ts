/** Which of equally good places is taken, so that an edit changes few of them. */

/** Units that tell one place from another. */
const HASHED_UNITS = 48;

/**
 * The one whose next letters hash least. Which one that is does not depend on where the window begins: after an edit the
 * next window that has it finds it again, and all that follows is as it was. With the last or the first of them, texts of
 * even paragraphs were cut anew to their end.
 *
 * Source: Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting", 2003.
 * @param offsets at least one, the last first: it is taken where all are alike
 */
export function leastOf(text: string, offsets: readonly number[]): number {
  let best = offsets[0] ?? 0;
  let least = Infinity;
  for (const offset of offsets) {
    const hash = hashAt(text, offset);
    if (hash >= least) continue;
    least = hash;
    best = offset;
  }
  return best;
}

/** FNV-1a over the units from `offset`. */
function hashAt(text: string, offset: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(text.length, offset + HASHED_UNITS);
  for (let at = offset; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  // Its low bits are the better ones.
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
}
