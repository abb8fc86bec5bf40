/**
 * The integer hash that everything in the embedded model goes through: terms, their pieces and the
 * places they get. Integers only, so that every engine gives the same.
 *
 * Source: FNV-1a over UTF-16 units (Fowler, Noll and Vo; public domain), finished by MurmurHash3's
 * 32-bit finaliser (Austin Appleby; public domain), since FNV alone leaves its high bits poorly mixed.
 */
export const HASH_SEED = 0x811c9dc5;

/** Takes one more unit into an unfinished hash. */
export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** An unfinished hash to 32 well-mixed bits (signed). */
export function finishHash(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The unfinished hash of `units[from..to)`. */
export function hashUnits(units: Uint16Array, from: number, to: number): number {
  let hash = HASH_SEED;
  for (let i = from; i < to; i++) hash = hashUnit(hash, units[i] ?? 0);
  return hash;
}
