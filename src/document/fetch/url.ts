/** Which URLs may be fetched, by what can be read off them. Pure. */
import { isIP } from 'node:net';
import { FetchError } from '../../errors/index.ts';
import type { Allowed } from './address.ts';
import { refusedRange } from './address.ts';

/** Longer ones are not for documents, and the patterns of a robots.txt are matched against every character. */
const MAX_LENGTH = 2_048;

/** Ports of other protocols, which a request could be smuggled into: the list of the Fetch standard. */
const BAD_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
  103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465,
  512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993,
  995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
  6669, 6679, 6697, 10_080,
]);

/**
 * The parser of URLs is the one whose result is connected to, and writes every spelling of an address in one way
 * (`0x7f.1` is `127.0.0.1`), so that no two readings of a URL can differ.
 *
 * @param base what a redirect is relative to
 * @throws FetchError `URL`, `ADDRESS`
 */
export function checkedUrl(text: string, allowed: Allowed, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new FetchError('URL', base ?? null, notOne(base));
  const url = new URL(text, base);
  url.hash = '';
  const fault = faultOf(url);
  if (fault !== null) throw new FetchError('URL', url, fault);
  const host = bareHost(url);
  const range = isIP(host) === 0 ? null : refusedRange(host, host, allowed);
  if (range !== null) throw new FetchError('ADDRESS', url, `is at no public address (${range}).`);
  return url;
}

function notOne(base: URL | undefined): string {
  return base === undefined ? 'cannot be read.' : 'redirects to something that is no URL.';
}

function faultOf(url: URL): string | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `is of ${url.protocol} instead of http: or https:.`;
  if (url.username !== '' || url.password !== '') return 'has a name or password in it.';
  if (url.port !== '' && BAD_PORTS.has(Number(url.port)))
    return `is on port ${url.port}, which belongs to another protocol.`;
  if (url.href.length > MAX_LENGTH)
    return `has ${url.href.length} characters, which is more than ${MAX_LENGTH}.`;
  return null;
}

/** Without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
