/** Which terms of an index a query asks for, and for how much each counts: misspelled words and beginnings of words included. */
import { fold, FoldedText, scanWords } from './scan-words.ts';
import type { Postings } from './postings.ts';
import type { WrittenQuery } from './read-query.ts';
import type { Terms } from './terms.ts';
import { wordsBeside } from './words-beside.ts';

/** A query of more words is not looked through for misspelled ones. */
const MOST_WORDS = 32;
const MOST_MISSPELLED = 2;
const MOST_BESIDE = 2;
const BESIDE_SHARE = 0.5;
const SHORTEST_MISSPELLED = 4;
const LONGEST_MISSPELLED = 20;

export interface AskedWords {
  /** Term → what it counts for, above 0 and up to 1. */
  readonly shares: ReadonlyMap<number, number>;
  /** Terms that begin as the query says; a text with any of them counts once. */
  readonly prefixes: readonly number[];
}

export function askedWords(
  { words, prefixes }: WrittenQuery,
  terms: Terms,
  postings: Postings,
): AskedWords {
  const shares = new Map<number, number>();
  /** Stem → words of the query that have it. */
  const unknown = new Map<string, string[]>();
  const stems = new Set<string>();
  for (const word of wordsOf(words)) {
    const stem = terms.stemOf(word);
    if (stem === undefined) continue;
    stems.add(stem);
    const term = terms.ofStem(stem);
    if (term >= 0) shares.set(term, 1);
    else unknown.set(stem, [...(unknown.get(stem) ?? []), word]);
  }
  if (stems.size <= MOST_WORDS)
    for (const stem of [...unknown.keys()].sort().slice(0, MOST_MISSPELLED))
      for (const term of termsBeside(unknown.get(stem) ?? [], terms, postings, shares))
        shares.set(term, BESIDE_SHARE);
  return { shares, prefixes: prefixes.flatMap((prefix) => beginningWith(prefix, terms)) };
}

function wordsOf(text: string): Set<string> {
  const found = new Set<string>();
  const folded = new FoldedText();
  folded.set(text);
  scanWords(folded, (from, to) => found.add(folded.slice(from, to)));
  return found;
}

/** The terms that most texts have, of those one letter away. */
function termsBeside(
  words: readonly string[],
  terms: Terms,
  { begins }: Postings,
  known: ReadonlyMap<number, number>,
): number[] {
  const found = new Map<number, string>();
  for (const word of words.filter(canBeMisspelled).slice(0, MOST_MISSPELLED))
    for (const beside of wordsBeside(word)) {
      const stem = terms.stemOf(beside);
      const term = stem === undefined ? -1 : terms.ofStem(stem);
      if (stem !== undefined && term >= 0 && !known.has(term)) found.set(term, stem);
    }
  const textsOf = (term: number) => (begins[term + 1] ?? 0) - (begins[term] ?? 0);
  return [...found]
    .sort(([a, x], [b, y]) => textsOf(b) - textsOf(a) || (x < y ? -1 : 1))
    .slice(0, MOST_BESIDE)
    .map(([term]) => term);
}

function canBeMisspelled(word: string): boolean {
  const { length } = [...word];
  return length >= SHORTEST_MISSPELLED && length <= LONGEST_MISSPELLED && /^\p{L}+$/u.test(word);
}

/** What is a stop word may be the beginning of a word that is none. */
function beginningWith(prefix: string, terms: Terms): number[] {
  return terms.beginningWith(terms.stemOf(prefix) ?? fold(prefix));
}
