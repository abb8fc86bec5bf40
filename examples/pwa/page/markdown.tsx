/** Shows Markdown: parsed by remark, made into elements here. Nothing of a text becomes markup that is not one of these elements. */
import type { Nodes, PhrasingContent, Root, RootContent, Table } from 'mdast';
import { type ReactNode, createElement } from 'react';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { hrefOf, resolveLink } from './route.ts';
import { Marked, type Words } from './words.tsx';

const parser = unified().use(remarkParse).use(remarkGfm);

export function parseMarkdown(text: string): Root {
  return parser.parse(text);
}

/** Words alone. */
export function plainText(node: Nodes): string {
  if ('value' in node) return node.type === 'html' ? '' : node.value;
  if (!('children' in node)) return node.type === 'break' ? ' ' : '';
  const isLine = node.type === 'paragraph' || node.type === 'heading' || node.type === 'tableCell';
  return node.children.map(plainText).join('') + (isLine ? ' ' : '');
}

/** As the links of the guide spell headings. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

export interface Showing {
  readonly words: Words;
  /** The page's own path: links are relative to it. */
  readonly origin: string;
  /** What was found: offsets in the text. */
  readonly found: readonly [start: number, end: number] | null;
}

export function Markdown({ root, showing }: { root: Root; showing: Showing }): ReactNode {
  return root.children.map((block, at) => (
    <div className={isFound(block, showing) ? 'block found' : 'block'} key={at}>
      {show(block, showing)}
    </div>
  ));
}

function isFound({ position }: RootContent, { found }: Showing): boolean {
  const [start, end] = [position?.start.offset, position?.end.offset];
  if (found === null || start === undefined || end === undefined) return false;
  return start < found[1] && end > found[0];
}

function show(node: RootContent, showing: Showing, key?: number): ReactNode {
  const inside = () => ('children' in node ? showAll(node.children, showing) : null);
  switch (node.type) {
    case 'text':
      return <Marked key={key} text={node.value} words={showing.words} />;
    case 'inlineCode':
      return (
        <code key={key}>
          <Marked text={node.value} words={showing.words} />
        </code>
      );
    case 'code':
      return (
        // What scrolls must be reached by the keyboard.
        <pre key={key} tabIndex={0}>
          <code>
            <Marked text={node.value} words={showing.words} />
          </code>
        </pre>
      );
    case 'heading': {
      // The page has its own first heading.
      const level = Math.min(6, node.depth + 1);
      const id = `at-${slugOf(plainText(node))}`;
      return createElement(`h${level}`, { key, id, tabIndex: -1 }, inside());
    }
    case 'paragraph':
      return <p key={key}>{inside()}</p>;
    case 'strong':
      return <strong key={key}>{inside()}</strong>;
    case 'emphasis':
      return <em key={key}>{inside()}</em>;
    case 'delete':
      return <del key={key}>{inside()}</del>;
    case 'blockquote':
      return <blockquote key={key}>{inside()}</blockquote>;
    case 'list':
      return createElement(
        node.ordered === true ? 'ol' : 'ul',
        { key, ...(typeof node.start === 'number' && { start: node.start }) },
        inside(),
      );
    case 'listItem':
      return <li key={key}>{inside()}</li>;
    case 'link':
      return (
        <Link key={key} href={node.url} from={showing.origin}>
          {inside()}
        </Link>
      );
    case 'table':
      return <TableOf key={key} table={node} showing={showing} />;
    case 'break':
      return <br key={key} />;
    case 'thematicBreak':
      return <hr key={key} />;
    case 'html':
      return <code key={key}>{node.value}</code>;
    case 'image':
      return node.alt ?? null;
    default:
      return inside();
  }
}

function showAll(nodes: readonly RootContent[], showing: Showing): ReactNode {
  return nodes.map((node, at) => show(node, showing, at));
}

/** Within the guide, to the web, or (a file of the repository) nowhere. */
function Link({ href, from, children }: { href: string; from: string; children: ReactNode }) {
  const route = resolveLink(href, from);
  if (route !== null) return <a href={hrefOf(route.origin, route.heading)}>{children}</a>;
  if (!/^https?:/.test(href)) return children;
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

function TableOf({ table, showing }: { table: Table; showing: Showing }) {
  const [head, ...rows] = table.children;
  const cells = (content: readonly PhrasingContent[]) => showAll(content, showing);
  return (
    // What scrolls must be reached by the keyboard.
    <div className="table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head?.children.map((cell, at) =>
              cell.children.length === 0 ? (
                <td key={at} />
              ) : (
                <th key={at} scope="col">
                  {cells(cell.children)}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.children.map((cell, column) => (
                <td key={column}>{cells(cell.children)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
