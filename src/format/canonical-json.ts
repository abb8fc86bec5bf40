/**
 * JSON with one spelling for each value (RFC 8785): what is signed and hashed is bytes, so equal
 * content has to be equal bytes. Owns the spelling only; what a document may hold is the reader's.
 */
import { FormatError } from '../errors/index.ts';
import { isSame } from './hash.ts';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [k: string]: Json };

/** Documents nest 5 deep. More is no document of ours, and a recursion must end. */
const MAX_DEPTH = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Keys sorted by UTF-16 units, no blanks, numbers as ECMAScript prints them. Members that are
 * undefined are left out.
 * @throws FormatError for a number that is not finite, a lone surrogate, anything that JSON can't say, or over 16 levels
 */
export function canonicalJson(value: unknown, path = '$', depth = 0): string {
  if (depth > MAX_DEPTH) throw new FormatError(path, `nests deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value === 'string') return canonicalText(value, path);
  if (Array.isArray(value))
    return `[${value.map((item, i) => canonicalJson(item, `${path}[${i}]`, depth + 1)).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value, path, depth);
  throw new FormatError(path, `a ${typeof value} that JSON can't hold`);
}

function canonicalObject(value: object, path: string, depth: number): string {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  const spelt = members.map(
    ([key, member]) =>
      `${canonicalText(key, path)}:${canonicalJson(member, `${path}.*`, depth + 1)}`,
  );
  return `{${spelt.join(',')}}`;
}

function canonicalText(text: string, path: string): string {
  if (!text.isWellFormed()) throw new FormatError(path, 'a text with half a surrogate pair');
  return JSON.stringify(text);
}

export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(canonicalJson(value));
}

/**
 * Reads JSON that must be spelt canonically, so that no two readers can understand it differently (a member twice, a blank, a number
 * beyond 2^53).
 * @param maximum bytes
 * @throws FormatError
 */
export function parseCanonical(bytes: Uint8Array, part: string, maximum: number): unknown {
  if (bytes.length > maximum)
    throw new FormatError(part, `${bytes.length} bytes; the limit is ${maximum}`);
  const value = parse(bytes, part);
  const again = canonicalBytes(value);
  if (!isSame(again, bytes)) throw new FormatError(part, 'is not spelt canonically (RFC 8785)');
  return value;
}

function parse(bytes: Uint8Array, part: string): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    // The cause's message would quote the document.
    throw new FormatError(part, 'is not JSON in UTF-8');
  }
}
