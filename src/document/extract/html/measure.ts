/** How much text is where in a page: counted once for all elements, since what asks for it asks for many. */
import type { AnyNode } from './dom.ts';

export interface Measure {
  /** Characters that are no blanks. */
  chars: number;
  /** Those of them that are in links. */
  linkChars: number;
  links: number;
  /** Headings of the first level. */
  h1: number;
}

const NOTHING: Measure = { chars: 0, linkChars: 0, links: 0, h1: 0 };

export class PageMeasures {
  readonly #of = new Map<AnyNode, Measure>();

  /** Of the page as it is now. */
  constructor(roots: readonly AnyNode[]) {
    for (const root of roots) this.#measure(root, false);
  }

  of(node: AnyNode | undefined): Measure {
    return (node !== undefined && this.#of.get(node)) || NOTHING;
  }

  /** Which part of its text is in links, 0 to 1; 1 where there is none. */
  linkShare(node: AnyNode): number {
    const { chars, linkChars } = this.of(node);
    return chars === 0 ? 1 : linkChars / chars;
  }

  #measure(node: AnyNode, isInLink: boolean): Measure {
    const sum = { ...NOTHING };
    if (node.type === 'text') {
      sum.chars = node.data.replace(/\s+/g, '').length;
      sum.linkChars = isInLink ? sum.chars : 0;
    }
    const name = 'name' in node ? node.name : '';
    if (name === 'a') sum.links++;
    if (name === 'h1') sum.h1++;
    for (const child of 'children' in node ? node.children : []) {
      const { chars, linkChars, links, h1 } = this.#measure(child, isInLink || name === 'a');
      sum.chars += chars;
      sum.linkChars += linkChars;
      sum.links += links;
      sum.h1 += h1;
    }
    this.#of.set(node, sum);
    return sum;
  }
}
