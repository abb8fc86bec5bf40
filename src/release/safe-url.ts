/** Which addresses a page may show as links. Pure. */

const NOWHERE = 'https://nowhere.invalid';

/**
 * @param takesPaths whether one without a host is one
 * @returns the address as it was given, or null: of another scheme than HTTP's (`javascript:`, `file:`), or with a password in it
 */
export function safeUrl(address: string | null, takesPaths: boolean): string | null {
  const given = address?.trim() ?? '';
  if (given === '') return null;
  const url = URL.parse(given, takesPaths ? NOWHERE : undefined);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null;
  return url.username === '' && url.password === '' ? given : null;
}
