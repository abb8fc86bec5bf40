/** Finds the query's words in a text and marks them. */
import type { ReactNode } from 'react';

const WORD = /[\p{L}\p{N}]+/gu;
/** Endings as long as these make another form of the same word. */
const ENDING = 3;
/** Words as short as this are marked only where they are the whole word. */
const SHORT = 3;
const COMMON = new Set(
  'a an and are as at be by can do does for from how i if in is it its my of on or the there this to what when which who with you'.split(
    ' ',
  ),
);

export type Words = readonly string[];

/** The words that are looked for, folded; those after a minus are not. */
export function wordsOf(query: string): Words {
  const wanted = query.replaceAll(/(^|\s)-("[^"]*"|\S+)/gu, ' ').match(WORD) ?? [];
  return [...new Set(wanted.map(fold))].filter((word) => !COMMON.has(word));
}

function fold(word: string): string {
  return word.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

function isWanted(word: string, words: Words): boolean {
  return words.some((wanted) => {
    if (word === wanted) return true;
    const [short, long] = word.length < wanted.length ? [word, wanted] : [wanted, word];
    const stem = short.replace(/(e|s|es|ed|ing)$/, '');
    return stem.length > SHORT && long.startsWith(stem) && long.length - stem.length <= ENDING;
  });
}

/** Offsets of the first word that is wanted; -1 where there is none. */
export function firstOf(text: string, words: Words): number {
  for (const match of text.matchAll(WORD)) if (isWanted(fold(match[0]), words)) return match.index;
  return -1;
}

export function Marked({ text, words }: { text: string; words: Words }): ReactNode {
  if (words.length === 0) return text;
  const parts: ReactNode[] = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!isWanted(fold(word), words)) continue;
    parts.push(text.slice(end, index), <mark key={index}>{word}</mark>);
    end = index + word.length;
  }
  return [...parts, text.slice(end)];
}
