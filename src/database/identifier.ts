/**
 * Quoting of identifiers, the only way in which a name that is not a constant gets into a statement.
 * Always quotes, so that upper case, spaces and reserved words need no list of rules here.
 */
import { ConfigError } from '../errors/index.ts';

/** `NAMEDATALEN - 1`: Postgres cuts longer names off, so that two different ones become the same. */
const MAX_BYTES = 63;

/**
 * @example quoteIdentifier('My "own"') // "My ""own"""
 * @throws ConfigError for an empty name, one over 63 bytes or one with a NUL character
 */
export function quoteIdentifier(name: string): string {
  if (
    name.length === 0 ||
    name.includes('\0') ||
    new TextEncoder().encode(name).length > MAX_BYTES
  ) {
    throw new ConfigError(`"${name.replaceAll('\0', '␀')}" can't be a name in Postgres.`, {
      remedy: `Use a name of 1 to ${MAX_BYTES} bytes without NUL characters.`,
      isUsage: true,
    });
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** @example quoteQualified('public', 'order') // "public"."order" */
export function quoteQualified(...names: readonly [string, ...string[]]): string {
  return names.map(quoteIdentifier).join('.');
}
