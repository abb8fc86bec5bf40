/** Where the words of a text are: runs of letters, marks and digits of any script, found without making a string of each. */

const WORD_CHARACTER = /^[\p{L}\p{M}\p{N}]$/u;
const ASCII = /^[\0-\x7f]*$/;
/** By UTF-16 unit: whether it is a word's. Made when the first text is read, in some milliseconds. */
let unitsOfWords: Uint8Array | undefined;

/** NFKC in lower case: one spelling for what looks alike. */
export function fold(text: string): string {
  return (ASCII.test(text) ? text : text.normalize('NFKC')).toLowerCase();
}

const HASH_SEED = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/** FNV-1a over the units: a signed number of 32 bits. */
export function hashOf(word: string): number {
  let hash = HASH_SEED;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), HASH_PRIME);
  return hash;
}

/**
 * @param folded by `fold`
 * @param take gets each word's place, in order, and its `hashOf`
 */
export function scanWords(
  folded: string,
  take: (from: number, to: number, hash: number) => void,
): void {
  const isWord = (unitsOfWords ??= findUnits());
  let from = -1;
  let hash = 0;
  for (let at = 0; at < folded.length; at++) {
    const unit = folded.charCodeAt(at);
    const units = isWord[unit] === 1 ? 1 : pairLength(folded, at, unit);
    if (units === 0) {
      if (from >= 0) take(from, at, hash);
      from = -1;
      continue;
    }
    if (from < 0) {
      from = at;
      hash = HASH_SEED;
    }
    hash = Math.imul(hash ^ unit, HASH_PRIME);
    if (units === 2) hash = Math.imul(hash ^ folded.charCodeAt(++at), HASH_PRIME);
  }
  if (from >= 0) take(from, folded.length, hash);
}

/** 2 where a surrogate pair that is a letter, a mark or a digit begins, else 0. */
function pairLength(text: string, at: number, unit: number): 0 | 2 {
  if (unit < 0xd800 || unit > 0xdbff) return 0;
  const pair = text.slice(at, at + 2);
  return pair.length === 2 && WORD_CHARACTER.test(pair) ? 2 : 0;
}

function findUnits(): Uint8Array {
  return Uint8Array.from({ length: 0x1_0000 }, (_, unit) =>
    WORD_CHARACTER.test(String.fromCharCode(unit)) ? 1 : 0,
  );
}
