/** The whole page: search and hits on one side, what is read on the other, the release above both. */
import type { ReleaseClient } from 'evervec/client';
import { useRelease, useSearch } from 'evervec/react';
import { useMemo, useState } from 'react';
import { Contents } from './contents.tsx';
import { Header } from './header.tsx';
import { Hits } from './hits.tsx';
import { useKeys } from './keys.ts';
import { useNews } from './news.ts';
import { usePages } from './pages.ts';
import { Missing, Reader, readingOf } from './reader.tsx';
import { useClient, useOfferedBytes } from './release-client.ts';
import { useRoute } from './route.ts';
import { SearchBox } from './search-box.tsx';
import { Updates } from './updates.tsx';
import { Welcome } from './welcome.tsx';
import { wordsOf } from './words.tsx';

const LIMIT = 12;
const QUERY = 'q';

/** @param first the client to begin with */
export function App({ first }: { first: ReleaseClient }) {
  const { client, mode, choose } = useClient(first);
  const { status, progress } = useRelease(client);
  const bytes = useOfferedBytes(client);
  const [news, putAway] = useNews(client);
  const [query, setQuery] = useQuery();
  const search = useSearch(client, query, { limit: LIMIT });
  const pages = usePages(client, status.active?.version);
  const route = useRoute();
  const input = useKeys();
  const words = useMemo(() => wordsOf(query), [query]);
  const reading = readingOf(route, search.hits, pages);
  const isBlank = query.trim() === '';
  return (
    <div className={route === null ? 'app' : 'app is-reading'}>
      <Header {...{ client, status, mode }} onMode={choose} />
      <Updates {...{ client, status, progress, bytes, news }} onPutAway={putAway} />
      <main className="layout">
        <section className="finder" aria-label="Search">
          <SearchBox
            {...{ input, query, search }}
            onQuery={setQuery}
            isInstalled={status.active !== null}
          />
          {isBlank ? (
            <Contents pages={pages} current={route?.origin} />
          ) : (
            <Hits hits={search.hits} words={words} current={reading?.page.origin} />
          )}
        </section>
        {reading === null && route !== null && pages.size > 0 ? (
          <Missing origin={route.origin} />
        ) : reading === null ? (
          <Welcome isInstalled={status.active !== null} count={pages.size} onQuery={setQuery} />
        ) : (
          <Reader reading={reading} words={words} />
        )}
      </main>
    </div>
  );
}

/** What is searched, which stands in the address too. */
function useQuery(): [string, (query: string) => void] {
  const [query, setQuery] = useState(() => new URLSearchParams(location.search).get(QUERY) ?? '');
  const change = (next: string) => {
    setQuery(next);
    const search = next.trim() === '' ? '' : `?${new URLSearchParams({ [QUERY]: next })}`;
    history.replaceState(null, '', location.pathname + search + location.hash);
  };
  return [query, change];
}
