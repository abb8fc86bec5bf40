/** Tables: which hold data, and how those are written in Markdown. The others are for layout: cells are blocks, then. */
import type { AnyNode, Element } from './dom.ts';
import { isElement, plainText } from './plain-text.ts';

/** More is a page put into a cell. */
const MAX_CELL_CHARS = 1_000;
const MAX_COLUMNS = 200;
const PARTS = new Set(['thead', 'tbody', 'tfoot']);
const BLOCKS = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'pre', 'blockquote', 'ul', 'ol']);

export interface Table {
  caption: Element | null;
  /** Cells, row by row. */
  rows: Element[][];
  /** The whole in Markdown; null for one that is for layout. */
  markdown: string | null;
}

export function readTable(table: Element): Table {
  const own = table.children.filter(isElement);
  const lines = own.flatMap((one) =>
    PARTS.has(one.name) ? one.children.filter(isElement) : [one],
  );
  const rows = lines
    .filter(({ name }) => name === 'tr')
    .map((row) =>
      row.children.filter(isElement).filter(({ name }) => name === 'td' || name === 'th'),
    )
    .filter((cells) => cells.length > 0);
  const caption = own.find(({ name }) => name === 'caption') ?? null;
  return { caption, rows, markdown: dataTable(table, rows, caption !== null) };
}

function dataTable(table: Element, rows: readonly Element[][], hasCaption: boolean): string | null {
  if (/^(?:presentation|none)$/i.test(table.attribs['role'] ?? '')) return null;
  const columns = Math.min(
    MAX_COLUMNS,
    rows.reduce((most, row) => Math.max(most, widthOf(row)), 0),
  );
  if (rows.length < 2 || columns < 2 || rows.every((cells) => cells.length < 2)) return null;
  const cells = rows.flat();
  if (cells.some((cell) => holds(cell, (name) => name === 'table'))) return null;
  const hasHead =
    hasCaption ||
    cells.some(({ name }) => name === 'th') ||
    table.children.some((one) => isElement(one) && one.name === 'thead');
  if (!hasHead && cells.some((cell) => holds(cell, (name) => BLOCKS.has(name)))) return null;
  const texts = rows.map((row) => row.map((cell) => plainText(cell.children)));
  if (texts.flat().some((text) => text.length > MAX_CELL_CHARS)) return null;
  return markdownOf(rows, texts, columns);
}

/** The first row is the head: Markdown has no table without one. */
function markdownOf(
  rows: readonly Element[][],
  texts: readonly string[][],
  columns: number,
): string {
  const lines = rows.map((row, at) => {
    const cells = row.flatMap((cell, column) => [
      (texts[at]?.[column] ?? '').replaceAll('|', '\\|'),
      ...blanks(spanOf(cell) - 1),
    ]);
    return line([...cells, ...blanks(columns)].slice(0, columns));
  });
  const rule = line(Array.from({ length: columns }, () => '---'));
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function holds(node: Element, isSought: (name: string) => boolean): boolean {
  return node.children.some(
    (child: AnyNode) => isElement(child) && (isSought(child.name) || holds(child, isSought)),
  );
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function widthOf(cells: readonly Element[]): number {
  return cells.reduce((sum, cell) => sum + spanOf(cell), 0);
}

function spanOf({ attribs }: Element): number {
  const span = Number.parseInt(attribs['colspan'] ?? '1', 10);
  return Number.isNaN(span) ? 1 : Math.min(Math.max(span, 1), MAX_COLUMNS);
}

function blanks(count: number): string[] {
  return Array.from({ length: count }, () => '');
}
