/**
 * Arrays as parameters in Postgres' binary form (array_recv in its arrayfuncs.c). As a literal, each character of a text is looked at
 * by the driver and by the server, in WebAssembly 20 ns for each.
 */

/** Bytes of what stands before the elements. */
export const ARRAY_HEADER = 20;

/** Object id of `text`, the same in every Postgres. */
const TEXT_OID = 25;

/** Dimensions, has-nulls, element type, length, lower bound. @returns where the first element goes */
export function writeArrayHeader(
  buffer: Buffer,
  elements: readonly unknown[],
  elementOid: number,
): number {
  let at = 0;
  for (const field of [1, elements.includes(null) ? 1 : 0, elementOid, elements.length, 1])
    at = buffer.writeInt32BE(field, at);
  return at;
}

/**
 * @param elements (n) each as its type is received
 * @param elementOid of their type
 * @returns a parameter for `$n::type[]`
 */
export function encodeArray(elements: readonly (Buffer | null)[], elementOid: number): Buffer {
  const header = Buffer.alloc(ARRAY_HEADER);
  writeArrayHeader(header, elements, elementOid);
  const parts = elements.flatMap((element) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(element?.length ?? -1);
    return element === null ? [length] : [length, element];
  });
  return Buffer.concat([header, ...parts]);
}

/** @returns a parameter for `$n::text[]` */
export function encodeTexts(texts: readonly string[]): Buffer {
  return encodeArray(
    texts.map((text) => Buffer.from(text)),
    TEXT_OID,
  );
}
