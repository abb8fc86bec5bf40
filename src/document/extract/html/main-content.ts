/**
 * Which part of a page is its content: what is never content is removed, then `main` or `article` is taken, else the
 * innermost block that holds nearly all text that is no link.
 */
import type { Cheerio, CheerioAPI } from 'cheerio';
import type { AnyNode } from './dom.ts';

const NEVER_CONTENT = [
  'script, style, noscript, template, iframe, object, embed, svg, canvas, audio, video, map, dialog',
  'nav, menu, button, select, input, textarea, datalist, link, meta',
  '[hidden], [aria-hidden="true"]',
  '[role="navigation"], [role="banner"], [role="contentinfo"], [role="search"], [role="dialog"]',
  '[role="alertdialog"], [role="menu"], [role="menubar"], [role="toolbar"]',
].join(', ');
const HIDING_STYLE = /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i;
const ASKS_FOR_CONSENT =
  /(?:^|[\s_-])(?:cookies?|consent|gdpr|onetrust|cc)[\s_-]?(?:banner|bar|notice|consent|law|popup|modal|dialog|overlay|message|window|wrapper|container)?(?:$|[\s_-])/i;
const FRAME = 'header, footer, aside';
/** Below this share of a page's text a `main` or an `article` is not what the page is about. */
const MIN_SHARE = 0.3;
/** A block that holds this share of the whole page's text is gone into. */
const NEARLY_ALL = 0.9;
const LINK_BLOCKS = 'ul, ol, div, section, table, p';

export function cleanPage($: CheerioAPI): void {
  $(NEVER_CONTENT).remove();
  $('[style]')
    .filter((_, element) => HIDING_STYLE.test(element.attribs['style'] ?? ''))
    .remove();
  const page = textLength($('body'));
  $('body [id], body [class]')
    .filter((_, { attribs, name }) => {
      const says = `${attribs['id'] ?? ''} ${attribs['class'] ?? ''}`;
      return name !== 'article' && name !== 'main' && ASKS_FOR_CONSENT.test(says);
    })
    // An article about cookies is none of them.
    .filter((_, element) => textLength($(element)) < page / 2)
    .remove();
}

export function mainContent($: CheerioAPI): Cheerio<AnyNode> {
  const body: Cheerio<AnyNode> = $('body');
  const marked = markedContent($, textLength(body));
  if (marked !== null) return marked;
  const whole = body.clone();
  // The head of an article may hold its title, that of a page does not.
  body
    .find(FRAME)
    .filter((_, one) => $(one).closest('article, main').length === 0)
    .remove();
  // Where the page is nothing else, it is what there is.
  if (textLength(body) === 0) return whole;
  const content = innermost($, body);
  dropLinkBlocks($, content);
  return content;
}

function markedContent($: CheerioAPI, page: number): Cheerio<AnyNode> | null {
  for (const selector of ['main, [role="main"]', 'article, [itemprop="articleBody"]']) {
    const found = $(selector).filter((_, one) => $(one).parents(selector).length === 0);
    if (found.length === 1 && textLength(found) > page * MIN_SHARE) {
      found
        .find('aside, footer')
        .filter((_, one) => linkShare($(one)) > 0.5)
        .remove();
      return found;
    }
  }
  return null;
}

function innermost($: CheerioAPI, body: Cheerio<AnyNode>): Cheerio<AnyNode> {
  const weight = ownLength(body);
  let block = body;
  for (;;) {
    const inner = block
      .children('div, section, table, tbody, tr, td, center, form, font')
      .toArray()
      .find((child) => ownLength($(child)) >= weight * NEARLY_ALL);
    if (inner === undefined || weight === 0) return block;
    const next: Cheerio<AnyNode> = $(inner);
    // A heading beside it is most likely its own.
    if (block.find('h1').length > next.find('h1').length) return block;
    block = next;
  }
}

/** Lists of links, as those to other pages of a site. */
function dropLinkBlocks($: CheerioAPI, content: Cheerio<AnyNode>): void {
  const whole = textLength(content);
  for (const element of content.find(LINK_BLOCKS).toArray()) {
    const block = $(element);
    const isList = block.find('a').length >= 4 && linkShare(block) > 0.8;
    if (isList && textLength(block) < whole / 3) block.remove();
  }
}

function textLength(part: Cheerio<AnyNode>): number {
  return part.text().replace(/\s+/g, ' ').trim().length;
}

function ownLength(part: Cheerio<AnyNode>): number {
  return textLength(part) - textLength(part.find('a'));
}

function linkShare(part: Cheerio<AnyNode>): number {
  const length = textLength(part);
  return length === 0 ? 1 : textLength(part.find('a')) / length;
}
