/** What an index says, apart from its bytes. */
import { canonicalBytes, parseCanonical } from './canonical-json.ts';
import { shape, share, text } from './checked-json.ts';
import { LIMIT } from './index-layout.ts';

/** What an index was made of and with. */
export interface IndexAbout {
  /** The source or collection. */
  readonly source: string;
  /** Which model made the vectors: queries must be embedded by the same one, fingerprint included. */
  readonly model: { readonly id: string; readonly fingerprint: string };
  /** 0 to 1: the say of vectors in a hybrid search (`fuseScores`). */
  readonly fusionWeight: number;
  /** Of the texts, as Postgres names its text search configurations: `english`, `simple`. */
  readonly language: string;
}

/** A record to encode. */
export interface IndexRecord {
  /** Distinct within the index, not empty. */
  readonly key: string;
  readonly title?: string | null | undefined;
  readonly url?: string | null | undefined;
  /** ISO 8601, kept as it is. */
  readonly publishedAt?: string | null | undefined;
  /** A set: stored sorted, each once. */
  readonly tags?: readonly string[] | undefined;
  /** The record's own columns that the release carries; anything that JSON can say. */
  readonly columns?: Readonly<Record<string, unknown>> | null | undefined;
  readonly chunks: readonly IndexChunk[];
}

export interface IndexChunk {
  /** From 0; distinct within the record. */
  readonly index: number;
  readonly text: string;
  /** In the record's text, in UTF-16 units: `end - start === text.length`. */
  readonly start: number;
  readonly end: number;
  /** The headings above it. */
  readonly section?: string | null | undefined;
  /** From 1. */
  readonly page?: number | null | undefined;
  /** Finite numbers, the same count in every chunk of the index. */
  readonly vector: ArrayLike<number>;
}

/** A record of a decoded index. */
export interface DecodedRecord {
  readonly key: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly publishedAt: string | null;
  readonly tags: readonly string[];
  readonly columns: Readonly<Record<string, unknown>> | null;
  /** Its chunks are `firstChunk` to `firstChunk + chunkCount - 1` of the index. */
  readonly firstChunk: number;
  readonly chunkCount: number;
}

/** A chunk of a decoded index; its vector stays in `vectors`. */
export interface DecodedChunk {
  /** Number of the record in the index. */
  readonly record: number;
  readonly index: number;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly section: string | null;
  readonly page: number | null;
}

const readAbout = shape({
  source: text(1_000),
  model: shape({ id: text(1_000), fingerprint: text(1_000) }),
  fusionWeight: share(),
  language: text(100),
});

/** @throws FormatError */
export function decodeAbout(bytes: Uint8Array): IndexAbout {
  const part = 'index ABOU';
  return readAbout(parseCanonical(bytes, part, LIMIT.aboutBytes), part);
}

/** Takes what `IndexAbout` names and no more. @throws FormatError */
export function encodeAbout(about: IndexAbout): Uint8Array<ArrayBuffer> {
  return canonicalBytes(readAbout(about, 'about'));
}
