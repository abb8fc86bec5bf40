/**
 * The arithmetic of a model of word vectors: a text is the sum of its words' rows, and of what an unknown word, another script or
 * a symbol gives by its hash. Pure and synchronous; the same bytes in every engine (see `TextSum`).
 */
import { findRow, type WordVectors } from './decode-model.ts';
import { dampened, readTerms, TextSum } from './text-sum.ts';

/** A rare word that the model does not know counts as much as its rarest: the hashed weight 8.5 becomes a length of 1.5. */
const UNKNOWN_SCALE = 1.5 / (8.5 * Math.sqrt(1 + 1.3 * 1.3));

const sum = new TextSum();

/**
 * Embeds one text of any length into Float32Array (384) of length 1; zero for a text without a term
 * (empty, punctuation only). Takes time in proportion to the length.
 */
export function embedText(model: WordVectors, text: string): Float32Array {
  const terms = readTerms(text);
  sum.clear();
  for (let term = 0; term < terms.size; term++) {
    const row = findRow(model, terms.hashes[term] ?? 0);
    if (row === -1) sum.addHashed(terms, term, UNKNOWN_SCALE);
    else addRow(model, row, dampened(terms.counts[term] ?? 0));
  }
  return sum.toUnit();
}

function addRow({ rows, scales }: WordVectors, row: number, count: number): void {
  const { values } = sum;
  const scale = (scales[row] ?? 0) * count;
  const half = values.length / 2;
  const from = row * half;
  for (let i = 0; i < half; i++) {
    const byte = rows[from + i] ?? 0;
    values[2 * i] = (values[2 * i] ?? 0) + ((byte << 28) >> 28) * scale;
    values[2 * i + 1] = (values[2 * i + 1] ?? 0) + ((byte << 24) >> 28) * scale;
  }
}
