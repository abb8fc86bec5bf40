/**
 * Bytes to text. What is certain comes first: a byte order mark, valid UTF-8, the shape of UTF-16. Then what was
 * declared, as far as it can be true, then what the bytes look like.
 */
import { detect as detectCharset } from 'jschardet';
import { unsupported } from './read-faults.ts';

export interface EncodedText {
  bytes: Uint8Array;
  /** With its charset, if it has one. */
  mediaType: string | null;
  /** What the text itself declares, the likeliest first. */
  declared?: readonly string[];
  /** The bytes end somewhere inside of a text. */
  isCutOff?: boolean;
}

export interface DecodedText {
  text: string;
  /** A label of the WHATWG Encoding Standard. */
  charset: string;
  warnings: string[];
}

const SAMPLE_BYTES = 64 * 1024;
/** Below it a guess is no better than the charset of the old web. */
const MIN_CONFIDENCE = 0.2;
const FALLBACK = 'windows-1252';
/** What the detector calls otherwise than TextDecoder does. */
const LABELS: Readonly<Record<string, string>> = {
  maccyrillic: 'x-mac-cyrillic',
  macroman: 'macintosh',
  'tis-620': 'windows-874',
  cp949: 'euc-kr',
  cp932: 'shift_jis',
  cp1125: 'ibm866',
};

/** @throws ExtractionError for what is no text */
export function decodeText(encoded: EncodedText): DecodedText {
  const { bytes } = encoded;
  const marked = byteOrderMark(bytes);
  if (marked !== null) return decoded(bytes, marked);
  if (isAscii(bytes) && !bytes.includes(0x1b)) {
    const utf16 = bytes.includes(0) ? utf16Order(bytes) : null;
    if (utf16 !== null) return decoded(bytes, utf16);
    refuseBinary(bytes);
    return decoded(bytes, 'utf-8');
  }
  const utf16 = utf16Order(bytes);
  if (utf16 !== null) return decoded(bytes, utf16);
  refuseBinary(bytes);
  // By chance no text of another charset with letters beyond ASCII is valid UTF-8.
  if (!isAscii(bytes) && canBe(encoded, 'utf-8')) return decoded(bytes, 'utf-8');
  return decodeOther(encoded);
}

function decodeOther(encoded: EncodedText): DecodedText {
  const { bytes } = encoded;
  const found = declarations(encoded).find((label) => canBe(encoded, label));
  if (found !== undefined) return decoded(bytes, found);
  const detected = detect(bytes);
  if (detected !== null && canBe(encoded, detected)) return decoded(bytes, detected);
  if (isMostlyUtf8(bytes)) {
    const result = decoded(bytes, 'utf-8');
    return { ...result, warnings: ['some bytes are no valid UTF-8 and are left out'] };
  }
  return decoded(bytes, FALLBACK);
}

function decoded(bytes: Uint8Array, charset: string): DecodedText {
  return { text: new TextDecoder(charset).decode(bytes), charset, warnings: [] };
}

function byteOrderMark([first, second, third]: Uint8Array): string | null {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return null;
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x7f) return false;
  return true;
}

/** Of the declared ones, those that exist; UTF-16 would have shown. */
function declarations({ mediaType, declared = [] }: EncodedText): string[] {
  const byMediaType = /;\s*charset\s*=\s*["']?([^\s"';]+)/i.exec(mediaType ?? '')?.[1];
  return [...(byMediaType === undefined ? [] : [byMediaType]), ...declared].flatMap((label) => {
    const known = knownLabel(label);
    return known === null || known.startsWith('utf-16') ? [] : [known];
  });
}

function knownLabel(label: string): string | null {
  try {
    return new TextDecoder(LABELS[label.toLowerCase()] ?? label).encoding;
  } catch {
    return null;
  }
}

/** It decodes without a fault, and to no control characters, as text of another single-byte charset does. */
function canBe({ bytes, isCutOff = false }: EncodedText, label: string): boolean {
  try {
    const text = new TextDecoder(label, { fatal: true }).decode(bytes, { stream: isCutOff });
    // eslint-disable-next-line no-control-regex
    return !/[\x80-\x84\x86-\x9f]/.test(text);
  } catch {
    return false;
  }
}

function detect(bytes: Uint8Array): string | null {
  const { encoding, confidence } = detectCharset(Buffer.from(sampleOf(bytes)));
  if (encoding === null || confidence < MIN_CONFIDENCE) return null;
  return knownLabel(encoding);
}

/** Where letters beyond ASCII are: a long English beginning would hide them. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte > 0x7f || byte === 0x1b);
  const from = Math.max(0, first - 16);
  return bytes.subarray(from, from + SAMPLE_BYTES);
}

/** One wrong byte in a thousand good characters, as in a file that was put together of two. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(sampleOf(bytes));
  let beyond = 0;
  let wrong = 0;
  for (const character of text) {
    if (character === '\uFFFD') wrong++;
    else if (character > '\x7f') beyond++;
  }
  return wrong * 10 < beyond;
}

/**
 * UTF-16 that does not say so: of each pair one byte is nearly always one of few values, the other is not, and a NUL
 * is among them.
 */
function utf16Order(bytes: Uint8Array): string | null {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  if (sample.length < 4 || !sample.includes(0)) return null;
  const [even, odd] = [topShare(sample, 0), topShare(sample, 1)];
  if (odd.share >= 0.8 && odd.hasNul && even.zeros < 0.02) return 'utf-16le';
  if (even.share >= 0.8 && even.hasNul && odd.zeros < 0.02) return 'utf-16be';
  return null;
}

function topShare(bytes: Uint8Array, parity: 0 | 1) {
  const counts = new Uint32Array(256);
  for (let at = parity; at < bytes.length; at += 2) {
    const value = bytes[at] ?? 0;
    counts[value] = (counts[value] ?? 0) + 1;
  }
  const zeros = counts[0] ?? 0;
  const total = Math.max(
    1,
    counts.reduce((sum, one) => sum + one),
  );
  const [first = 0, second = 0] = counts.toSorted().toReversed();
  return { share: (first + second) / total, hasNul: zeros > 0, zeros: zeros / total };
}

function refuseBinary(bytes: Uint8Array): void {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  let controls = 0;
  for (const byte of sample)
    if (byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b)) controls++;
  if (controls > sample.length / 100 + 1) throw unsupported('a binary file of an unknown kind');
}
