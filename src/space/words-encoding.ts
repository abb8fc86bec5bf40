/**
 * What a chunk's words are in Postgres' binary form: a tsvector, pgvector's sparsevec, and arrays of such. As text they would
 * be parsed character by character, which takes WebAssembly several times as long. Layouts: tsvectorrecv in Postgres'
 * tsvector.c, sparsevec_recv in pgvector, array_recv in arrayfuncs.c.
 */

/** Object id of `tsvector`, the same in every Postgres. */
export const TSVECTOR_OID = 3614;

/** `evervec.word_id` is at most that. */
const WORD_IDS = 1_000_000_000;

/**
 * @param places lexeme → its places, each ascending, 1 to 16,383, 255 at most
 * @returns a parameter for `$n::tsvector`
 */
export function encodeWords(places: ReadonlyMap<string, readonly number[]>): Buffer {
  // Postgres would sort them itself, more slowly.
  const lexemes = [...places.keys()].toSorted();
  let size = 4;
  for (const [lexeme, at] of places) size += lexeme.length * 3 + 3 + at.length * 2;
  const buffer = Buffer.allocUnsafe(size);
  let end = buffer.writeInt32BE(lexemes.length, 0);
  for (const lexeme of lexemes) {
    const at = places.get(lexeme) ?? [];
    end += buffer.write(lexeme, end);
    end = buffer.writeUInt8(0, end);
    end = buffer.writeUInt16BE(at.length, end);
    for (const place of at) end = buffer.writeUInt16BE(place, end);
  }
  return buffer.subarray(0, end);
}

/**
 * @param weights number of a lexeme → its weight, which is not 0
 * @returns a parameter for `$n::vector.sparsevec`
 */
export function encodeWeights(weights: ReadonlyMap<number, number>): Buffer {
  const ids = Int32Array.from(weights.keys()).sort();
  const buffer = Buffer.allocUnsafe(12 + 8 * ids.length);
  let end = 0;
  for (const field of [WORD_IDS, ids.length, 0]) end = buffer.writeInt32BE(field, end);
  // In text they count from 1, here from 0.
  for (const id of ids) end = buffer.writeInt32BE(id - 1, end);
  for (const id of ids) end = buffer.writeFloatBE(weights.get(id) ?? 0, end);
  return buffer;
}

/**
 * @param elements (n) each as its type is received
 * @param elementOid of their type
 * @returns a parameter for `$n::type[]`
 */
export function encodeArray(elements: readonly (Buffer | null)[], elementOid: number): Buffer {
  const header = Buffer.alloc(20);
  [1, elements.includes(null) ? 1 : 0, elementOid, elements.length, 1].forEach((field, index) =>
    header.writeInt32BE(field, index * 4),
  );
  const parts = elements.flatMap((element) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(element?.length ?? -1);
    return element === null ? [length] : [length, element];
  });
  return Buffer.concat([header, ...parts]);
}
