/**
 * What was filled into the fields of a form, as text at the place of the field: pdf.js counts it among annotations, so that a page
 * read without it has the questions and not the answers. Buttons and passwords are left out.
 */
import { FIELD_FONT, type PdfPage, type TextItem } from './pdf-runs.ts';

/** What pdf.js says of a field; it has no type for it. */
interface Field {
  subtype?: unknown;
  fieldType?: unknown;
  fieldValue?: unknown;
  password?: unknown;
  hidden?: unknown;
  rect?: unknown;
  defaultAppearanceData?: { fontSize?: unknown };
}

const USUAL_SIZE = 10;
/** Of the size: about what a letter is wide. */
const LETTER = 0.5;

export async function fieldItems(page: PdfPage): Promise<TextItem[]> {
  const annotations = (await page.getAnnotations()) as Field[];
  return annotations.flatMap((field) => {
    const values = valuesOf(field);
    return values.length === 0 ? [] : placed(values, rectOf(field.rect), sizeOf(field));
  });
}

function valuesOf(field: Field): string[] {
  const isText = field.fieldType === 'Tx' || field.fieldType === 'Ch';
  if (field.subtype !== 'Widget' || !isText) return [];
  if (field.password === true || field.hidden === true) return [];
  const values: unknown[] = Array.isArray(field.fieldValue) ? field.fieldValue : [field.fieldValue];
  return values
    .filter((value) => typeof value === 'string')
    .flatMap((value) => value.split(/\r\n|\r|\n/))
    .filter((value) => value.trim() !== '');
}

function placed(values: readonly string[], [left, bottom, top]: Rect, size: number): TextItem[] {
  // One line stands in the middle of its field, several from the top down.
  const first = values.length === 1 ? bottom + (top - bottom - size) / 2 + size * 0.2 : top - size;
  return values.map((str, at) => ({
    str,
    dir: 'ltr',
    transform: [size, 0, 0, size, left, first - at * size * 1.2],
    width: str.length * size * LETTER,
    height: size,
    fontName: FIELD_FONT,
    hasEOL: true,
  }));
}

type Rect = [left: number, bottom: number, top: number];

function rectOf(rect: unknown): Rect {
  const [x1 = 0, y1 = 0, , y2 = y1] = Array.isArray(rect) ? rect.map(Number) : [];
  return [x1, Math.min(y1, y2), Math.max(y1, y2)];
}

function sizeOf({ defaultAppearanceData, rect }: Field): number {
  const [, bottom, top] = rectOf(rect);
  const size = Number(defaultAppearanceData?.fontSize ?? 0) || USUAL_SIZE;
  return Math.max(1, Math.min(size, top - bottom || size));
}
