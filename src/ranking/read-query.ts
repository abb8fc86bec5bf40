/** What people write when they search by words: "together and in this order", -without, begin*. The same as `evervec.read_words`. Pure. */

export interface WrittenQuery {
  /** Of which any will do, those of phrases included. */
  readonly words: string;
  /** All of them have to be there. */
  readonly phrases: readonly string[];
  /** Beginnings of words, without the star. */
  readonly prefixes: readonly string[];
  /** Words or phrases, none of which may be there. */
  readonly excluded: readonly string[];
}

/** A minus and words in quotes, a word after a minus, the beginning of a word. */
const WRITTEN =
  /(?<!\S)(-?)"([^"]+)"(?![\p{L}\p{N}_])|(?<!\S)-(\p{L}[^\s"]*)|(?<!\S)([\p{L}\p{N}]+)\*(?!\S)/gu;

export function readQuery(query: string): WrittenQuery {
  const phrases: string[] = [];
  const prefixes: string[] = [];
  const excluded: string[] = [];
  const bare = query.replaceAll(
    WRITTEN,
    (_, minus: string | undefined, quoted?: string, without?: string, prefix?: string) => {
      if (prefix !== undefined) prefixes.push(prefix);
      else if (without !== undefined || minus === '-') excluded.push(without ?? quoted ?? '');
      else phrases.push(quoted ?? '');
      return ' ';
    },
  );
  return { words: [bare, ...phrases].join(' '), phrases, prefixes, excluded };
}
