/**
 * Which lines are headings and of which level: by size against the text of the document, by its outline, by a number in another
 * font than the text.
 */
import type { Line } from './pdf-lines.ts';

export interface OutlineEntry {
  title: string;
  /** 0 for those at the top. */
  depth: number;
}

/** What the size and the fonts of a document are. */
export interface Style {
  bodySize: number;
  /** Fonts that text is set in: what is in others may be a heading. */
  bodyFonts: ReadonlySet<string>;
}

export interface Headings {
  /** 1 to 6; null for text. */
  levelOf(line: Line): number | null;
}

const LARGER = 1.15;
/** For what is in another font as well. */
const LARGER_IN_OTHER_FONT = 1.06;
const LONGEST = 200;
/** Of all characters: a font with more is one of the text. */
const BODY_FONT = 0.12;
const NUMBERED =
  /^(\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){0,3}|[IVX]{1,5})[.)]?\s+(?=\p{Lu})/u;
const ROMAN = /^[IVX]+$/;

export function styleOf(lines: Iterable<Line>): Style {
  const sizes = new Map<number, number>();
  const fonts = new Map<string, number>();
  let total = 0;
  for (const { size, font, text } of lines) {
    const rounded = Math.round(size * 5) / 5;
    sizes.set(rounded, (sizes.get(rounded) ?? 0) + text.length);
    if (font !== null) fonts.set(font, (fonts.get(font) ?? 0) + text.length);
    total += text.length;
  }
  let bodySize = 0;
  for (const [size, chars] of sizes) if (chars > (sizes.get(bodySize) ?? 0)) bodySize = size;
  const body = [...fonts].filter(([, chars]) => chars >= total * BODY_FONT);
  return { bodySize, bodyFonts: new Set(body.map(([font]) => font)) };
}

export function headingsOf(
  lines: readonly Line[],
  style: Style,
  outline: readonly OutlineEntry[],
): Headings {
  const entries = new Map(outline.map((entry) => [plain(entry.title), entry.depth]));
  const sizes = sizesOf(lines.filter((line) => isLarge(line, style)));
  const below = entries.size > 0 ? levelAbove(lines, style, sizes, entries) : 0;
  const numbered = numberedLevel(lines, style, sizes);
  const hasRoman = lines.some(
    ({ text }) => text === text.toUpperCase() && /^I{1,3}\.\s/.test(text),
  );
  return {
    levelOf(line) {
      if (!isHeadingText(line)) return null;
      const depth = entries.get(plain(line.text));
      const isOther = line.font !== null && !style.bodyFonts.has(line.font);
      if (depth !== undefined && (isOther || line.size > style.bodySize)) {
        return Math.min(6, depth + below + 1);
      }
      if (isLarge(line, style)) return Math.min(6, rankOf(line.size, sizes));
      const number = NUMBERED.exec(line.text)?.[1];
      if (number === undefined || line.size < style.bodySize * 0.95) return null;
      const isSet = isOther || line.text === line.text.toUpperCase();
      // "A." under "II."
      const isUnderRoman = hasRoman && /^[A-Z]$/.test(number) && !ROMAN.test(number);
      return isSet ? Math.min(6, numbered + depthOf(number) + Number(isUnderRoman)) : null;
    },
  };
}

function isHeadingText({ text, cells }: Line): boolean {
  return text.length <= LONGEST && cells <= 2 && /\p{L}{2}|\p{Script=Han}/u.test(text);
}

function isLarge(line: Line, style: Style): boolean {
  if (!isHeadingText(line)) return false;
  const isOther = line.font !== null && !style.bodyFonts.has(line.font);
  return line.size >= style.bodySize * (isOther ? LARGER_IN_OTHER_FONT : LARGER);
}

/** Sizes of headings, the largest first; those within 4 % of one another are one. */
function sizesOf(lines: readonly Line[]): number[] {
  const sizes: number[] = [];
  for (const { size } of lines.toSorted((a, b) => b.size - a.size)) {
    const last = sizes.at(-1);
    if (last === undefined || size < last * 0.96) sizes.push(size);
  }
  return sizes;
}

function rankOf(size: number, sizes: readonly number[]): number {
  const at = sizes.findIndex((each) => size >= each * 0.96);
  return at === -1 ? sizes.length + 1 : at + 1;
}

/** How many levels stand above the first of the outline, which seldom has the title of the document in it. */
function levelAbove(
  lines: readonly Line[],
  style: Style,
  sizes: readonly number[],
  entries: ReadonlyMap<string, number>,
): number {
  const largest = lines
    .filter((line) => entries.get(plain(line.text)) === 0 && line.size >= style.bodySize)
    .reduce((size, line) => Math.max(size, line.size), 0);
  return largest > 0 && (sizes[0] ?? 0) > largest * 1.04 ? 1 : 0;
}

/** The level that a heading with a number stands below, one for each part of its number. */
function numberedLevel(lines: readonly Line[], style: Style, sizes: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const line of lines) {
    const number = isLarge(line, style) ? NUMBERED.exec(line.text)?.[1] : undefined;
    if (number === undefined) continue;
    const above = rankOf(line.size, sizes) - depthOf(number);
    counts.set(above, (counts.get(above) ?? 0) + 1);
  }
  const [usual] = [...counts].toSorted((a, b) => b[1] - a[1]);
  return Math.max(0, usual?.[0] ?? (sizes.length > 0 ? 1 : 0));
}

function depthOf(number: string): number {
  return number.split('.').length;
}

function plain(text: string): string {
  return text
    .replace(NUMBERED, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '');
}
