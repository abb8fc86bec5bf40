/** Bearer tokens and secrets: what may be one, how one is read from a request, how two are compared. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Shorter ones can be guessed. */
export const MIN_SECRET_LENGTH = 16;

/** @returns why `secret` can't be sent as a bearer token or is too easy to guess; null when it is fine */
export function secretFault(secret: string | undefined): string | null {
  if (secret === undefined || secret === '') return 'is missing or empty';
  if (!/^[\x21-\x7e]+$/.test(secret)) return 'has spaces or characters beyond printable ASCII';
  if (secret.length < MIN_SECRET_LENGTH) return `is shorter than ${MIN_SECRET_LENGTH} characters`;
  return null;
}

/** What the request carries as its bearer token. */
export function bearerOf(request: Request): string | undefined {
  return /^bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1];
}

export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** In constant time; with hashes, neither the length of a secret nor its start shows in the time it takes. */
export function isSameHash(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(one, other);
}
