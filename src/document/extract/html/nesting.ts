/** How deep elements are in one another: what comes after walks them by recursion. */
import type { AnyNode } from './dom.ts';
import { tooDeep } from '../read-faults.ts';

/** @throws ExtractionError */
export function checkNesting(root: AnyNode | undefined, max: number): void {
  const open: { node: AnyNode; depth: number }[] =
    root === undefined ? [] : [{ node: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > max) throw tooDeep(max);
    if (!('children' in next.node)) continue;
    for (const node of next.node.children) open.push({ node, depth: next.depth + 1 });
  }
}
