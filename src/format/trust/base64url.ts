/** Base64url without padding (RFC 4648, section 5), one spelling for each sequence of bytes. */

export function toBase64url(bytes: Uint8Array): string {
  const units = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(units).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @returns undefined for anything that `toBase64url` does not write */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const units = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(units, (unit) => unit.charCodeAt(0));
  return toBase64url(bytes) === text ? bytes : undefined;
}
