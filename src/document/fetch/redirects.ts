/** Follows redirects by hand, so that every hop is checked as the first one was. */
import { FetchError } from '../../errors/index.ts';
import type { Allowed } from './address.ts';
import type { Answer } from './exchange.ts';
import { header } from './headers.ts';
import { checkedUrl } from './url.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where the answer points, unchecked; null where it is no redirect. */
export function redirectOf(url: URL, { status, headers }: Answer): { readonly to: string } | null {
  if (!REDIRECTS.has(status)) return null;
  const to = header(headers, 'location');
  if (to === null) throw new FetchError('REDIRECT', url, 'redirects to nowhere.', { status });
  // Bytes as characters; browsers read them as UTF-8.
  return { to: Buffer.from(to, 'latin1').toString('utf8') };
}

/** What one hop came to. */
export type Hop<Result> = { readonly to: string } | { readonly result: Result };

/**
 * @throws FetchError `REDIRECT` for a loop, too many, or a step down from https; `URL` and `ADDRESS` for a hop that would be
 *   refused as the first one; whatever `visit` throws
 */
export async function followed<Result>(
  start: URL,
  rules: { readonly maxRedirects: number; readonly allowed: Allowed },
  visit: (url: URL) => Promise<Hop<Result>>,
): Promise<Result> {
  const seen = new Set([start.href]);
  let url = start;
  for (;;) {
    const hop = await visit(url);
    if ('result' in hop) return hop.result;
    const next = checkedUrl(hop.to, rules.allowed, url);
    if (url.protocol === 'https:' && next.protocol === 'http:')
      throw new FetchError('REDIRECT', url, 'redirects from https to http.');
    if (seen.has(next.href)) throw new FetchError('REDIRECT', start, 'redirects in a circle.');
    if (seen.size > rules.maxRedirects)
      throw new FetchError('REDIRECT', start, `redirects more than ${rules.maxRedirects} times.`);
    seen.add(next.href);
    url = next;
  }
}
