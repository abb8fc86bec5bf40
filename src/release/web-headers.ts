/**
 * How files of a release are shown on the web, whoever shows them. Never with a Content-Encoding: clients unpack by themselves, and what a proxy unpacks
 * for them has another hash and length.
 */

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  gz: 'application/gzip',
};

/** @param path within the release's folder */
export function contentTypeOf(path: string): string {
  return TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}

/** What lies in a folder is named by its content and never changes; what lies beside the pointer does. */
export function cacheControlOf(path: string): string {
  return path.includes('/') ? IMMUTABLE : CHANGING;
}

/** What lies under a hash never changes. */
export const IMMUTABLE = 'public, max-age=31536000, immutable';
export const CHANGING = 'no-cache';
