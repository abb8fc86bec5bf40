/**
 * Reads marked text back into offsets. Postgres marks words with two characters that no text of the answer has: so
 * whatever a text is, HTML, markup, private-use characters, a mark is a mark.
 */
import type { Highlight } from './request.ts';

/** Characters of private use, of which texts have none, or few. */
const FIRST = 0xe000;
const LAST = 0xf8ff;

/** Two characters that are in none of the texts; of the few texts that have all of them, the first two. */
export function unusedMarks(texts: readonly string[]): [string, string] {
  const marks: string[] = [];
  for (let code = FIRST; code <= LAST && marks.length < 2; code++) {
    const mark = String.fromCharCode(code);
    if (!texts.some((text) => text.includes(mark))) marks.push(mark);
  }
  const [start = String.fromCharCode(FIRST), end = String.fromCharCode(FIRST + 1)] = marks;
  return [start, end];
}

/**
 * Where the marked words are in `text`, in UTF-16 units. What is marked in one go (`well-known` as three tokens) is one.
 * Empty where `marked` is another text: nothing is shown in the wrong place.
 */
export function readMarks(
  text: string,
  marked: string,
  [start, end]: readonly [string, string],
): Highlight[] {
  const found: Highlight[] = [];
  let plain = '';
  let begin: number | null = null;
  let from = 0;
  for (let at = 0; at < marked.length; at++) {
    const char = marked[at];
    if (char !== start && char !== end) continue;
    plain += marked.slice(from, at);
    from = at + 1;
    if (char === start) begin = plain.length;
    else if (begin !== null) {
      add(found, { start: begin, end: plain.length });
      begin = null;
    }
  }
  return plain + marked.slice(from) === text ? found : [];
}

function add(found: Highlight[], next: Highlight): void {
  const last = found.at(-1);
  if (last !== undefined && last.end === next.start) last.end = next.end;
  else if (next.end > next.start) found.push(next);
}
