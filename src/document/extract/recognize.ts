/**
 * What kind of file it is: by its first bytes, then by a look at its text, and where that leaves it open by what was
 * declared and by its name. Reads nothing but the beginning, except for archives, whose list is at the end.
 */
import path from 'node:path';
import { decodeText } from './charset.ts';
import type { ExtractedType, ExtractInput } from './extracted.ts';
import { damaged, encrypted, unsupported } from './read-faults.ts';
import { listZip } from './zip.ts';

const HEAD_BYTES = 64 * 1024;

/** Beginnings of files that hold no text we read, in Latin-1. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['{\\rtf', 'an RTF file'],
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['II*\0', 'a TIFF image'],
  ['MM\0*', 'a TIFF image'],
  ['RIFF', 'a RIFF file (WebP, WAV, AVI)'],
  ['\x1f\x8b', 'a gzip file'],
  ['BZh', 'a bzip2 file'],
  ['7z\xbc\xaf', 'a 7-Zip archive'],
  ['\xfd7zXZ', 'an xz file'],
  ['Rar!', 'a RAR archive'],
  ['\x7fELF', 'a program'],
  ['SQLite format 3\0', 'an SQLite database'],
  ['%!PS', 'a PostScript file'],
  ['OggS', 'an Ogg file'],
  ['ID3', 'an MP3 file'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard file'],
];

const BY_EXTENSION: Readonly<Record<string, ExtractedType>> = {
  '.md': 'markdown',
  '.mdx': 'markdown',
  '.markdown': 'markdown',
  '.html': 'html',
  '.htm': 'html',
  '.xhtml': 'html',
  '.txt': 'text',
  '.text': 'text',
};

const BY_MEDIA_TYPE: Readonly<Record<string, ExtractedType>> = {
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/mdx': 'markdown',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/plain': 'text',
};

/** @throws ExtractionError for what is not read, by name */
export function recognize(input: ExtractInput): ExtractedType {
  const head = Buffer.from(input.bytes.buffer, input.bytes.byteOffset, input.bytes.byteLength)
    .subarray(0, HEAD_BYTES)
    .toString('latin1');
  // Some programs write a few bytes before it, and readers have always looked for it there.
  if (head.slice(0, 1024).includes('%PDF-')) return 'pdf';
  if (head.startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) throw olderOffice(input.bytes);
  if (head.startsWith('PK\x03\x04') || head.startsWith('PK\x05\x06')) return recognizeZip(input);
  const known = MAGIC.find(([magic]) => head.startsWith(magic));
  if (known !== undefined) throw unsupported(known[1]);
  return recognizeText(input);
}

/** An OLE container: Word before 2007, or a newer file that was encrypted. */
function olderOffice(bytes: Uint8Array): Error {
  const holds = (name: string) => Buffer.from(bytes).includes(Buffer.from(name, 'utf16le'));
  if (holds('EncryptedPackage')) return encrypted('an Office document');
  return unsupported('an Office document of the format before 2007');
}

function recognizeZip({ bytes, name }: ExtractInput): ExtractedType {
  const names = listZip(bytes);
  if (names === null) {
    const extension = path.extname(name ?? '').toLowerCase();
    throw damaged(`the end of the ${extension === '.docx' ? 'document' : 'archive'} is missing`);
  }
  const has = (start: string) => names.some((one) => one.startsWith(start));
  if (has('word/')) return 'docx';
  if (has('META-INF/container.xml')) return 'epub';
  if (has('ppt/')) throw unsupported('a PowerPoint presentation');
  if (has('xl/')) throw unsupported('an Excel workbook');
  if (has('content.xml')) throw unsupported('an OpenDocument file');
  throw unsupported('a ZIP archive');
}

const HTML_START = /^<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])/i;
const TAG_START =
  /^<(?:div|p|h[1-6]|table|ul|ol|dl|section|article|main|title|meta|style|center|font|span|a|b|br|hr)\b[^>]*>/i;
const MARKDOWN_LINE = /^(?:#{1,6} \S|```|~~~|[-*+] \S|> |\|.*\|$|\[.+\]\(.+\))/m;
const FRONT_MATTER = /^---[ \t]*\r?\n[\s\S]*?^(?:---|\.\.\.)[ \t]*$/m;

/** @throws ExtractionError for what is no text */
function recognizeText(input: ExtractInput): ExtractedType {
  const bytes = input.bytes.subarray(0, HEAD_BYTES);
  const text = decodeText({ ...input, bytes, isCutOff: bytes.length < input.bytes.length }).text;
  const start = skipPreamble(text);
  if (HTML_START.test(start)) return 'html';
  const declared = declaredType(input);
  // A declaration of HTML without a tag is wrong.
  if (declared === 'html' && !/<[a-z!][^>]*>/i.test(text)) return 'text';
  if (declared !== null) return declared;
  if (TAG_START.test(start) && !MARKDOWN_LINE.test(text)) return 'html';
  return FRONT_MATTER.test(text) || MARKDOWN_LINE.test(text) ? 'markdown' : 'text';
}

/** From the first thing on that is no blank, comment or XML declaration. By steps: one pattern for it takes for ever. */
function skipPreamble(text: string): string {
  let rest = text.trimStart();
  if (/^<\?xml\b/i.test(rest)) rest = rest.slice(rest.indexOf('>') + 1).trimStart();
  let at = text.length - rest.length;
  while (text.startsWith('<!--', at)) {
    const end = text.indexOf('-->', at);
    if (end === -1) break;
    at = end + 3;
    while (/\s/.test(text[at] ?? '')) at++;
  }
  return text.slice(at);
}

/** A name says more than `text/plain`, which servers send for whatever they don't know. */
function declaredType({ name, mediaType }: ExtractInput): ExtractedType | null {
  const byName = BY_EXTENSION[path.extname(name ?? '').toLowerCase()] ?? null;
  const essence = (mediaType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const byMediaType = BY_MEDIA_TYPE[essence] ?? null;
  return byMediaType === null || byMediaType === 'text' ? (byName ?? byMediaType) : byMediaType;
}
