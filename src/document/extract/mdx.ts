/**
 * Drops from MDX what is code: imports, exports, expressions and the tags of components. What is between the tags stays,
 * as does all else, as it was written.
 */
import remarkGfm from 'remark-gfm';
import remarkMdx from 'remark-mdx';
import remarkParse from 'remark-parse';
import { unified } from 'unified';

const parser = unified().use(remarkParse).use(remarkGfm).use(remarkMdx);
const CODE = new Set(['mdxjsEsm', 'mdxFlowExpression', 'mdxTextExpression']);

interface Point {
  column: number;
  offset?: number | undefined;
}
interface Node {
  type: string;
  position?: { start: Point; end: Point } | undefined;
}
interface Parent extends Node {
  children: Node[];
}

/** From and to offsets, of text to drop. */
type Cut = readonly [number, number];

export function dropMdx(text: string): { text: string; warnings: string[] } {
  let tree: Parent;
  try {
    tree = parser.parse(text);
  } catch {
    return {
      text: dropStatements(text),
      warnings: ['this is no valid MDX: what its components are made of is left as text'],
    };
  }
  const cuts: Cut[] = [];
  gather(tree, text, cuts, true);
  return {
    text: withoutCuts(text, cuts)
      .replace(/\n{3,}/g, '\n\n')
      .trimStart(),
    warnings: [],
  };
}

/** @param isOutermost no quote or list is around it, whose marks would be in between */
function gather(parent: Parent, text: string, cuts: Cut[], isOutermost: boolean): void {
  for (const child of parent.children) {
    const isElement = child.type === 'mdxJsxFlowElement' || child.type === 'mdxJsxTextElement';
    if (CODE.has(child.type)) cuts.push(rangeOf(child));
    if (isElement) cutTags(child as Parent, cuts);
    if (isElement && child.type === 'mdxJsxFlowElement' && isOutermost)
      cutIndents(child as Parent, text, cuts);
    if ('children' in child) {
      const staysOutermost = isOutermost && child.type === 'mdxJsxFlowElement';
      gather(child as Parent, text, cuts, staysOutermost);
    }
  }
}

function rangeOf({ position }: Node): Cut {
  return [position?.start.offset ?? 0, position?.end.offset ?? 0];
}

function cutTags(element: Parent, cuts: Cut[]): void {
  const [start, end] = rangeOf(element);
  const first = element.children[0];
  const last = element.children.at(-1);
  if (first === undefined || last === undefined) cuts.push([start, end]);
  else cuts.push([start, rangeOf(first)[0]], [rangeOf(last)[1], end]);
}

/** What is inside of components is indented with them, and would be code without. */
function cutIndents(element: Parent, text: string, cuts: Cut[]): void {
  for (const child of element.children) {
    const [start, end] = rangeOf(child);
    const indent = (child.position?.start.column ?? 1) - 1;
    if (indent === 0) continue;
    for (let at = text.lastIndexOf('\n', start) + 1; at < end;) {
      const blanks = /^[ \t]*/.exec(text.slice(at, at + indent))?.[0].length ?? 0;
      if (blanks > 0) cuts.push([at, at + blanks]);
      const next = text.indexOf('\n', at);
      at = next === -1 ? end : next + 1;
    }
  }
}

function withoutCuts(text: string, cuts: readonly Cut[]): string {
  const kept: string[] = [];
  let at = 0;
  for (const [start, end] of cuts.toSorted((a, b) => a[0] - b[0])) {
    if (start > at) kept.push(text.slice(at, start), gap(text, start, end));
    at = Math.max(at, end);
  }
  return [...kept, text.slice(at)].join('');
}

/** A paragraph that a tag stood in front of stays one of its own. */
function gap(text: string, start: number, end: number): string {
  return text.slice(start, end).includes('\n') ? '\n\n' : '';
}

/** Lines that import or export, where they are not in a fence. */
function dropStatements(text: string): string {
  let isInFence = false;
  const kept = text.split('\n').filter((line) => {
    if (/^\s*(?:```|~~~)/.test(line)) isInFence = !isInFence;
    return isInFence || !/^(?:import\s.+from\s|import\s+['"]|export\s)/.test(line);
  });
  return kept.join('\n').trimStart();
}
