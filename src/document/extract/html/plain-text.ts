/** The text of elements on one line: headings, cells of tables, alternative texts. */
import type { AnyNode, Element } from './dom.ts';

/** What stands in a line with the text around it. All else begins a block of its own. */
const INLINE = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark o:p q ruby rb rp rt s samp ' +
    'small span strike strong sub sup time tt u var wbr'
  ).split(' '),
);

export function isElement(node: AnyNode): node is Element {
  return node.type === 'tag';
}

export function isInline({ name }: Element): boolean {
  return INLINE.has(name);
}

export function plainText(nodes: readonly AnyNode[]): string {
  const parts: string[] = [];
  gather(nodes, parts);
  return oneLine(parts.join(''));
}

function gather(nodes: readonly AnyNode[], parts: string[]): void {
  for (const node of nodes) {
    if (node.type === 'text') parts.push(node.data);
    else if (isElement(node)) {
      if (node.name === 'img') parts.push(` ${node.attribs['alt'] ?? ''} `);
      const edge = isInline(node) ? '' : ' ';
      parts.push(edge);
      gather(node.children, parts);
      parts.push(edge);
    }
  }
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
