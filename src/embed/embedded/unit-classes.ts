/**
 * What each UTF-16 unit is to the embedded model, and which unit it counts as. The ranges are fixed
 * here and not asked of the engine (`\p{L}`): engines know different versions of Unicode, and a
 * vector must have the same bytes in all of them. A character that is not listed is a letter, so a
 * script that Unicode adds later is words too.
 */
export const UnitClass = {
  /** Part of a word: letters, digits, marks of scripts that write them. */
  word: 0,
  /** Between words. */
  separator: 1,
  /** Inside a word, but not part of it: accents, vowel points, joiners, soft hyphens. */
  ignored: 2,
  /** Of a script without blanks between words: counted singly and in pairs. */
  dense: 3,
  /** The same, of characters that are mostly grammar (hiragana). */
  denseLight: 4,
  /** A term of its own: dingbats. */
  symbol: 5,
  /** Half of a character beyond U+FFFF. */
  surrogate: 6,
} as const;
export type UnitClass = (typeof UnitClass)[keyof typeof UnitClass];

/** Ranges as `first-last` in hexadecimal; later lines win over earlier ones. */
const RANGES: readonly (readonly [UnitClass, string])[] = [
  // ASCII, Latin-1, general punctuation to box drawing and braille, supplemental punctuation, CJK's.
  [UnitClass.separator, '0-2f 3a-40 5b-60 7b-a9 ab-b4 b6-b9 bb-bf d7 f7'],
  [UnitClass.separator, '2000-20cf 2190-2bff 2e00-2e7f 3000-3004 3008-3020 3030-303f fff0-ffff'],
  // Punctuation of other scripts, in the order of their blocks.
  [
    UnitClass.separator,
    '37e 387 55a-55f 589-58f 5be 5c0 5c3 5c6 5f3-5f4 600-60f 61b-61f 66a-66d 6d4',
  ],
  [
    UnitClass.separator,
    '700-70d 964-965 970 df4 f04-f14 f3a-f3d 10fb 1361-1368 166e 1680 16eb-16ed',
  ],
  [UnitClass.separator, '1800-180a fe10-fe1f fe30-fe6f fd3e-fd3f ff00-ff0f 4dc0-4dff'],
  [UnitClass.symbol, '2600-27bf'],
  [UnitClass.ignored, 'ad 300-36f 483-489 591-5bd 5bf 5c1-5c2 5c4-5c5 5c7 610-61a 640 64b-65f 670'],
  [
    UnitClass.ignored,
    '6d6-6dc 1ab0-1aff 1dc0-1dff 200c-200d 2060 20d0-20ff fe00-fe0f fe20-fe2f feff',
  ],
  // Thai, Lao, Myanmar, Khmer; radicals, kana, bopomofo, hangul, han, yi.
  [UnitClass.dense, 'e01-e3a e40-e4e e81-ecd 1000-1049 1050-109f 1780-17d3 17dc-17dd'],
  [UnitClass.dense, '1100-11ff 2e80-2fdf 3005-3007 3021-302f 30a1-30fa 30fc-30ff 3105-31ff'],
  [UnitClass.dense, '3400-4dbf 4e00-a4cf a960-a97f ac00-d7ff f900-faff'],
  [UnitClass.denseLight, '3041-309f'],
  [UnitClass.separator, '30a0 30fb e3f e4f e5a-e5b 104a-104f 17d4-17db a490-a4cf'],
  [UnitClass.surrogate, 'd800-dfff'],
];

/** Latin and Greek letters with accents count as the letter alone, so that `café` finds `cafe`. */
const FOLDED_BLOCKS = [
  [0xc0, 0x24f],
  [0x386, 0x3ce],
  [0x1e00, 0x1fff],
] as const;
/** Final sigma and ё are the same letters in another place or another hand. */
const FOLDED_LETTERS = [
  ['ς', 'σ'],
  ['ё', 'е'],
] as const;

/** The class of each UTF-16 unit. (65,536) */
export const CLASS_OF_UNIT: Uint8Array = classes();
/** The unit that each lower-case UTF-16 unit counts as, itself in most cases. (65,536) */
export const FOLD_OF_UNIT: Uint16Array = folds();

function classes(): Uint8Array {
  const table = new Uint8Array(0x10000).fill(UnitClass.word);
  for (const [unitClass, ranges] of RANGES)
    for (const range of ranges.split(' ')) {
      const [first = '', last = first] = range.split('-');
      table.fill(unitClass, Number.parseInt(first, 16), Number.parseInt(last, 16) + 1);
    }
  return table;
}

/**
 * Decomposition is the engine's, but of blocks that were complete long before any engine that can
 * run this, and Unicode's stability policy forbids that a decomposition changes.
 */
function folds(): Uint16Array {
  const table = Uint16Array.from({ length: 0x10000 }, (_, unit) => unit);
  for (let unit = 0x41; unit <= 0x5a; unit++) table[unit] = unit + 0x20;
  for (const [first, last] of FOLDED_BLOCKS)
    for (let unit = first; unit <= last; unit++)
      table[unit] = String.fromCharCode(unit).normalize('NFD').charCodeAt(0);
  for (const [from, to] of FOLDED_LETTERS) table[from.charCodeAt(0)] = to.charCodeAt(0);
  return table;
}
