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
  let wasCut = false;
  for (const line of lines) {
    const found = [...line.toLowerCase().matchAll(WORD)];
    const isCut = cutAt(line) !== null;
    for (const [at, [word]] of found.entries()) {
      // Parts of a word that is cut are no words.
      if ((at === 0 && wasCut) || (at === found.length - 1 && isCut)) continue;
      const plain = word.replaceAll('‐', '-');
      words.set(plain, (words.get(plain) ?? 0) + 1);
    }
    wasCut = isCut;
  }
  return words;
}

/** What is kept of `text` and what goes between it and `next`. */
export function joint(
  text: string,
  next: string,
  vocabulary: Vocabulary,
): { kept: string; between: '' | ' ' } {
  const cut = cutAt(text);
  const rest = REST.exec(next)?.[0];
  if (cut === null || rest === undefined) {
    // A dash between two parts of a sentence, or a path that was cut.
    if (
      /[—/]$/.test(text.slice(-1)) &&
      /\p{L}—$|https?:\/\/\S*\/$/u.test(text.slice(-LONGEST_WORD)) &&
      /^[\p{L}\p{N}]/u.test(next)
    ) {
      return { kept: text, between: '' };
    }
    const isUnspaced = UNSPACED.test(text.at(-1) ?? '') && UNSPACED.test(next.at(0) ?? '');
    return { kept: text, between: isUnspaced ? '' : ' ' };
  }
  const [, start = '', hyphen] = cut;
  const without = text.slice(0, -1);
  if (hyphen === '\u00ad') return { kept: without, between: '' };
  return { kept: keepsHyphen(start, rest, vocabulary) ? text : without, between: '' };
}

function cutAt(text: string): RegExpExecArray | null {
  // No word is longer, and a paragraph may be: the pattern looks at all that it is given, at each place anew.
  return /[-‐\u00ad]$/.test(text.slice(-1)) ? CUT.exec(text.slice(-LONGEST_WORD)) : null;
}

function keepsHyphen(start: string, rest: string, vocabulary: Vocabulary): boolean {
  // Only a lower-case letter goes on with a word: "X-Ray", "2018-2019", "LSTM-CRF".
  if (!/^\p{Ll}/u.test(rest) || !/\p{L}$/u.test(start)) return true;
  const [head, tail] = [start.toLowerCase().replaceAll('‐', '-'), rest.toLowerCase()];
  const joined = vocabulary.get(head + tail) ?? 0;
  const hyphenated = vocabulary.get(`${head}-${tail}`) ?? 0;
  if (joined !== hyphenated) return hyphenated > joined;
  // Neither is elsewhere. A part of a word is seldom a word of the document itself, unless it is short.
  const last = head.slice(head.lastIndexOf('-') + 1);
  if (!vocabulary.has(last) || !vocabulary.has(tail)) return false;
  return last !== head || Math.min(head.length, tail.length) >= 4;
}
