/** Which page is read: in the address after `#`, so that it can be linked to and the browser's back button leads out of it. */
import { useSyncExternalStore } from 'react';

export interface Route {
  /** Path of a page: `docs/search.md`. */
  readonly origin: string;
  /** Of a heading; empty for none. */
  readonly heading: string;
}

const BETWEEN = '~';

/** @returns null while no page was asked for */
export function useRoute(): Route | null {
  const hash = useSyncExternalStore(onHash, () => location.hash);
  if (hash.length < 2) return null;
  const [origin = '', heading = ''] = decodeURIComponent(hash.slice(1)).split(BETWEEN);
  return { origin, heading };
}

function onHash(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export function hrefOf(origin: string, heading = ''): string {
  return `#${encodeURI(origin)}${heading === '' ? '' : BETWEEN + encodeURIComponent(heading)}`;
}

/** Out of the page that is read. */
export function leave(): void {
  if (location.hash === '') return;
  history.pushState(null, '', location.pathname + location.search);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/**
 * Where a link in a page leads.
 * @returns null for what is no page of the guide
 */
export function resolveLink(href: string, from: string): Route | null {
  const base = `https://guide.invalid/${from}`;
  if (!URL.canParse(href, base)) return null;
  const { host, pathname, hash } = new URL(href, base);
  if (host !== 'guide.invalid' || !pathname.endsWith('.md')) return null;
  return {
    origin: decodeURIComponent(pathname.slice(1)),
    heading: decodeURIComponent(hash.slice(1)),
  };
}
