/**
 * Running headers and footers and the numbers of pages: what stands at the edge of one page as it does at that of others. Only says
 * which lines they are.
 */
import type { Line } from './pdf-lines.ts';

export interface PageRegion {
  lines: Line[];
  /** At an angle to the page, however small. */
  isAslant: boolean;
  /** Beside the text of the page, and across it: a stamp in the margin, the axis of a figure. */
  isAside: boolean;
}

export interface PageLines {
  /** Points. */
  height: number;
  /** In reading order; what stands across the page last. */
  regions: PageRegion[];
}

/** The part of a page, from above and from below, in which they stand. */
const EDGE = 0.1;
/** What is that much larger than the text is a title, though each slide may have the same. */
const TITLE = 1.3;

/** @param bodySize of the text of the document */
export function furnitureOf(pages: readonly PageLines[], bodySize: number): Set<Line> {
  const alike = new Map<string, { pages: Set<number>; lines: Line[] }>();
  for (const [at, page] of pages.entries()) {
    for (const line of edgesOf(page)) {
      if (line.size > bodySize * TITLE) continue;
      const key = keyOf(line, page.height);
      const found = alike.get(key) ?? { pages: new Set(), lines: [] };
      found.pages.add(at);
      found.lines.push(line);
      alike.set(key, found);
    }
  }
  // Two of five: the header of a left page is often not that of a right one.
  const enough = pages.length <= 5 ? 2 : 3;
  const furniture = new Set<Line>();
  for (const each of alike.values()) {
    if (each.pages.size >= enough) for (const line of each.lines) furniture.add(line);
  }
  return furniture;
}

function edgesOf({ height, regions }: PageLines): Line[] {
  return regions
    .filter((region) => !region.isAside)
    .flatMap((region) => region.lines)
    .filter((line) => line.y < height * EDGE || line.y > height * (1 - EDGE));
}

/** Without numbers, which differ from page to page. What has no letter is the same at the same height only: numbers end tables too. */
function keyOf(line: Line, height: number): string {
  const text = line.text.toLowerCase().replaceAll(/\s+/g, '');
  const edge = line.y < height / 2 ? 'top' : 'bottom';
  const plain = (/^[ivxlc]+$/.test(text) ? '#' : text).replaceAll(/\d+/g, '#');
  const isNumber = !/\p{L}/u.test(plain);
  return `${edge} ${isNumber ? Math.round((line.y / height) * 100) : ''} ${plain}`;
}
