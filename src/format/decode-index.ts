/**
 * Reads an index file. Numbers and vectors are views of the file's own bytes; texts become strings when they are asked for. Opening checks everything but the
 * texts' UTF-8, which each read checks. It does not hash: whoever fetched the file did.
 */
import { FormatError } from '../errors/index.ts';
import { parseCanonical } from './canonical-json.ts';
import { checkIndex } from './check-index.ts';
import {
  decodeAbout,
  type DecodedChunk,
  type DecodedRecord,
  type IndexAbout,
} from './index-content.ts';
import { LIMIT } from './index-layout.ts';
import { paddedDimensions } from './quantise.ts';
import { readSections, type Sections } from './read-sections.ts';
import { compareUtf8, fromUtf8 } from './utf8.ts';
import type { RawChunk, RawRecord } from './write-index.ts';

/**
 * @param bytes a whole `.idx` file; they are kept and must not change. Copied only when they begin at an address that is no multiple of 4
 * @throws FormatError for bytes that are no whole index of a version this reads
 */
export function decodeIndex(bytes: Uint8Array): ReleaseIndex {
  return new ReleaseIndex(bytes);
}

export class ReleaseIndex {
  readonly about: IndexAbout;
  readonly recordCount: number;
  readonly chunkCount: number;
  readonly dimensions: number;
  /** Of a row of `vectors`: a multiple of 16. */
  readonly paddedDimensions: number;
  /** Row-major, −128 to 127. (chunks × padded dimensions) */
  readonly vectors: Int8Array;
  /** 0 to 1; times a row it is a vector of length 1. (chunks) */
  readonly scales: Float32Array;
  /** Each record's first chunk, and at the end how many chunks there are. (records + 1) */
  readonly recordStarts: Uint32Array;
  readonly #sections: Sections;
  /** What was read last: neighbours have the same titles and headings, and a string takes longer to make than to find. */
  readonly #strings = new Map<number, string>();

  constructor(bytes: Uint8Array) {
    const sections = readSections(bytes);
    checkIndex(sections);
    this.#sections = sections;
    this.recordStarts = sections.numbers('RCHK');
    this.about = decodeAbout(sections.bytes('ABOU'));
    this.recordCount = sections.counts.records;
    this.chunkCount = sections.counts.chunks;
    this.dimensions = sections.counts.dimensions;
    this.paddedDimensions = paddedDimensions(this.dimensions);
    const rows = sections.bytes('VECT');
    this.vectors = new Int8Array(rows.buffer, rows.byteOffset, rows.length);
    const scales = sections.bytes('SCAL');
    this.scales = new Float32Array(scales.buffer, scales.byteOffset, scales.length / 4);
  }

  /** The canonical JSON of `about`. */
  get aboutBytes(): Uint8Array {
    return this.#sections.bytes('ABOU');
  }

  /** @throws FormatError, RangeError when there is no such record */
  record(number: number): DecodedRecord {
    inside(number, this.recordCount, 'record');
    const firstChunk = this.recordStarts[number] ?? 0;
    const columns = this.columnsText(number);
    return {
      key: this.key(number),
      title: this.#stringOrNull('RTIT', number),
      url: this.#stringOrNull('RURL', number),
      publishedAt: this.#stringOrNull('RPUB', number),
      tags: this.#tagList(this.#number('RTAG', number)),
      columns: columns === null ? null : parseColumns(columns),
      firstChunk,
      chunkCount: (this.recordStarts[number + 1] ?? 0) - firstChunk,
    };
  }

  /** @throws FormatError, RangeError when there is no such record */
  key(record: number): string {
    inside(record, this.recordCount, 'record');
    return this.#string(this.#number('RKEY', record));
  }

  /** @throws FormatError, RangeError when there is no such record */
  title(record: number): string | null {
    inside(record, this.recordCount, 'record');
    return this.#stringOrNull('RTIT', record);
  }

  /** The headings above a chunk. @throws FormatError, RangeError when there is no such chunk */
  section(chunk: number): string | null {
    inside(chunk, this.chunkCount, 'chunk');
    return this.#stringOrNull('CSEC', chunk);
  }

  /** The record's own columns as canonical JSON. @throws FormatError */
  columnsText(record: number): string | null {
    return this.#stringOrNull('RCOL', record);
  }

  /**
   * All records with their texts and vectors as views, to be laid into another index. A string or a list of tags that many have is
   * made once.
   * @throws FormatError
   */
  rawRecords(): RawRecord[] {
    const strings = remembered((number) => this.#string(number));
    const tagsOf = remembered((list) => this.#tagList(list));
    const stringAt = (tag: StringTag, at: number) => {
      const number = this.#number(tag, at);
      return number === 0 ? null : strings(number - 1);
    };
    const rawChunk = (chunk: number): RawChunk => ({
      index: this.#number('CIDX', chunk),
      section: stringAt('CSEC', chunk),
      page: this.#number('CPAG', chunk) || null,
      start: this.#number('CSTA', chunk),
      end: this.#number('CEND', chunk),
      text: this.textBytes(chunk),
      row: this.row(chunk),
      scale: this.scales[chunk] ?? 0,
    });
    return Array.from({ length: this.recordCount }, (_, record) => {
      const first = this.recordStarts[record] ?? 0;
      const length = (this.recordStarts[record + 1] ?? 0) - first;
      return {
        key: strings(this.#number('RKEY', record)),
        title: stringAt('RTIT', record),
        url: stringAt('RURL', record),
        publishedAt: stringAt('RPUB', record),
        tags: tagsOf(this.#number('RTAG', record)),
        columns: stringAt('RCOL', record),
        chunks: Array.from({ length }, (_, i) => rawChunk(first + i)),
      };
    });
  }

  /** @returns the record's number, or -1. Steps in the logarithm of their count. */
  findRecord(key: string): number {
    let from = 0;
    let to = this.recordCount - 1;
    while (from <= to) {
      const middle = (from + to) >> 1;
      const order = compareUtf8(this.key(middle), key);
      if (order === 0) return middle;
      if (order < 0) from = middle + 1;
      else to = middle - 1;
    }
    return -1;
  }

  /** @returns the number of the record that a chunk is of */
  recordOf(chunk: number): number {
    inside(chunk, this.chunkCount, 'chunk');
    let from = 0;
    let to = this.recordCount - 1;
    while (from < to) {
      const middle = (from + to + 1) >> 1;
      if ((this.recordStarts[middle] ?? 0) <= chunk) from = middle;
      else to = middle - 1;
    }
    return from;
  }

  /** @throws FormatError when its text is not UTF-8 or of another length than its offsets say; RangeError when there is no such chunk */
  chunk(number: number): DecodedChunk {
    const text = this.text(number);
    const start = this.#number('CSTA', number);
    const end = this.#number('CEND', number);
    if (end - start !== text.length)
      throw new FormatError(
        'index CEND',
        `chunk ${number} goes from ${start} to ${end}; its text has ${text.length} units`,
      );
    const page = this.#number('CPAG', number);
    return {
      record: this.recordOf(number),
      index: this.#number('CIDX', number),
      text,
      start,
      end,
      section: this.section(number),
      page: page === 0 ? null : page,
    };
  }

  /** @throws FormatError when it is not UTF-8, RangeError when there is no such chunk */
  text(chunk: number): string {
    return fromUtf8(this.textBytes(chunk), `index TXTB, chunk ${chunk}`);
  }

  /** A view of the text in UTF-8. */
  textBytes(chunk: number): Uint8Array {
    inside(chunk, this.chunkCount, 'chunk');
    return this.#slice('TXTO', 'TXTB', chunk);
  }

  /** A view of the chunk's vector. (padded dimensions) */
  row(chunk: number): Int8Array {
    inside(chunk, this.chunkCount, 'chunk');
    return this.vectors.subarray(
      chunk * this.paddedDimensions,
      (chunk + 1) * this.paddedDimensions,
    );
  }

  #tagList(list: number): string[] {
    const begins = this.#sections.numbers('TAGO');
    return Array.from(
      this.#sections.numbers('TAGS').subarray(begins[list], begins[list + 1]),
      (number) => this.#string(number),
    );
  }

  #stringOrNull(tag: StringTag, at: number): string | null {
    const number = this.#number(tag, at);
    return number === 0 ? null : this.#string(number - 1);
  }

  #string(number: number): string {
    const known = this.#strings.get(number);
    if (known !== undefined) return known;
    const found = fromUtf8(this.#slice('STRO', 'STRB', number), `index STRB, string ${number}`);
    if (this.#strings.size === KEPT_STRINGS) this.#strings.clear();
    this.#strings.set(number, found);
    return found;
  }

  #slice(offsets: 'STRO' | 'TXTO', bytes: 'STRB' | 'TXTB', number: number): Uint8Array {
    const begins = this.#sections.numbers(offsets);
    return this.#sections.bytes(bytes).subarray(begins[number], begins[number + 1]);
  }

  #number(tag: Parameters<Sections['numbers']>[0], at: number): number {
    return this.#sections.numbers(tag)[at] ?? 0;
  }
}

const KEPT_STRINGS = 256;

/** Sections of a string's number + 1, or 0. */
type StringTag = 'RTIT' | 'RURL' | 'RPUB' | 'RCOL' | 'CSEC';
const encoder = new TextEncoder();

function remembered<T>(make: (number: number) => T): (number: number) => T {
  const made = new Map<number, T>();
  return (number) => {
    const known = made.get(number);
    if (known !== undefined) return known;
    const value = make(number);
    made.set(number, value);
    return value;
  };
}

function parseColumns(text: string): Record<string, unknown> {
  const columns = parseCanonical(encoder.encode(text), 'index RCOL', LIMIT.columnsBytes);
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns))
    throw new FormatError('index RCOL', 'is not an object');
  return columns as Record<string, unknown>;
}

function inside(number: number, count: number, what: string): void {
  if (!Number.isInteger(number) || number < 0 || number >= count)
    throw new RangeError(`There is no ${what} ${number}: the index has ${count}.`);
}
