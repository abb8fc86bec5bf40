/**
 * What pdf.js says is on a page, as runs of text with places. Owns coordinates, text at angles and text that is drawn twice; knows
 * nothing of lines, columns or paragraphs.
 */
import type { getDocumentProxy } from 'unpdf';
import { cleanText } from '../../chunk/index.ts';

export type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;
export type PdfPage = Awaited<ReturnType<PdfDocument['getPage']>>;
type TextContent = Awaited<ReturnType<PdfPage['getTextContent']>>;
export type TextItem = Extract<TextContent['items'][number], { str: string }>;

/** Some text in one font. Units are points, x to the right and y down, turned so that the text is level. */
export interface Run {
  text: string;
  x: number;
  right: number;
  /** Of the baseline. */
  y: number;
  size: number;
  font: string;
  /** A blank stands before it in the file. */
  isSpaced: boolean;
  isRightToLeft: boolean;
}

/** Runs at one angle. */
export interface Layer {
  /** Degrees, clockwise. */
  angle: number;
  isAslant: boolean;
  /** Across the text of the page. */
  isAside: boolean;
  runs: Run[];
}

/** In place of a font, for what was filled into a form. */
export const FIELD_FONT = 'field';
/** What one drawn text may differ from another by and still be the same, in parts of its size. */
const DOUBLE = 0.35;
/** Degrees within which texts are of one layer. */
const SAME_ANGLE = 1.5;

interface Placed {
  run: Run;
  angle: number;
}

/** The level layer first, the others as they come; empty for a page without text. */
export function layersOf(items: readonly TextItem[], viewport: readonly number[]): Layer[] {
  const layers: { angle: number; placed: Placed[] }[] = [];
  let isSpaced = false;
  for (const item of items) {
    const text = cleanRun(item.str);
    if (text === '') {
      // pdf.js puts an empty item where a line ends, and a blank one where words do.
      isSpaced ||= item.str !== '' || item.hasEOL;
      continue;
    }
    const placed = place(item, text, viewport, isSpaced);
    isSpaced = item.hasEOL;
    let layer = layers.find((each) => angleBetween(each.angle, placed.angle) <= SAME_ANGLE);
    if (layer === undefined) layers.push((layer = { angle: placed.angle, placed: [] }));
    layer.placed.push(placed);
  }
  return layers
    .map(({ angle, placed }) => ({
      angle,
      isAslant: angleBetween(angle, 0) > SAME_ANGLE,
      isAside: angleBetween(angle, 0) > 45,
      runs: withoutDoubles(turned(placed)),
    }))
    .toSorted((a, b) => order(a) - order(b));
}

function order({ isAside, isAslant }: Layer): number {
  return isAside ? 2 : Number(isAslant);
}

/** One line without what no text has: controls, and blanks of many kinds. Private use is a bullet of the Symbol font, or lost. */
function cleanRun(text: string): string {
  return cleanText(text)
    .replaceAll(/[\uf0b7\uf0a7\uf0d8\uf076\u25aa\u25cf]/g, '•')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Co}\ufeff]/gu, '')
    .trim();
}

function place(item: TextItem, text: string, viewport: readonly number[], isSpaced: boolean) {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = item.transform as number[];
  const [va = 1, vb = 0, vc = 0, vd = -1, ve = 0, vf = 0] = viewport;
  const run: Run = {
    text,
    x: va * e + vc * f + ve,
    right: item.width,
    y: vb * e + vd * f + vf,
    size: Math.hypot(c, d) || 1,
    font: item.fontName,
    isSpaced: isSpaced || item.str.startsWith(' '),
    isRightToLeft: item.dir === 'rtl',
  };
  return { run, angle: (Math.atan2(vb * a + vd * b, va * a + vc * b) * 180) / Math.PI };
}

/** Turned back by the angle of the layer, so that its lines are level. `right` was the width until here. */
function turned(placed: readonly Placed[]): Run[] {
  const mean = placed.reduce((sum, each) => sum + each.angle, 0) / placed.length;
  const [cos, sin] = [Math.cos((mean * Math.PI) / 180), Math.sin((mean * Math.PI) / 180)];
  return placed.map(({ run }) => {
    const x = run.x * cos + run.y * sin;
    return { ...run, x, right: x + run.right, y: run.y * cos - run.x * sin };
  });
}

/** A shadow or a bold face that is made by drawing the same text twice is one text. */
function withoutDoubles(runs: readonly Run[]): Run[] {
  const seen = new Map<string, Run[]>();
  return runs.filter((run) => {
    const same = seen.get(run.text);
    if (same === undefined) return seen.set(run.text, [run]);
    const reach = run.size * DOUBLE;
    const isDouble = same.some(
      (other) => Math.abs(other.x - run.x) <= reach && Math.abs(other.y - run.y) <= reach,
    );
    // As many as a page can hold side by side are compared, so that a page of equal texts takes no square of its time.
    if (!isDouble && same.push(run) > 200) same.shift();
    return !isDouble;
  });
}

function angleBetween(a: number, b: number): number {
  const between = Math.abs(a - b) % 360;
  return Math.min(between, 360 - between);
}
