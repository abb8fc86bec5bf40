/**
 * The files of a ZIP archive, as far as documents need it. What an archive says of itself is not believed: each file is
 * unpacked up to what the limits leave, its size and checksum compared.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { ExtractionError } from '../../errors/index.ts';
import type { ExtractLimits } from './extracted.ts';
import { damaged, encrypted, unsupported } from './read-faults.ts';

interface Entry {
  name: string;
  flags: number;
  method: number;
  checksum: number;
  packed: number;
  size: number;
  at: number;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
/** A comment may follow the end record. */
const MAX_COMMENT = 0xffff;
/** So much may be unpacked of the smallest archive. */
const FREE_EXPANSION = 1024 * 1024;

export type ZipLimits = Pick<ExtractLimits, 'maxEntries' | 'maxExpandedBytes' | 'maxExpansion'>;

/** Names of its files; null where its list is missing, as when it was cut off. */
export function listZip(bytes: Uint8Array): string[] | null {
  return readEntries(bytes)?.map(({ name }) => name) ?? null;
}

/**
 * @param isWanted what is not is left packed
 * @throws ExtractionError over a limit, encrypted, damaged
 */
export function unzip(
  bytes: Uint8Array,
  limits: ZipLimits,
  isWanted: (name: string) => boolean,
): Map<string, Uint8Array> {
  const entries = readEntries(bytes);
  if (entries === null) throw damaged('the end of the archive is missing');
  if (entries.length > limits.maxEntries)
    throw tooLarge(`The archive holds ${entries.length} files, ${limits.maxEntries}`);
  const most = Math.max(FREE_EXPANSION, bytes.length * limits.maxExpansion);
  let left = Math.min(limits.maxExpandedBytes, most);
  const limit = left;
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (!isWanted(entry.name) || files.has(entry.name)) continue;
    if (entry.size > left) throw tooExpanded(limit);
    const content = unpack(bytes, entry, left, limit);
    left -= content.length;
    files.set(entry.name, content);
  }
  return files;
}

function readEntries(bytes: Uint8Array): Entry[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end === null) return null;
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff)
    throw tooLarge('The archive is of the form for more than 65,535 files or 4 GiB: none');
  const entries: Entry[] = [];
  for (let index = 0; index < count; index++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== ENTRY)
      throw damaged('the list of its files is not whole');
    const [nameLength, extra, comment] = [28, 30, 32].map((one) => view.getUint16(at + one, true));
    const nameAt = at + 46;
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(nameAt, nameAt + (nameLength ?? 0))),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    });
    at = nameAt + (nameLength ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

function findEnd(view: DataView): number | null {
  const last = view.byteLength - 22;
  for (let at = last; at >= 0 && at >= last - MAX_COMMENT; at--)
    if (view.getUint32(at, true) === END) return at;
  return null;
}

function unpack(bytes: Uint8Array, entry: Entry, left: number, limit: number): Uint8Array {
  if ((entry.flags & 1) === 1) throw encrypted('a file of the archive');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (entry.at + 30 > bytes.length || view.getUint32(entry.at, true) !== LOCAL)
    throw damaged('a file of the archive is not where its list says');
  const start =
    entry.at + 30 + view.getUint16(entry.at + 26, true) + view.getUint16(entry.at + 28, true);
  if (start + entry.packed > bytes.length) throw damaged('a file of the archive is cut off');
  const packed = bytes.subarray(start, start + entry.packed);
  const content = inflate(packed, entry.method, left, limit);
  if (content.length !== entry.size || crc32(content) !== entry.checksum)
    throw damaged('a file of the archive is not what its checksum says');
  return content;
}

function inflate(packed: Uint8Array, method: number, left: number, limit: number): Uint8Array {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw unsupported('an archive with another compression than Deflate');
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, left) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooExpanded(limit);
    throw damaged('a file of the archive can not be unpacked');
  }
}

function tooExpanded(limit: number): ExtractionError {
  return tooLarge(`The file unpacks to more than ${limit} bytes, which for its size`);
}

function tooLarge(what: string): ExtractionError {
  return new ExtractionError(`${what} are taken at most.`, {
    fault: 'too-large',
    remedy: 'Take out what is no text, as pictures and other files, and save it anew.',
  });
}
