/**
 * Text that is set with each letter placed on its own. pdf.js takes the gaps for blanks and says "H e r e"; what is drawn still has
 * the blanks that are meant. Owns finding such text and reading it anew.
 */
import { getResolvedPDFJS } from 'unpdf';
import type { PdfPage, TextItem } from './pdf-runs.ts';

/** So many parts, and so many of them single letters. */
const PARTS = 6;
const SINGLE = 0.6;

export function isLetterSpaced(text: string): boolean {
  const parts = text.trim().split(/\s+/);
  if (parts.length < PARTS) return false;
  // Scripts without blanks are written so; a row of figures is one.
  const single = parts.filter((part) =>
    /^(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])\p{L}$/u.test(part),
  );
  return single.length >= SINGLE * parts.length;
}

/** The same items; those of a line that is letter-spaced as one, with the blanks that are drawn, where it is found. */
export async function respaced(page: PdfPage, items: TextItem[]): Promise<TextItem[]> {
  const rows = rowsOf(items);
  // The second look at a page costs as much as showing it.
  if (!rows.some((row) => isLetterSpaced(strOf(row)))) return items;
  const drawn = await drawnText(page);
  const at: number[] = [];
  let packed = '';
  for (let index = 0; index < drawn.length; index += 1) {
    const char = drawn[index] ?? '';
    if (/\s/.test(char)) continue;
    at.push(index);
    packed += char;
  }
  return rows.flatMap((row) => {
    const str = strOf(row);
    if (!isLetterSpaced(str)) return row;
    const wanted = str.replaceAll(/\s+/g, '');
    const start = packed.indexOf(wanted);
    if (start === -1) return row;
    const meant = drawn.slice(at[start], (at[start + wanted.length - 1] ?? 0) + 1);
    // Without a blank it may be a row of letters, one in each cell.
    return isLetterSpaced(meant) || !/\s/.test(meant) ? row : merged(row, meant);
  });
}

/** Items that follow one another on one level line. */
function rowsOf(items: readonly TextItem[]): TextItem[][] {
  const rows: TextItem[][] = [];
  for (const item of items) {
    const row = rows.at(-1);
    const before = row?.at(-1);
    const isSame =
      before !== undefined &&
      !before.hasEOL &&
      [0, 1, 2, 3, 5].every((at) => before.transform[at] === item.transform[at]);
    if (row && isSame && item.transform[1] === 0) row.push(item);
    else rows.push([item]);
  }
  return rows;
}

function strOf(row: readonly TextItem[]): string {
  return row.map((item) => item.str).join('');
}

function merged(row: readonly TextItem[], str: string): TextItem[] {
  const [first, last] = [row[0], row.at(-1)];
  if (!first || !last) return [];
  const width = Number(last.transform[4]) + last.width - Number(first.transform[4]);
  return [{ ...first, str, width, hasEOL: last.hasEOL }];
}

async function drawnText(page: PdfPage): Promise<string> {
  const { OPS } = await getResolvedPDFJS();
  const { fnArray, argsArray } = await page.getOperatorList();
  let text = '';
  for (const [index, operator] of fnArray.entries()) {
    if (operator !== OPS.showText) continue;
    const glyphs = (argsArray as unknown[][])[index]?.[0];
    // Numbers between the glyphs move them: those are the gaps.
    for (const glyph of Array.isArray(glyphs) ? (glyphs as unknown[]) : []) {
      if (typeof glyph === 'object' && glyph !== null && 'unicode' in glyph)
        text += String(glyph.unicode);
    }
  }
  return text;
}
