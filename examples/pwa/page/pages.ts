/** The pages of the release, as its search gives them. */
import type { PageHit, ReleaseClient } from 'evervec/client';
import { useEffect, useState } from 'react';

export interface GuidePage {
  readonly origin: string;
  readonly title: string;
  readonly text: string;
}

/** By their paths. */
export type Pages = ReadonlyMap<string, GuidePage>;

const NONE: Pages = new Map();
const MOST = 100;

export function pageOf({ title, columns, key, chunk }: PageHit): GuidePage {
  const { origin, text } = columns ?? {};
  return {
    origin: typeof origin === 'string' ? origin : key,
    title: title ?? key,
    text: typeof text === 'string' ? text : chunk.text,
  };
}

/** All of them: every page is near to any vector, so a search by vectors that may give a hundred gives all that there are. */
export function usePages(client: ReleaseClient, version: string | undefined): Pages {
  const [pages, setPages] = useState(NONE);
  useEffect(() => {
    if (version === undefined) return setPages(NONE);
    const ending = new AbortController();
    client.search({ query: 'documentation', mode: 'vector', limit: MOST }, ending.signal).then(
      ({ hits }) => setPages(byOrigin(hits)),
      () => {},
    );
    return () => ending.abort();
  }, [client, version]);
  return pages;
}

function byOrigin(hits: readonly PageHit[]): Pages {
  const pages = hits.map(pageOf).toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
  return new Map(pages.map((page) => [page.origin, page]));
}
