/** Finds the query's words in a text and marks them. */
import type { ReactNode } from 'react';

const WORD = /[\p{L}\p{N}]+/gu;
const COMMON = new Set(
  'a an and are as at be by can do does for from how i if in is it its my of on or the there this to what when which who with you'.split(
    ' ',
  ),
);

export type Words = readonly string[];

/** Stems of the words that are looked for; those after a minus are not. */
export function wordsOf(query: string): Words {
  const wanted = query.replaceAll(/(^|\s)-("[^"]*"|\S+)/gu, ' ').match(WORD) ?? [];
  return [
    ...new Set(
      wanted
        .map(fold)
        .filter((word) => !COMMON.has(word))
        .map(stemOf),
    ),
  ];
}

function fold(word: string): string {
  return word.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** Near enough to that of the search: forms of a word are one word. */
function stemOf(word: string): string {
  if (word.length < 3) return word;
  return word.replace(/(?<=..)(ing|ies|ed|es|y|s|e)$/u, (ending) =>
    ending === 'y' || ending === 'ies' ? 'i' : '',
  );
}

/** Offset of the first word that is wanted; -1 where there is none. */
export function firstOf(text: string, words: Words): number {
  for (const match of text.matchAll(WORD))
    if (words.includes(stemOf(fold(match[0])))) return match.index;
  return -1;
}

export function Marked({ text, words }: { text: string; words: Words }): ReactNode {
  if (words.length === 0) return text;
  const parts: ReactNode[] = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!words.includes(stemOf(fold(word)))) continue;
    parts.push(text.slice(end, index), <mark key={index}>{word}</mark>);
    end = index + word.length;
  }
  return [...parts, text.slice(end)];
}
