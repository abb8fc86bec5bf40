/**
 * In which order the text of a page is read: columns from left to right, and what spans them in between. Knows geometry alone.
 */
import type { Run } from './pdf-runs.ts';

/** Runs that are read from top to bottom, each line as wide as it comes. */
export type Region = Run[];

/** A stretch of runs on one baseline, without a gap that a gutter could be. */
interface Segment {
  x: number;
  right: number;
  y: number;
  size: number;
  chars: number;
  runs: Run[];
  row: Segment[];
}

/** Parts of the size of the text. */
const SAME_BASELINE = 0.25;
const SEGMENT_GAP = 0.8;
const GUTTER = 0.7;
/** What makes a column: so many lines, filled so far, of so many characters. Cells of a table are shorter. */
const COLUMN_LINES = 4;
const COLUMN_FILL = 0.45;
const COLUMN_CHARS = 20;
/** Columns stand beside one another for at least so much of the shorter one. */
const COLUMN_OVERLAP = 0.5;
/** Points within which edges are one. */
const STEP = 2;

export function readingOrder(runs: readonly Run[]): Region[] {
  return order(segmentsOf(runs))
    .map((segments) => segments.flatMap((segment) => segment.runs))
    .filter((region) => region.length > 0);
}

function segmentsOf(runs: readonly Run[]): Segment[] {
  const segments: Segment[] = [];
  let row: Run[] = [];
  const flush = () => {
    if (row.length > 0) segments.push(...splitRow(row));
    row = [];
  };
  for (const run of runs.toSorted((a, b) => a.y - b.y)) {
    const last = row.at(-1);
    if (last && run.y - last.y > SAME_BASELINE * Math.min(run.size, last.size)) flush();
    row.push(run);
  }
  flush();
  return segments;
}

function splitRow(runs: readonly Run[]): Segment[] {
  const row: Segment[] = [];
  for (const run of runs.toSorted((a, b) => a.x - b.x)) {
    const last = row.at(-1);
    if (last && run.x - last.right <= SEGMENT_GAP * run.size) {
      last.runs.push(run);
      last.right = Math.max(last.right, run.right);
      last.chars += run.text.length;
    } else {
      const { x, right, y, size, text } = run;
      row.push({ x, right, y, size, chars: text.length, runs: [run], row });
    }
  }
  return row;
}

function order(unordered: readonly Segment[]): Segment[][] {
  const segments = inRows(unordered);
  const gutter = findGutter(segments);
  if (gutter === null) return [segments];
  const regions: Segment[][] = [];
  let between: Segment[] = [];
  const flush = () => {
    if (between.length > 0) regions.push(...order(between));
    between = [];
  };
  for (const band of bandsAt(segments, gutter)) {
    if (isColumns(band)) {
      flush();
      const sides = [order(band.left), order(band.right)];
      if (isRightToLeft(band)) sides.reverse();
      regions.push(...sides.flat());
      between.push(...band.spanning);
    } else between.push(...band.left, ...band.right, ...band.spanning);
  }
  flush();
  return regions;
}

/** From the top down, each row without what belongs to another column. */
function inRows(segments: readonly Segment[]): Segment[] {
  const rows = [...Map.groupBy(segments, (each) => each.row).values()];
  return rows
    .toSorted((a, b) => (a[0]?.y ?? 0) - (b[0]?.y ?? 0))
    .flatMap((each) => {
      const row: Segment[] = [];
      for (const segment of each) row.push({ ...segment, row });
      return row.sort((a, b) => a.x - b.x);
    });
}

/** What stands between two lines that span the gutter, and the line below. */
interface Band {
  left: Segment[];
  right: Segment[];
  spanning: Segment[];
}

/** Where most characters stand in columns to the left and to the right of it; null where there are no columns. */
function findGutter(segments: readonly Segment[]): number | null {
  if (segments.length < 2 * COLUMN_LINES) return null;
  let best: { at: number; chars: number } | null = null;
  for (const at of edgesIn(segments)) {
    let chars = 0;
    for (const band of bandsAt(segments, at)) {
      if (isColumns(band)) chars += charsOf(band.left) + charsOf(band.right);
    }
    if (chars > (best?.chars ?? 0)) best = { at, chars };
  }
  return best?.at ?? null;
}

/** Places beside which several lines begin or end, as those of a column do. */
function edgesIn(segments: readonly Segment[]): number[] {
  const [first, last] = extentOf(segments);
  const starts = Map.groupBy(segments, (each) => Math.round(each.x / STEP));
  const ends = Map.groupBy(segments, (each) => Math.round(each.right / STEP));
  const edges = new Set<number>();
  for (const [at, each] of starts) if (each.length >= COLUMN_LINES - 1) edges.add(at * STEP - STEP);
  for (const [at, each] of ends) if (each.length >= COLUMN_LINES - 1) edges.add(at * STEP + STEP);
  return [...edges].filter((at) => at > first + STEP && at < last - STEP);
}

function bandsAt(segments: readonly Segment[], at: number): Band[] {
  const bands: Band[] = [];
  let band: Band = { left: [], right: [], spanning: [] };
  let previous: Segment[] | null = null;
  for (const segment of segments) {
    const isSpanning = (segment.x < at && segment.right > at) || isTabular(segment, previous, at);
    if (segment.row !== previous) previous = segment.row;
    if (isSpanning) band.spanning.push(segment);
    else {
      if (band.spanning.length > 0 && band.spanning.at(-1)?.row !== segment.row) {
        bands.push(band);
        band = { left: [], right: [], spanning: [] };
      }
      (segment.right <= at ? band.left : band.right).push(segment);
    }
  }
  bands.push(band);
  return bands;
}

/** Whether the row is one of a table that goes across: several cells on both sides, and no wider a gap at the gutter than elsewhere. */
function isTabular(segment: Segment, previous: Segment[] | null, at: number): boolean {
  const { row } = segment;
  if (!isRowOfCells(row, at)) return false;
  return previous === row || previous === null || isRowOfCells(previous, at);
}

function isRowOfCells(row: readonly Segment[], at: number): boolean {
  if (row.length < 5) return false;
  const next = row.findIndex((each) => each.x >= at);
  if (next < 2 || row.length - next < 2) return false;
  const gaps = row.slice(1).map((each, index) => each.x - (row[index]?.right ?? 0));
  const own = gaps[next - 1] ?? 0;
  return gaps.filter((gap) => own <= 1.6 * gap).length > 1;
}

function isColumns(band: Band): boolean {
  if (band.left.length < COLUMN_LINES || band.right.length < COLUMN_LINES) return false;
  const gap = extentOf(band.right)[0] - extentOf(band.left)[1];
  return (
    gap >= GUTTER * sizeOf(band.left) &&
    areBeside(band) &&
    isColumn(band.left) &&
    isColumn(band.right)
  );
}

function areBeside({ left, right }: Band): boolean {
  const [leftTop, leftEnd] = [left[0]?.y ?? 0, left.at(-1)?.y ?? 0];
  const [rightTop, rightEnd] = [right[0]?.y ?? 0, right.at(-1)?.y ?? 0];
  const shared = Math.min(leftEnd, rightEnd) - Math.max(leftTop, rightTop);
  return shared >= COLUMN_OVERLAP * Math.min(leftEnd - leftTop, rightEnd - rightTop);
}

function isColumn(segments: readonly Segment[]): boolean {
  const rows = Map.groupBy(segments, (each) => each.row);
  if (rows.size < COLUMN_LINES) return false;
  const [left, right] = extentOf(segments);
  let filled = 0;
  for (const row of rows.values()) filled += (row.at(-1)?.right ?? 0) - (row[0]?.x ?? 0);
  return (
    filled / rows.size >= COLUMN_FILL * (right - left) &&
    charsOf(segments) / rows.size >= COLUMN_CHARS
  );
}

function extentOf(segments: readonly Segment[]): [left: number, right: number] {
  let [left, right] = [Infinity, -Infinity];
  for (const each of segments) {
    if (each.x < left) left = each.x;
    if (each.right > right) right = each.right;
  }
  return [left, right];
}

function isRightToLeft(band: Band): boolean {
  const runs = [...band.left, ...band.right].flatMap((each) => each.runs);
  return runs.filter((run) => run.isRightToLeft).length * 2 > runs.length;
}

function charsOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, each) => sum + each.chars, 0);
}

function sizeOf(segments: readonly Segment[]): number {
  const sizes = segments.map((each) => each.size).toSorted((a, b) => a - b);
  return sizes[sizes.length >> 1] ?? 0;
}
