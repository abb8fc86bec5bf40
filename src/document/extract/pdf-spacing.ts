/**
 * Text that is set with each letter placed on its own. pdf.js takes the gaps for blanks and says "H e r e"; what is drawn still has
 * the blanks that are meant. Owns finding such text and reading it anew.
 */
import { getResolvedPDFJS } from 'unpdf';
import type { PdfPage } from './pdf-runs.ts';

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

/** The same items; those that are letter-spaced with the blanks that are drawn, where they are found. */
export async function respaced<T extends { str: string }>(page: PdfPage, items: T[]): Promise<T[]> {
  // The second look at a page costs as much as showing it.
  if (!items.some((item) => isLetterSpaced(item.str))) return items;
  const drawn = await drawnText(page);
  const at: number[] = [];
  let packed = '';
  for (let index = 0; index < drawn.length; index += 1) {
    const char = drawn[index] ?? '';
    if (/\s/.test(char)) continue;
    at.push(index);
    packed += char;
  }
  return items.map((item) => {
    if (!isLetterSpaced(item.str)) return item;
    const wanted = item.str.replaceAll(/\s+/g, '');
    const start = packed.indexOf(wanted);
    if (start === -1) return item;
    const [first = 0, last = 0] = [at[start], at[start + wanted.length - 1]];
    const str = drawn.slice(first, last + 1);
    return isLetterSpaced(str) ? item : { ...item, str };
  });
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
