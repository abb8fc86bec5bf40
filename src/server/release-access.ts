/** What requests about a release have in common, which need no token: its name, and whose pages may ask. */
import type { ReleaseServing, ServedRelease } from '../engine/index.ts';
import { HttpRequestError } from '../errors/index.ts';

/** Paths that are public by nature, with the name of the release. */
const NAMED = /^\/(?:releases\/([^/]+)\/|v1\/releases\/([^/]+)\/(?:events|reports)$)/;

export function isPublicOfReleases(pathname: string): boolean {
  return NAMED.test(pathname);
}

/** @throws HttpRequestError (404) */
export function servedRelease(
  serving: ReleaseServing | undefined,
  name: string | undefined,
): ServedRelease {
  const found = serving?.find(name ?? '');
  if (found !== undefined) return found;
  throw nothingHere('No release of this name is served here.');
}

export function nothingHere(message: string): HttpRequestError {
  return new HttpRequestError('NOT_FOUND', 404, message, {
    remedy: 'See "serve" of the release in the configuration.',
  });
}

/** So that pages of the origins that are named may read the answer, a refusal too: that a file is not there is what they look for. */
export function originHeaders(
  serving: ReleaseServing | undefined,
  request: Request,
): Record<string, string> {
  const [, ofFiles, ofServer] = NAMED.exec(new URL(request.url).pathname) ?? [];
  const release = serving?.find(ofFiles ?? ofServer ?? '');
  if (release === undefined) return {};
  const { origins } = release.settings;
  if (origins === '*')
    return { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
  const origin = request.headers.get('origin');
  const isAllowed = origin !== null && origins.includes(origin);
  return { vary: 'origin', ...(isAllowed && { 'access-control-allow-origin': origin }) };
}

/**
 * A browser says which page it asks for, and no page can make it lie. Programs say nothing.
 * @throws HttpRequestError (403)
 */
export function requireOrigin({ settings }: ServedRelease, request: Request): void {
  const { origins } = settings;
  const origin = request.headers.get('origin');
  if (origin === null || origins === '*' || origins.includes(origin)) return;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (URL.parse(origin)?.host === host) return;
  throw new HttpRequestError('FORBIDDEN', 403, 'Pages of this origin may not report here.', {
    remedy: 'Name it under serve.origins of the release.',
  });
}
