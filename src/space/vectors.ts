/**
 * Arrays of pgvector values in Postgres' binary form. A vector of 384 as text is 4 kB to print and to parse;
 * in binary it is a copy. Layouts: vector_recv and halfvec_recv in pgvector.
 */
import { ARRAY_HEADER, writeArrayHeader } from '../database/index.ts';

/** Length of an element, then its count of dimensions and an unused field, 16 bits each. */
const ELEMENT_HEADER = 8;

/**
 * @param vectors (n) each `dimensions` wide, or null
 * @param elementOid of `halfvec` or `vector` in this database
 * @returns a parameter for `$n::vector.halfvec[]`
 */
export function encodeVectors(
  vectors: readonly (Float32Array | null)[],
  type: 'halfvec' | 'vector',
  elementOid: number,
): Buffer {
  const bytesPerNumber = type === 'halfvec' ? 2 : 4;
  let size = ARRAY_HEADER;
  for (const vector of vectors)
    size += vector === null ? 4 : ELEMENT_HEADER + vector.length * bytesPerNumber;
  const buffer = Buffer.allocUnsafe(size);
  let at = writeArrayHeader(buffer, vectors, elementOid);
  for (const vector of vectors) {
    if (vector === null) {
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    at = buffer.writeInt32BE(4 + vector.length * bytesPerNumber, at);
    at = buffer.writeInt16BE(vector.length, at);
    at = buffer.writeInt16BE(0, at);
    at = type === 'halfvec' ? writeHalves(buffer, at, vector) : writeFloats(buffer, at, vector);
  }
  return buffer;
}

/**
 * @param vector at least one number, of 32 bits in effect
 * @returns a parameter for `$n::vector.vector`
 */
export function encodeVector(vector: ArrayLike<number>): Buffer {
  const buffer = Buffer.allocUnsafe(4 + 4 * vector.length);
  buffer.writeInt16BE(vector.length, 0);
  buffer.writeInt16BE(0, 2);
  const numbers = vector instanceof Float32Array ? vector : Float32Array.from(vector);
  writeFloats(buffer, 4, numbers);
  return buffer;
}

/* Index loops and bytes by hand: this runs over every number that is ever stored. */

function writeHalves(buffer: Buffer, at: number, vector: Float32Array): number {
  const words = new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
  for (let i = 0; i < words.length; i++) {
    const half = halfOf(words[i] ?? 0);
    buffer[at++] = half >>> 8;
    buffer[at++] = half;
  }
  return at;
}

function writeFloats(buffer: Buffer, at: number, vector: Float32Array): number {
  const words = new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? 0;
    buffer[at++] = word >>> 24;
    buffer[at++] = word >>> 16;
    buffer[at++] = word >>> 8;
    buffer[at++] = word;
  }
  return at;
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** IEEE 754 binary32 to binary16, to nearest even (Node 22 has no `DataView.setFloat16`). */
export function toHalf(number: number): number {
  single[0] = number;
  return halfOf(bits[0] ?? 0);
}

/** The same, from the bits of a binary32. */
function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent >= 143) return sign | (exponent === 255 && fraction !== 0 ? 0x7e00 : 0x7c00);
  if (exponent < 102) return sign;
  if (exponent < 113) {
    // Subnormal: the implicit one is shifted in, rounded to nearest even.
    const shift = 126 - exponent;
    const full = fraction | 0x800000;
    const half = full >>> shift;
    const rest = full & ((1 << shift) - 1);
    const middle = 1 << (shift - 1);
    return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
  }
  const half = ((exponent - 112) << 10) | (fraction >>> 13);
  const rest = fraction & 0x1fff;
  return sign | (half + (rest > 0x1000 || (rest === 0x1000 && (half & 1) === 1) ? 1 : 0));
}

/** Of a halfvec as `halfvec_send` gives it: its count of numbers and an unused field, 16 bits each; then the numbers. */
const SENT_HEADER = 4;
let floats: Float32Array | undefined;

/** @param sent the bytes of one halfvec @returns its numbers (dimensions) */
export function decodeHalves(sent: Uint8Array): Float32Array {
  const table = (floats ??= Float32Array.from({ length: 0x1_0000 }, (_, half) => floatOf(half)));
  const vector = new Float32Array((sent.length - SENT_HEADER) / 2);
  for (let i = 0, at = SENT_HEADER; i < vector.length; i++, at += 2)
    vector[i] = table[((sent[at] ?? 0) << 8) | (sent[at + 1] ?? 0)] ?? 0;
  return vector;
}

/** IEEE 754 binary16. */
function floatOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
