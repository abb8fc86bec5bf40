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

/** The headings above the passage, and the one that it begins with; without the page's own. */
function pathOf({ title, chunk: { section, text } }: PageHit): string {
  const path = section?.split(' › ') ?? [];
  const { heading } = passageOf(text);
  if (heading !== '' && !path.includes(heading)) path.push(heading);
  return (path[0] === title ? path.slice(1) : path).join(' › ');
}

interface Passage {
  /** That it begins with; empty for none. */
  readonly heading: string;
  readonly text: string;
}

/** The same passages are found again with each key. */
const known = new Map<string, Passage>();
const MOST_KNOWN = 500;

function passageOf(markdown: string): Passage {
  const found = known.get(markdown);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const { children } = parseMarkdown(markdown);
  const [first] = children;
  const body = children.filter(({ type }) => type !== 'heading');
  const passage = {
    heading: first?.type === 'heading' ? plainText(first).trim() : '',
    text: onOneLine((body.length > 0 ? body : children).map(plainText).join(' ')),
  };
  known.set(markdown, passage);
  return passage;
}

/** Of a table that was cut the bars are left. */
function onOneLine(text: string): string {
  return text
    .replaceAll(/\|[\s|]*/g, ' · ')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[\s·]+/, '')
    .trim();
}

function excerptOf(text: string, words: Words): string {
  const { text: passage } = passageOf(text);
  const first = firstOf(passage, words);
  const from = first > 2 * LEAD ? passage.indexOf(' ', first - LEAD) + 1 : 0;
  const end = passage.lastIndexOf(' ', from + LENGTH);
  const isWhole = passage.length <= from + LENGTH || end <= from;
  return (
    (from > 0 ? '… ' : '') + passage.slice(from, isWhole ? undefined : end) + (isWhole ? '' : ' …')
  );
}
