/**
 * HTML elements as Markdown that is made to be searched: structure is kept, emphasis and addresses of links are not, and
 * nothing is escaped but what would become structure. Takes time in proportion to the page: converters that put their
 * output together piece by piece (turndown) need a minute for a list of 50,000 items.
 */
import type { AnyNode, Element } from './dom.ts';
import { isElement, isInline, oneLine, plainText } from './plain-text.ts';
import { readTable } from './tables.ts';

interface Block {
  text: string;
  isList: boolean;
}

export function toMarkdown(nodes: readonly AnyNode[]): string {
  return joined(blocksOf(nodes), '\n\n');
}

function blocksOf(nodes: readonly AnyNode[]): Block[] {
  const writer = new BlockWriter();
  writer.write(nodes);
  return writer.end();
}

/** Collects blocks; what stands in a line together becomes a paragraph when a block begins. */
class BlockWriter {
  readonly #blocks: Block[] = [];
  #line: string[] = [];

  write(nodes: readonly AnyNode[]): void {
    for (const node of nodes) {
      if (node.type === 'text') this.#line.push(node.data.replace(/\s+/g, ' '));
      else if (isElement(node)) this.#element(node);
    }
  }

  end(): Block[] {
    this.#endParagraph();
    return this.#blocks;
  }

  #element(element: Element): void {
    if (element.name === 'br') this.#line.push('\n');
    else if (element.name === 'img') this.#line.push(` ${oneLine(element.attribs['alt'] ?? '')} `);
    // A link may hold headings: they are blocks for all that.
    else if (isInline(element)) this.write(element.children);
    else {
      this.#endParagraph();
      this.#block(element);
      this.#endParagraph();
    }
  }

  #block(element: Element): void {
    const { name, children } = element;
    const level = /^h([1-6])$/.exec(name)?.[1];
    if (level !== undefined) this.#heading(Number(level), plainText(children));
    else if (name === 'ul' || name === 'ol' || name === 'dir') this.#add(listOf(element), true);
    else if (name === 'li') this.#add(itemOf('- ', blocksOf(children)), true);
    else if (name === 'pre') this.#add(codeOf(element));
    else if (name === 'blockquote') this.#add(quoted(toMarkdown(children)));
    else if (name === 'hr') this.#add('---');
    else if (name === 'table') this.#table(element);
    else this.write(children);
  }

  #heading(level: number, text: string): void {
    if (text !== '') this.#add(`${'#'.repeat(level)} ${text}`);
  }

  #table(element: Element): void {
    const { caption, rows, markdown } = readTable(element);
    if (caption !== null) this.#blocks.push(...blocksOf(caption.children));
    if (markdown !== null) return this.#add(markdown);
    for (const cell of rows.flat())
      for (const block of blocksOf(cell.children)) this.#blocks.push(block);
  }

  /** Two line breaks are how a page without paragraphs makes them. */
  #endParagraph(): void {
    if (this.#line.length === 0) return;
    const text = this.#line
      .join('')
      .replace(/ {2,}/g, ' ')
      .replace(/ ?\n ?/g, '\n');
    this.#line = [];
    for (const paragraph of text.split(/\n{2,}/)) this.#add(escaped(paragraph.trim()));
  }

  #add(text: string, isList = false): void {
    if (text !== '') this.#blocks.push({ text, isList });
  }
}

function joined(blocks: readonly Block[], beforeLists: '\n' | '\n\n'): string {
  return blocks
    .map(({ text, isList }, at) => (at === 0 ? text : (isList ? beforeLists : '\n\n') + text))
    .join('');
}

/** What is no item, as a list put right into a list, belongs to the one before. */
function listOf(list: Element): string {
  const items: Block[][] = [];
  for (const child of list.children) {
    const isItem = isElement(child) && child.name === 'li';
    const blocks = blocksOf(isItem ? child.children : [child]);
    const before = items.at(-1);
    if (isItem || before === undefined) items.push(blocks);
    else before.push(...blocks);
  }
  const first = list.name === 'ol' ? Number.parseInt(list.attribs['start'] ?? '1', 10) : null;
  let number = first === null || Number.isNaN(first) ? 1 : first;
  const lines: string[] = [];
  for (const item of items) {
    if (item.length === 0) continue;
    lines.push(itemOf(first === null ? '- ' : `${number++}. `, item));
  }
  return lines.join('\n');
}

function itemOf(mark: string, blocks: readonly Block[]): string {
  if (blocks.length === 0) return '';
  return mark + joined(blocks, '\n').replace(/\n(?=.)/g, `\n${' '.repeat(mark.length)}`);
}

function codeOf(pre: Element): string {
  const parts: string[] = [];
  gatherCode(pre.children, parts);
  const code = parts.join('').replace(/^\n|\s+$/g, '');
  if (code.trim() === '') return '';
  const inner = pre.children.find((one) => isElement(one) && one.name === 'code') as
    | Element
    | undefined;
  const classes = `${pre.attribs['class'] ?? ''} ${inner?.attribs['class'] ?? ''}`;
  const language = /\blang(?:uage)?-([\w+#-]+)/.exec(classes)?.[1] ?? '';
  const runs = Array.from(code.matchAll(/^\s*(`{3,})/gm), ([, run = '']) => run.length);
  const fence = '`'.repeat(runs.reduce((longest, run) => Math.max(longest, run + 1), 3));
  return `${fence}${language}\n${code}\n${fence}`;
}

function gatherCode(nodes: readonly AnyNode[], parts: string[]): void {
  for (const node of nodes) {
    if (node.type === 'text') parts.push(node.data);
    else if (isElement(node) && node.name === 'br') parts.push('\n');
    else if (isElement(node)) gatherCode(node.children, parts);
  }
}

function quoted(text: string): string {
  return text === '' ? '' : text.replace(/^(?=.)/gm, '> ').replace(/^$/gm, '>');
}

/** A line that starts as a heading, a list, a quote, a fence or a rule does, and is none. */
function escaped(paragraph: string): string {
  return paragraph
    .replace(/^(#{1,6}\s|>|[-+*]\s|```|~~~|(?:-{3,}|={3,})\s*$)/gm, '\\$1')
    .replace(/^(\d{1,9})([.)]\s)/gm, '$1\\$2');
}
