/** Gives every distinct string, and every distinct list of tags, of an index one number: its place in sorted order. */
import { compareUtf8, toUtf8 } from './utf8.ts';

export interface NumberedStrings {
  /** Sorted by their UTF-8 bytes. */
  readonly bytes: readonly Uint8Array[];
  numberOf(text: string): number;
}

export function numberStrings(texts: Iterable<string>): NumberedStrings {
  const sorted = [...new Set(texts)].sort(compareUtf8);
  const numbers = new Map(sorted.map((text, number) => [text, number]));
  return {
    bytes: sorted.map((text, number) => toUtf8(text, `string ${number}`)),
    numberOf: (text) => numbers.get(text) ?? 0,
  };
}

export interface NumberedTags {
  /** Sorted by their numbers, the empty list first; it is always there. */
  readonly lists: readonly (readonly number[])[];
  /** Of a list that was given, the very same object. */
  numberOf(tags: readonly string[]): number;
}

export function numberTags(
  tagsOfRecords: Iterable<readonly string[]>,
  strings: NumberedStrings,
): NumberedTags {
  const lists = new Map<string, number[]>([['', []]]);
  const asNumbers = (tags: readonly string[]) => tags.map((tag) => strings.numberOf(tag));
  // Records of a decoded index share their lists: a long one that many have is gone through once.
  const nameOf = new Map<readonly string[], string>();
  for (const tags of new Set(tagsOfRecords)) {
    const list = asNumbers(tags);
    nameOf.set(tags, list.join());
    lists.set(list.join(), list);
  }
  const sorted = [...lists.values()].sort(compareLists);
  const numbers = new Map(sorted.map((list, number) => [list.join(), number]));
  return { lists: sorted, numberOf: (tags) => numbers.get(nameOf.get(tags) ?? '') ?? 0 };
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((number, i) => number !== b[i]);
  if (differs === -1) return a.length - b.length;
  const other = b[differs];
  return other === undefined ? 1 : (a[differs] ?? 0) - other;
}

/** Each tag once, sorted. */
export function tagSet(tags: readonly string[]): string[] {
  return [...new Set(tags)].sort(compareUtf8);
}
