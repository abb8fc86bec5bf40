/**
 * Lines of text out of the runs of one region: which runs stand on a line, in which order, and where a blank goes between them.
 */
import { FIELD_FONT, type Run } from './pdf-runs.ts';

export interface Line {
  text: string;
  x: number;
  right: number;
  /** Of the baseline, down from the top. */
  y: number;
  size: number;
  /** That of all of the line; null where it has several. */
  font: string | null;
  /** Parts with a gap between them as between cells of a table: at least 1. */
  cells: number;
}

/** Parts of a size. What a line reaches over and under its baseline. */
const ASCENT = 0.72;
const DESCENT = 0.21;
const WORD_GAP = 0.17;
const CELL_GAP = 1.6;
/** Smaller than so much of its line: an index, a footnote's mark. */
const SMALL = 0.8;
/** Lines at one height that a run is held against: a page has fewer, unless it is drawn to take time. */
const MOST_NEAR = 50;

interface Draft {
  runs: Run[];
  /** Of its largest run. */
  y: number;
  size: number;
}

export function linesOf(runs: readonly Run[]): Line[] {
  const drafts: Draft[] = [];
  const rows = new Map<number, Draft[]>();
  const usual = usualSize(runs);
  const height = Math.max(usual, 4);
  const add = (run: Run) => {
    const at = Math.round(run.y / height);
    const near = [at - 1, at, at + 1].flatMap((row) => rows.get(row)?.slice(-MOST_NEAR) ?? []);
    const draft = bestFor(run, near);
    if (draft !== null) {
      draft.runs.push(run);
      if (run.size > draft.size * 1.05) [draft.y, draft.size] = [run.y, run.size];
      return;
    }
    const made = { runs: [run], y: run.y, size: run.size };
    drafts.push(made);
    const row = rows.get(at);
    if (row) row.push(made);
    else rows.set(at, [made]);
  };
  // What is small is put to lines that are there: it may reach as near to the line above as to its own.
  const sorted = runs.toSorted((a, b) => a.y - b.y || a.x - b.x);
  for (const run of sorted) if (run.size >= usual * SMALL) add(run);
  for (const run of sorted) if (run.size < usual * SMALL) add(run);
  return drafts.map(lineOf).toSorted((a, b) => a.y - b.y || a.x - b.x);
}

function usualSize(runs: readonly Run[]): number {
  const chars = new Map<number, number>();
  for (const { size, text } of runs) {
    const rounded = Math.round(size * 10) / 10;
    chars.set(rounded, (chars.get(rounded) ?? 0) + text.length);
  }
  let usual = 0;
  for (const [size, count] of chars) if (count > (chars.get(usual) ?? 0)) usual = size;
  return usual;
}

function bestFor(run: Run, drafts: readonly Draft[]): Draft | null {
  let best: { draft: Draft; shared: number } | null = null;
  for (const draft of drafts) {
    const shared =
      Math.min(run.y + run.size * DESCENT, draft.y + draft.size * DESCENT) -
      Math.max(run.y - run.size * ASCENT, draft.y - draft.size * ASCENT);
    if (shared < 0.5 * (ASCENT + DESCENT) * Math.min(run.size, draft.size)) continue;
    if (shared > (best?.shared ?? 0) && !isOverAny(run, draft.runs)) {
      best = { draft, shared };
    }
  }
  return best?.draft ?? null;
}

/** Among the last ones: they come from left to right, and a line of a hundred thousand letters takes no square of its time. */
function isOverAny(run: Run, runs: readonly Run[]): boolean {
  for (let at = runs.length - 1; at >= 0 && at >= runs.length - 64; at -= 1) {
    const other = runs[at];
    if (other && isOver(run, other)) return true;
  }
  return false;
}

/** Whether they are printed over one another, as no two words of a line are. */
function isOver(a: Run, b: Run): boolean {
  const shared = Math.min(a.right, b.right) - Math.max(a.x, b.x);
  return (
    shared > 0.5 * Math.min(a.right - a.x, b.right - b.x) && shared > 0.3 * Math.min(a.size, b.size)
  );
}

function lineOf({ runs, y, size }: Draft): Line {
  const rightToLeft = runs.filter((run) => run.isRightToLeft).length * 2 > runs.length;
  const ordered = runs.toSorted((a, b) => (rightToLeft ? b.right - a.right : a.x - b.x));
  let text = '';
  let cells = 1;
  let previous: Run | null = null;
  for (const run of ordered) {
    const gap =
      previous === null ? 0 : rightToLeft ? previous.x - run.right : run.x - previous.right;
    if (gap > CELL_GAP * size) cells += 1;
    if (previous && isApart(previous, run, gap, { y, size }, text)) text += ' ';
    text += run.text;
    previous = run;
  }
  const first = runs[0]?.font ?? null;
  return {
    text,
    x: runs.reduce((x, run) => Math.min(x, run.x), Infinity),
    right: runs.reduce((right, run) => Math.max(right, run.right), -Infinity),
    y,
    size,
    font: runs.every((run) => run.font === first) ? first : null,
    cells,
  };
}

function isApart(
  previous: Run,
  run: Run,
  gap: number,
  line: { y: number; size: number },
  text: string,
): boolean {
  // A mark of a footnote is no part of the word before it. "x2" stays: the word has one letter.
  if (isMark(run, line) && /\p{L}{2}[.,;:)”"]?$/u.test(text)) return true;
  if (isMark(previous, line) && /^\p{L}{2}/u.test(run.text)) return true;
  // An answer is often written over the end of its line.
  if (run.font === FIELD_FONT || previous.font === FIELD_FONT) return true;
  if (gap > WORD_GAP * Math.min(previous.size, run.size)) return true;
  return run.isSpaced && gap > -0.3 * run.size && gap > 0.02 * run.size;
}

function isMark(run: Run, line: { y: number; size: number }): boolean {
  const isRaised = run.size < line.size * SMALL && run.y < line.y - line.size * 0.15;
  return isRaised && /^[\d,*†‡§¶]+$/.test(run.text);
}
