/** The integer hash of `../hashing.ts`. */
export const HASH_SEED: u32 = 0x811c9dc5;

export function hashUnit(hash: u32, unit: u32): u32 {
  return (hash ^ unit) * 0x01000193;
}

export function finishHash(hash: u32): u32 {
  let h = hash ^ (hash >>> 16);
  h *= 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}
