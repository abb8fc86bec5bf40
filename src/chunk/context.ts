/** What is put before a chunk of a record. Pure: a page indexes the same words as the server. */
import { isBlank, safeCut } from './boundaries.ts';
import type { Chunk } from './chunker.ts';
import { SEPARATOR } from './headings.ts';
import { headingsAtStart } from './outline.ts';
import { tokenBound, unitsWithin } from './token-bound.ts';

/** Of title and headings together, UTF-16 units and tokens by `tokenBound`. */
const CONTEXT_CHARS = 200;
export const CONTEXT_TOKENS = 80;
/** A title leaves so much to the headings, where they need it. */
const TITLE_PART = 3 / 5;

/**
 * What stands before a chunk where it is embedded and looked for by its words: the record's title and the headings above it.
 * @param maxTokens of it, by `tokenBound`; default 80
 * @returns it with an empty line at its end, or nothing
 */
export function contextOf(
  title: string | null,
  { text, section }: Pick<Chunk, 'text' | 'section'>,
  maxTokens: number = CONTEXT_TOKENS,
): string {
  const named = title?.replaceAll(/\s+/g, ' ').trim() ?? '';
  const path = pathAbove(section, text);
  // A document whose first heading is its title would say it twice.
  if (path[0] !== undefined && path[0].toLowerCase() === named.toLowerCase()) path.shift();
  const all = path.join(SEPARATOR);
  const first = shortened(
    named,
    Math.max(CONTEXT_CHARS * TITLE_PART, CONTEXT_CHARS - all.length),
    Math.max(maxTokens * TITLE_PART, maxTokens - tokenBound(all)),
  );
  const second = shortenedPath(path, CONTEXT_CHARS - first.length, maxTokens - tokenBound(first));
  const lines = [first, second].filter((line) => line !== '');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
}

/** The headings above a slice, without those that it begins with. */
function pathAbove(section: string | null, text: string): string[] {
  const path = section?.split(SEPARATOR) ?? [];
  if (path.length === 0) return path;
  const own = new Set(headingsAtStart(text).map(({ title }) => title));
  while (own.has(path.at(-1) ?? '')) path.pop();
  return path;
}

/** Its inner headings say more than the outer ones. */
function shortenedPath(path: readonly string[], maxChars: number, maxTokens: number): string {
  for (let from = 0; from < path.length - 1; from++) {
    const joined = path.slice(from).join(SEPARATOR);
    if (joined.length <= maxChars && tokenBound(joined) <= maxTokens) return joined;
  }
  return shortened(path.at(-1) ?? '', maxChars, maxTokens);
}

/** As much of `text` as there is room for, in whole words where there are some. */
function shortened(text: string, maxChars: number, maxTokens: number): string {
  const room = unitsWithin(text, 0, maxTokens, Math.max(0, Math.floor(maxChars)));
  if (room === text.length) return text;
  if (room < 2) return '';
  let end = room;
  while (end > 0 && !isBlank(text.charCodeAt(end))) end--;
  return text.slice(0, end > 0 ? end : safeCut(text, room, 1)).trimEnd();
}
