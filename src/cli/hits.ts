/** How hits look on a terminal: names, scores, and a snippet with the query's words in it. */
import { styleText } from 'node:util';
import type { Highlight, SearchAnswer, SearchHit } from '../search/index.ts';
import { printable } from './output.ts';

const MAX_SNIPPET = 220;

/** A document's id tells a reader nothing. */
function nameOf({ source, key, record, chunk }: SearchHit): string {
  const { title, origin } = record;
  if (source !== 'documents' || typeof title !== 'string') return `${source} ${key}`;
  const from = typeof origin === 'string' ? `, ${origin}` : '';
  // A document whose first heading is its title would say it twice.
  const path = chunk.section === title ? null : chunk.section?.replace(`${title} › `, '');
  const section = path == null ? '' : ` › ${path}`;
  const page = chunk.page === null ? '' : `, page ${chunk.page}`;
  return printable(`${title}${section}${page}  [${key.slice(0, 8)}${from}]`);
}

/** Hits as a person reads them. */
export function formatHits(query: string, answer: SearchAnswer): string {
  const head = `"${query}"  ${answer.mode}, ${answer.hits.length} hits in ${answer.took_ms} ms`;
  const lines = answer.hits.map((hit, index) => {
    return `${String(index + 1).padStart(3)}. ${nameOf(hit)}  (${hit.score.toFixed(3)})\n     ${snippetOf(hit)}`;
  });
  return [head, ...lines].join('\n');
}

/** Whether words can be shown as such: on a terminal whose user did not ask for none of it. */
export function canEmphasize(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
}

/** Characters that mean nothing in any text: they stand for the begin and the end of a word until the text is cut. */
const ON = '\ufdd0';
const OFF = '\ufdd1';
const MARKS = /[\ufdd0\ufdd1]/g;
/** A word further in than this is brought into sight. */
const LATE = 160;
const BEFORE = 60;

/** The chunk's text in one line, cut; from near the first word that was found, which stands out. */
function snippetOf({ chunk, highlights = [] }: SearchHit): string {
  const [first] = highlights;
  const marked = withMarks(chunk.text, highlights);
  // Before the first mark the marked text is the text itself.
  const from = first !== undefined && first.start > LATE ? first.start - BEFORE : 0;
  const line = marked.slice(from).toWellFormed().replaceAll(/\s+/g, ' ').trim();
  return emphasize((from > 0 ? '…' : '') + cut(line, MAX_SNIPPET - (from > 0 ? 1 : 0)));
}

function withMarks(text: string, highlights: readonly Highlight[]): string {
  let marked = '';
  let done = 0;
  for (const { start, end } of highlights) {
    marked += `${text.slice(done, start)}${ON}${text.slice(start, end)}${OFF}`;
    done = end;
  }
  return marked + text.slice(done);
}

/** To `width` without counting marks; one that is open at the end is closed. */
function cut(line: string, width: number): string {
  if (line.replaceAll(MARKS, '').length <= width) return line;
  let shown = 0;
  let at = 0;
  while (shown < width - 1) {
    const char = line[at++];
    if (char !== ON && char !== OFF) shown += 1;
  }
  const kept = line.slice(0, at).toWellFormed();
  return `${kept}${kept.lastIndexOf(ON) > kept.lastIndexOf(OFF) ? OFF : ''}…`;
}

function emphasize(line: string): string {
  if (!canEmphasize()) return line.replaceAll(MARKS, '');
  return line.replaceAll(/\ufdd0([^\ufdd0\ufdd1]*)\ufdd1/g, (_, word: string) =>
    styleText('bold', word),
  );
}
