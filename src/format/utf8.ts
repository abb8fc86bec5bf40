/** UTF-8 there and back, with a byte order mark as any other character; and its order. */
import { FormatError } from '../errors/index.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws FormatError for half a surrogate pair */
export function toUtf8(text: string, part: string): Uint8Array<ArrayBuffer> {
  if (!text.isWellFormed())
    throw new FormatError(part, 'holds half a surrogate pair', { isUsage: true });
  return encoder.encode(text);
}

/** @throws FormatError */
export function fromUtf8(bytes: Uint8Array, part: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new FormatError(part, 'is not UTF-8');
  }
}

/** Below 0 when `a` comes first in the order of their UTF-8 bytes, which is that of code points. */
export function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const one = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (one !== other) return rankOfUnit(one) - rankOfUnit(other);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all other units. */
function rankOfUnit(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
