/**
 * Which part of a page is its content: what is never content is removed, then `main` or `article` is taken, else the
 * innermost block that holds nearly all text that is no link.
 */
import type { Cheerio, CheerioAPI } from 'cheerio';
import type { AnyNode, Element } from './dom.ts';
import { PageMeasures } from './measure.ts';

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
const INNER_BLOCKS = new Set([
  'div',
  'section',
  'table',
  'tbody',
  'tr',
  'td',
  'center',
  'form',
  'font',
]);
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
  const page = new PageMeasures($.root().toArray());
  const whole = page.of($('body')[0]).chars;
  $('body [id], body [class]')
    .filter((_, { attribs, name }) => {
      const says = `${attribs['id'] ?? ''} ${attribs['class'] ?? ''}`;
      return name !== 'article' && name !== 'main' && ASKS_FOR_CONSENT.test(says);
    })
    // An article about cookies is none of them.
    .filter((_, element) => page.of(element).chars < whole / 2)
    .remove();
}

/** Takes out of the page what is not its content, too. */
export function mainContent($: CheerioAPI): Cheerio<AnyNode> {
  const body: Cheerio<AnyNode> = $('body');
  const page = new PageMeasures(body.toArray());
  const marked = markedContent($, page, page.of(body[0]).chars);
  if (marked !== null) return marked;
  // The head of an article may hold its title, that of a page does not.
  const frame = $(FRAME).filter((_, one) => $(one).closest('article, main').length === 0);
  const framed = Array.from(frame).filter((one) => frame.is($(one).parents()) === false);
  const framedChars = framed.reduce((sum, one) => sum + page.of(one).chars, 0);
  // Where the page is nothing else, it is what there is.
  if (framedChars < page.of(body[0]).chars) frame.remove();
  const rest = new PageMeasures(body.toArray());
  const content = innermost($, body, rest);
  dropLinkBlocks($, content, rest);
  return content;
}

function markedContent($: CheerioAPI, page: PageMeasures, whole: number): Cheerio<AnyNode> | null {
  for (const selector of ['main, [role="main"]', 'article, [itemprop="articleBody"]']) {
    const found = $(selector).filter((_, one) => $(one).parents(selector).length === 0);
    if (found.length === 1 && page.of(found[0]).chars > whole * MIN_SHARE) {
      $('aside, footer')
        .filter((_, one) => page.linkShare(one) > 0.5 && $(one).closest(selector).length > 0)
        .remove();
      return found;
    }
  }
  return null;
}

function innermost($: CheerioAPI, body: Cheerio<AnyNode>, page: PageMeasures): Cheerio<AnyNode> {
  const own = (node: AnyNode) => page.of(node).chars - page.of(node).linkChars;
  let block = body[0];
  const weight = block === undefined ? 0 : own(block);
  if (weight === 0) return body;
  while (block !== undefined && 'children' in block) {
    const inner: AnyNode | undefined = block.children.find(
      (child) =>
        'name' in child && INNER_BLOCKS.has(child.name) && own(child) >= weight * NEARLY_ALL,
    );
    // A heading beside it is most likely its own.
    if (inner === undefined || page.of(block).h1 > page.of(inner).h1) break;
    block = inner;
  }
  return block === undefined ? body : $(block as Element);
}

/** Lists of links, as those to other pages of a site. */
function dropLinkBlocks($: CheerioAPI, content: Cheerio<AnyNode>, page: PageMeasures): void {
  const whole = page.of(content[0]).chars;
  // Not `content.find`: that takes time in the square of its children.
  $(LINK_BLOCKS)
    .filter((_, block) => page.of(block).links >= 4 && page.linkShare(block) > 0.8)
    .filter((_, block) => page.of(block).chars < whole / 3)
    .remove();
}
