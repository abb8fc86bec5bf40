/** Tables made ready for Markdown: those for layout are taken apart, those of data get cells of one line each. */
import type { Cheerio, CheerioAPI } from 'cheerio';
import type { AnyNode, Element } from './dom.ts';

/** More is a page put into a cell. */
const MAX_CELL_CHARS = 1_000;
const MAX_COLUMNS = 200;
const BLOCKS = 'h1, h2, h3, h4, h5, h6, pre, blockquote, ul, ol, table';

/** Innermost tables come first, so that one in another is text by then. */
export function prepareTables($: CheerioAPI, content: Cheerio<AnyNode>): void {
  for (const table of content.find('table').add(content.filter('table')).toArray().toReversed()) {
    const rows = rowsOf($, table as Element);
    if (isData($, $(table), rows)) $(table).replaceWith(asPlainTable($, table as Element, rows));
    else takeApart($, table as Element, rows);
  }
}

function rowsOf($: CheerioAPI, table: Element): Element[][] {
  const rows = $(table)
    .find('tr')
    .filter((_, row) => $(row).closest('table')[0] === table)
    .toArray();
  return rows.map((row) => $(row).children('td, th').toArray()).filter((cells) => cells.length > 0);
}

function isData($: CheerioAPI, table: Cheerio<Element>, rows: readonly Element[][]): boolean {
  if (/^(?:presentation|none)$/i.test(table.attr('role') ?? '')) return false;
  if (rows.length < 2 || Math.max(...rows.map((cells) => cells.length)) < 2) return false;
  const cells = rows.flat();
  const isLong = (cell: Element) => $(cell).text().trim().length > MAX_CELL_CHARS;
  if (cells.some((cell) => isLong(cell) || $(cell).find('table').length > 0)) return false;
  if (table.find('th, thead, caption').length > 0) return true;
  return cells.every((cell) => $(cell).find(BLOCKS).length === 0);
}

/** Each cell is a block of its own, in the order of the page. */
function takeApart($: CheerioAPI, table: Element, rows: readonly Element[][]): void {
  const blocks = $('<div></div>');
  blocks.append($('<p></p>').append($(table).children('caption').contents()));
  for (const cell of rows.flat()) blocks.append($('<div></div>').append($(cell).contents()));
  $(table).replaceWith(blocks);
}

/** The first row is the head: Markdown has no table without one. */
function asPlainTable($: CheerioAPI, table: Element, rows: readonly Element[][]): Cheerio<AnyNode> {
  const columns = Math.min(MAX_COLUMNS, Math.max(...rows.map(widthOf)));
  const lines = rows.map((cells) => {
    const texts = cells.flatMap((cell) => [cellText($, cell), ...blanks(cell)]);
    return line([...texts, ...Array.from({ length: columns }, () => '')].slice(0, columns));
  });
  const rule = line(Array.from({ length: columns }, () => '---'));
  const markdown = [lines[0], rule, ...lines.slice(1)].join('\n');
  const caption = $('<p></p>').text($(table).children('caption').text());
  // Read back as it is by the rule for it, in to-markdown.
  const block = $('<pre data-markdown="table"></pre>').text(markdown);
  return $('<div></div>').append(caption, block);
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

function blanks(cell: Element): string[] {
  return Array.from({ length: spanOf(cell) - 1 }, () => '');
}

function cellText($: CheerioAPI, element: Element): string {
  const cell = $(element);
  cell.find('br, p, div, li, tr, h1, h2, h3, h4, h5, h6').before(' ').after(' ');
  for (const image of cell.find('img').toArray()) $(image).replaceWith($(image).attr('alt') ?? '');
  return cell.text().replace(/\s+/g, ' ').trim().replaceAll('|', '\\|');
}
