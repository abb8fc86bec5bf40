/** Where things are in an index file (docs/release-format.md). Shared by the encoder and the decoder; knows no content. */
import { paddedDimensions } from './quantise.ts';

export const INDEX_MAGIC = 'EVERVECI';
export const FORMAT_VERSION = 1;
/** The oldest reader that understands what this version writes. */
export const MINIMUM_READER = 1;
/** Sections begin at multiples of this, a cache line. */
export const ALIGNMENT = 64;
/** Of the fixed part of the header; the section table follows. */
export const FIXED_BYTES = 64;
export const SECTION_ENTRY_BYTES = 16;

/** Offsets in the fixed part; all 32-bit but the two versions. */
export const FIELD = {
  version: 8,
  minimumReader: 10,
  headerBytes: 12,
  fileBytes: 16,
  sections: 20,
  records: 24,
  chunks: 28,
  dimensions: 32,
  strings: 36,
  tagLists: 40,
  reserved: 44,
} as const;

export const LIMIT = {
  /** Typed arrays of every browser go this far. */
  fileBytes: 2 ** 30,
  sections: 256,
  /** pgvector's own limit for a vector. */
  dimensions: 16_000,
  aboutBytes: 65_536,
  /** Of one record's columns as JSON. */
  columnsBytes: 2 ** 20,
} as const;

/** In the order in which they lie. */
export const SECTIONS = [
  'ABOU',
  'STRO',
  'STRB',
  'TAGO',
  'TAGS',
  'RCHK',
  'RKEY',
  'RTIT',
  'RURL',
  'RPUB',
  'RTAG',
  'RCOL',
  'CIDX',
  'CSEC',
  'CPAG',
  'CSTA',
  'CEND',
  'TXTO',
  'TXTB',
  'SCAL',
  'VECT',
] as const;
export type SectionTag = (typeof SECTIONS)[number];

export interface Counts {
  readonly records: number;
  readonly chunks: number;
  readonly dimensions: number;
  /** Distinct strings, and distinct lists of tags. */
  readonly strings: number;
  readonly tagLists: number;
}

/** The length that the counts give a section; undefined where its content says it. */
export function sectionBytes(tag: SectionTag, counts: Counts): number | undefined {
  const { records, chunks, dimensions, strings, tagLists } = counts;
  if (tag === 'ABOU' || tag === 'STRB' || tag === 'TAGS' || tag === 'TXTB') return undefined;
  if (tag === 'STRO') return 4 * (strings + 1);
  if (tag === 'TAGO') return 4 * (tagLists + 1);
  if (tag === 'TXTO') return 4 * (chunks + 1);
  if (tag === 'RCHK') return 4 * (records + 1);
  if (tag === 'VECT') return chunks * paddedDimensions(dimensions);
  return 4 * (tag.startsWith('R') ? records : chunks);
}

export function aligned(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT;
}
