/** What was found: page, place in it, and the passage with the query's words marked. */
import type { PageHit } from 'evervec/client';
import { parseMarkdown, plainText } from './markdown.tsx';
import { pageOf } from './pages.ts';
import { hrefOf } from './route.ts';
import { firstOf, Marked, type Words } from './words.tsx';

const LENGTH = 190;
/** Before the first word that is marked. */
const LEAD = 50;

interface Props {
  hits: readonly PageHit[];
  words: Words;
  /** Path of the page that is shown. */
  current: string | undefined;
}

export function Hits({ hits, words, current }: Props) {
  return (
    <ol className="hits" aria-label="Pages found">
      {hits.map((hit) => {
        const { origin, title } = pageOf(hit);
        return (
          <li key={hit.key}>
            <a className="hit" href={hrefOf(origin)} aria-current={origin === current}>
              <span className="hit-title">
                <Marked text={title} words={words} />
              </span>
              <span className="hit-path">{pathOf(hit)}</span>
              <span className="hit-passage">
                <Marked text={excerptOf(hit.chunk.text, words)} words={words} />
              </span>
            </a>
          </li>
        );
      })}
    </ol>
  );
}

/** The headings above the passage, without the page's own. */
export function pathOf({ title, chunk: { section } }: PageHit): string {
  const path = section?.split(' › ') ?? [];
  return (path[0] === title ? path.slice(1) : path).join(' › ');
}

const known = new Map<string, string>();
const MOST_KNOWN = 500;

/** Without headings, which stand above it. */
function plainPassage(text: string): string {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const { children } = parseMarkdown(text);
  const body = children.filter(({ type }) => type !== 'heading');
  const plain = (body.length > 0 ? body : children).map(plainText).join(' ');
  const passage = plain.replaceAll(/\s+/g, ' ').trim();
  known.set(text, passage);
  return passage;
}

function excerptOf(text: string, words: Words): string {
  const passage = plainPassage(text);
  const first = firstOf(passage, words);
  const from = first > 2 * LEAD ? passage.indexOf(' ', first - LEAD) + 1 : 0;
  const end = passage.lastIndexOf(' ', from + LENGTH);
  const isWhole = passage.length <= from + LENGTH || end <= from;
  return (
    (from > 0 ? '… ' : '') + passage.slice(from, isWhole ? undefined : end) + (isWhole ? '' : ' …')
  );
}
