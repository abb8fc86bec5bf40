/**
 * What a chunk's words are in Postgres' binary form: a tsvector, and pgvector's sparsevec. As text they would be parsed
 * character by character, which takes WebAssembly several times as long. Layouts: tsvectorrecv in Postgres' tsvector.c,
 * sparsevec_recv in pgvector.
 */

/** Object id of `tsvector`, the same in every Postgres. */
export const TSVECTOR_OID = 3614;

/** `evervec.word_id` is at most that. */
const WORD_IDS = 1_000_000_000;

/** The lexemes of a text, each once and in any order, and where they stand. */
export interface Occurrences {
  texts: readonly string[];
  /** By lexeme: how often it is there, 255 times at most. Those beyond its end have no place. */
  times: Int32Array;
  /** Of one place after another, from 1 to 16,383: index of the lexeme that stands there. */
  lexemes: Int32Array;
  places: Int32Array;
}

/** @returns a parameter for `$n::tsvector` */
export function encodeWords({ texts, times, lexemes, places }: Occurrences): Buffer {
  let size = 4 + places.length * 2;
  for (const text of texts) size += text.length * 3 + 3;
  const buffer = Buffer.allocUnsafe(size);
  let end = buffer.writeInt32BE(texts.length, 0);
  const placeAt = texts.map((text, index) => {
    end = writeText(buffer, text, end);
    buffer[end++] = 0;
    const start = buffer.writeUInt16BE(times[index] ?? 0, end);
    end = start + 2 * (times[index] ?? 0);
    return start;
  });
  for (let index = 0; index < places.length; index++) {
    const lexeme = lexemes[index] ?? 0;
    const at = placeAt[lexeme] ?? 0;
    const place = places[index] ?? 0;
    buffer[at] = place >>> 8;
    buffer[at + 1] = place;
    placeAt[lexeme] = at + 2;
  }
  return buffer.subarray(0, end);
}

/** A call into the engine for each word would take longer than the word. */
function writeText(buffer: Buffer, text: string, start: number): number {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return start + buffer.write(text, start);
    buffer[start + at] = unit;
  }
  return start + text.length;
}

/**
 * @param ids numbers of lexemes, ascending, each once
 * @param weights of each, not 0
 * @returns a parameter for `$n::vector.sparsevec`
 */
export function encodeWeights(ids: readonly number[], weights: readonly number[]): Buffer {
  const buffer = Buffer.allocUnsafe(12 + 8 * ids.length);
  let end = 0;
  for (const field of [WORD_IDS, ids.length, 0]) end = buffer.writeInt32BE(field, end);
  // In text they count from 1, here from 0.
  for (const id of ids) end = buffer.writeInt32BE(id - 1, end);
  for (const weight of weights) end = buffer.writeFloatBE(weight, end);
  return buffer;
}
