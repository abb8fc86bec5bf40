/** One page of the guide, at the passage that was found. */
import type { PageHit } from 'evervec/client';
import { useDeferredValue, useEffect, useMemo, useRef } from 'react';
import { Markdown, parseMarkdown } from './markdown.tsx';
import { type GuidePage, pageOf, type Pages } from './pages.ts';
import { leave, type Route } from './route.ts';
import type { Words } from './words.tsx';

export interface Reading {
  readonly page: GuidePage;
  /** Offsets of the passage in the page's text; null where the page was asked for by itself. */
  readonly found: readonly [start: number, end: number] | null;
  /** To begin at; empty for none. */
  readonly heading: string;
  /** Whether somebody opened it; else it is the first hit. */
  readonly isChosen: boolean;
}

/** @returns null where there is nothing to read */
export function readingOf(
  route: Route | null,
  hits: readonly PageHit[],
  pages: Pages,
): Reading | null {
  const hit = route === null ? hits[0] : hits.find((one) => pageOf(one).origin === route.origin);
  const page = hit === undefined ? pages.get(route?.origin ?? '') : pageOf(hit);
  if (page === undefined) return null;
  const heading = route?.heading ?? '';
  const found = hit === undefined || heading !== '' ? null : passageOf(hit);
  return { page, found, heading, isChosen: route !== null };
}

function passageOf({ chunk: { start, end } }: PageHit): [number, number] {
  return [start, end];
}

/** For a link to what the release does not have. */
export function Missing({ origin }: { origin: string }) {
  return (
    <article className="reader" aria-label="No page">
      <Top origin={origin} />
      <p>There is no such page in this release.</p>
    </article>
  );
}

function Top({ origin }: { origin: string }) {
  return (
    <div className="reader-top">
      <button type="button" className="quiet back" onClick={leave}>
        Back
      </button>
      <span className="origin">{origin}</span>
    </div>
  );
}

export function Reader({ reading, words }: { reading: Reading; words: Words }) {
  const { page, found, heading, isChosen } = reading;
  const article = useRef<HTMLElement>(null);
  const root = useMemo(() => parseMarkdown(page.text), [page.text]);
  const deferred = useDeferredValue(words);
  const showing = { words: found === null ? [] : deferred, origin: page.origin, found };
  useEffect(() => {
    const at = article.current;
    if (at === null) return;
    if (isChosen) at.focus({ preventScroll: true });
    const target = heading === '' ? at.querySelector('.found') : headingIn(at, heading);
    if (target === null) at.scrollTo(0, 0);
    // What a page begins with is shown with its beginning.
    if (target === null || target === at.querySelector('.block')) at.scrollIntoView();
    else target.scrollIntoView();
  }, [page.text, found?.[0], heading, isChosen]);
  return (
    <article ref={article} className="reader" tabIndex={-1} aria-label={page.title}>
      <Top origin={page.origin} />
      <div className="prose">
        <Markdown root={root} showing={showing} />
      </div>
    </article>
  );
}

function headingIn(article: HTMLElement, heading: string): Element | null {
  return article.querySelector(`#at-${CSS.escape(heading)}`);
}
