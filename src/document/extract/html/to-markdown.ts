/**
 * HTML elements as Markdown that is made to be searched: structure is kept, emphasis and addresses of links are not, and
 * nothing is escaped but what would become structure.
 */
import type { Cheerio, CheerioAPI } from 'cheerio';
import type { AnyNode } from './dom.ts';
import TurndownService from 'turndown';
import { prepareTables } from './tables.ts';

/** As much of the DOM as is used here; the types of the whole are those of browsers. */
interface DomElement {
  nodeName: string;
  textContent: string | null;
  getAttribute(name: string): string | null;
}

const INLINE = 'a, b, strong, i, em, u, s, del, ins, mark, font, span, big, small';

const service = makeService();

export function toMarkdown($: CheerioAPI, content: Cheerio<AnyNode>): string {
  // In a parent of its own, so that a content that is a table itself can be replaced.
  const holder = $('<div></div>').append(content.clone());
  unwrapInline($, holder);
  breakParagraphs($, holder);
  prepareTables($, holder);
  wrapCode($, holder);
  numberItems($, holder);
  const markdown = service.turndown($.html(holder));
  return markdown
    .replace(/\u00A0/g, ' ')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function makeService(): TurndownService {
  const made = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    hr: '---',
    br: '',
  });
  made.escape = escape;
  made.addRule('images', {
    filter: 'img',
    replacement: (_, node) => oneLine((node as DomElement).getAttribute('alt') ?? ''),
  });
  made.addRule('headings', { filter: ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'], replacement: heading });
  made.addRule('items', { filter: 'li', replacement: item });
  made.addRule('tables', {
    filter: (node) => node.nodeName === 'PRE' && node.getAttribute('data-markdown') === 'table',
    replacement: (_, node) => `\n\n${node.textContent ?? ''}\n\n`,
  });
  return made;
}

/** Links and emphasis leave their text; a heading inside of a link is one, then. */
function unwrapInline($: CheerioAPI, holder: Cheerio<AnyNode>): void {
  for (const one of holder.find(INLINE).toArray()) $(one).replaceWith($(one).contents());
}

/** Two line breaks are how a page without paragraphs makes them. */
function breakParagraphs($: CheerioAPI, holder: Cheerio<AnyNode>): void {
  for (const first of holder.find('br').toArray()) {
    let next = first.nextSibling;
    while (next !== null && next.type === 'text' && next.data.trim() === '')
      next = next.nextSibling;
    const isSecond = next !== null && next.type === 'tag' && next.name === 'br';
    if (isSecond && $(first).closest('pre').length === 0) $(first).replaceWith('<div></div>');
  }
}

/** A code block is known by a `code` in its `pre`. */
function wrapCode($: CheerioAPI, holder: Cheerio<AnyNode>): void {
  for (const pre of holder.find('pre:not([data-markdown])').toArray()) {
    const text = $(pre).find('br').replaceWith('\n').end().text();
    const language = /\blang(?:uage)?-([\w+#-]+)/.exec(
      `${$(pre).attr('class') ?? ''} ${$(pre).find('code').attr('class') ?? ''}`,
    )?.[1];
    const code = $('<code></code>').text(text);
    if (language !== undefined) code.attr('class', `language-${language}`);
    $(pre).empty().append(code);
  }
}

function heading(content: string, node: { nodeName: string }): string {
  const text = oneLine(content);
  return text === '' ? '' : `\n\n${'#'.repeat(Number(node.nodeName[1]))} ${text}\n\n`;
}

function item(content: string, node: unknown): string {
  const number = (node as DomElement).getAttribute('data-number');
  const mark = number === null ? '- ' : `${number}. `;
  const indent = ' '.repeat(mark.length);
  const lines = content
    .trim()
    .replace(/\n{3,}/g, '\n\n')
    .replace(/\n(?=.)/g, `\n${indent}`);
  return lines === '' ? '' : `${mark}${lines}\n`;
}

/** Once for all: to count within a list for each of its items takes time in the square. */
function numberItems($: CheerioAPI, holder: Cheerio<AnyNode>): void {
  for (const list of holder.find('ol').toArray()) {
    const start = Number.parseInt($(list).attr('start') ?? '1', 10);
    const items = $(list).children('li').toArray();
    for (const [index, one] of items.entries())
      one.attribs['data-number'] = String((Number.isNaN(start) ? 1 : start) + index);
  }
}

/** A line that starts as a heading, a list, a quote, a fence or a rule does, and is none. */
function escape(text: string): string {
  return text
    .replace(/^(\s*)(#{1,6}\s|>|[-+*]\s|```|~~~|(?:-{3,}|={3,})\s*$)/gm, '$1\\$2')
    .replace(/^(\s*\d{1,9})([.)]\s)/gm, '$1\\$2');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
