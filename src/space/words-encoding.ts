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
 * @param lexemes each once, in any order, with its places: ascending, 1 to 16,383, 255 at most
 * @returns a parameter for `$n::tsvector`
 */
export function encodeWords(
  lexemes: readonly { text: string; places: readonly number[] }[],
): Buffer {
  let size = 4;
  for (const { text, places } of lexemes) size += text.length * 3 + 3 + places.length * 2;
  const buffer = Buffer.allocUnsafe(size);
  let end = buffer.writeInt32BE(lexemes.length, 0);
  for (const { text, places } of lexemes) {
    end += buffer.write(text, end);
    buffer[end++] = 0;
    end = buffer.writeUInt16BE(places.length, end);
    for (const place of places) end = buffer.writeUInt16BE(place, end);
  }
  return buffer.subarray(0, end);
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
