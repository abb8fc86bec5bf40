/**
 * Puts lines of a paragraph together again, and the words that were cut at the end of one. Whether a hyphen belongs to the word
 * (`fine-` `tuned`) is what the rest of the document says.
 */

/** How often each word occurs in the document, in lower case, those with hyphens too. */
export type Vocabulary = ReadonlyMap<string, number>;

const WORD = /[\p{L}\p{M}\p{N}]+(?:[-‐][\p{L}\p{M}\p{N}]+)*/gu;
const CUT = /([\p{L}\p{M}\p{N}]+(?:[-‐][\p{L}\p{M}\p{N}]+)*)([-‐\u00ad])$/u;
const REST = /^[\p{L}\p{M}\p{N}]+/u;
const LONGEST_WORD = 100;
/** Written without blanks between words, so that none goes between lines either. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}、。,!?「」()]/u;

export function vocabularyOf(lines: Iterable<string>): Vocabulary {
  const words = new Map<string, number>();
  for (const line of lines) {
    for (const [word] of line.toLowerCase().matchAll(WORD)) {
      const plain = word.replaceAll('‐', '-');
      words.set(plain, (words.get(plain) ?? 0) + 1);
    }
  }
  return words;
}

/** What is kept of `text` and what goes between it and `next`. */
export function joint(
  text: string,
  next: string,
  vocabulary: Vocabulary,
): { kept: string; between: '' | ' ' } {
  // No word is longer, and a paragraph may be: the pattern looks at all that it is given.
  const cut = CUT.exec(text.slice(-LONGEST_WORD));
  const rest = REST.exec(next)?.[0];
  if (cut === null || rest === undefined) {
    const isUnspaced = UNSPACED.test(text.at(-1) ?? '') && UNSPACED.test(next.at(0) ?? '');
    return { kept: text, between: isUnspaced ? '' : ' ' };
  }
  const [, start = '', hyphen] = cut;
  const without = text.slice(0, -1);
  if (hyphen === '\u00ad') return { kept: without, between: '' };
  return { kept: keepsHyphen(start, rest, vocabulary) ? text : without, between: '' };
}

function keepsHyphen(start: string, rest: string, vocabulary: Vocabulary): boolean {
  // Only a lower-case letter goes on with a word: "X-Ray", "2018-2019", "LSTM-CRF".
  if (!/^\p{Ll}/u.test(rest) || !/\p{L}$/u.test(start)) return true;
  const [head, tail] = [start.toLowerCase().replaceAll('‐', '-'), rest.toLowerCase()];
  const joined = vocabulary.get(head + tail) ?? 0;
  const hyphenated = vocabulary.get(`${head}-${tail}`) ?? 0;
  if (joined !== hyphenated) return hyphenated > joined;
  // Neither is elsewhere. A part of a word is seldom a word of the document itself.
  const last = head.slice(head.lastIndexOf('-') + 1);
  const isCompound = last !== head;
  return isCompound && (vocabulary.get(tail) ?? 0) > 1 && (vocabulary.get(last) ?? 0) > 0;
}
