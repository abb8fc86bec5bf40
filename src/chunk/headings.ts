/**
 * Finds Markdown's `#` headings, so that a chunk can say where it stands. It knows lines only: no
 * other Markdown, no underlined headings, nothing nested in lists or quotes.
 */
export interface Heading {
  /** Offset of its first `#`'s line, in UTF-16 units. */
  readonly start: number;
  /** 1 to 6. */
  readonly level: number;
  readonly title: string;
}

/** Longer lines that begin with `#` are prose or data; this also bounds what a section can weigh. */
export const MAX_TITLE_CHARS = 200;
const OPENING = /^ {0,3}(#{1,6})[ \t]+/;
const FENCE = /^ {0,3}(```|~~~)/;
export const SEPARATOR = ' › ';

/** The headings of `text` outside of fenced code, in order. */
export function findHeadings(text: string): Heading[] {
  const headings: Heading[] = [];
  if (!text.includes('#')) return headings;
  let fence: string | undefined;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (mayMatter(text, start)) {
      const line = text
        .slice(start, Math.min(end, start + MAX_TITLE_CHARS + 16))
        .replace(/\r$/, '');
      const marker = FENCE.exec(line)?.[1];
      if (marker !== undefined) {
        if (fence === undefined) fence = marker;
        else if (fence === marker) fence = undefined;
      } else if (fence === undefined && end - start <= MAX_TITLE_CHARS) {
        const heading = parseHeading(line);
        if (heading !== null) headings.push({ start, ...heading });
      }
    }
    start = end + 1;
  }
  return headings;
}

/** @param line of at most `MAX_TITLE_CHARS`, without its end */
export function parseHeading(line: string): Omit<Heading, 'start'> | null {
  const [opening = '', marks = ''] = OPENING.exec(line) ?? [];
  if (opening === '') return null;
  const title = withoutClosing(line.slice(opening.length).trim());
  return title === '' ? null : { level: marks.length, title };
}

/** `Title ##` closes with marks that are no part of the title; `C#` does not. */
function withoutClosing(title: string): string {
  let end = title.length;
  while (title.charCodeAt(end - 1) === 0x23) end--;
  if (end === 0) return '';
  return end < title.length && isSpace(title.charCodeAt(end - 1))
    ? title.slice(0, end).trimEnd()
    : title;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}

/** Whether a line can be a heading or a fence: most lines are not, and are not looked at again. */
function mayMatter(text: string, start: number): boolean {
  let at = start;
  while (at < start + 3 && text.charCodeAt(at) === 0x20) at++;
  const first = text.charCodeAt(at);
  return first === 0x23 || first === 0x60 || first === 0x7e;
}

/** The starts of the headings that begin from `from` to `to`, the last first. */
export function headingStarts(headings: readonly Heading[], from: number, to: number): number[] {
  let low = 0;
  let high = headings.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((headings[middle]?.start ?? Infinity) <= to) low = middle + 1;
    else high = middle;
  }
  const starts: number[] = [];
  for (let at = low - 1; (headings[at]?.start ?? -1) >= from; at--)
    starts.push(headings[at]?.start ?? 0);
  return starts;
}

/** @param path outermost first */
export function sectionOf(path: readonly Heading[]): string | null {
  return path.length === 0 ? null : path.map((heading) => heading.title).join(SEPARATOR);
}

/**
 * Follows headings through a text from front to back.
 * @returns a function that gives the path of the headings that begin at or before an offset, null
 *   where there is none; its offsets must not go back.
 */
export function sectionFinder(headings: readonly Heading[]): (offset: number) => string | null {
  let next = 0;
  let open: Heading[] = [];
  return (offset) => {
    for (let heading = headings[next]; heading !== undefined; heading = headings[++next]) {
      if (heading.start > offset) break;
      const { level } = heading;
      open = [...open.filter((above) => above.level < level), heading];
    }
    return sectionOf(open);
  };
}
