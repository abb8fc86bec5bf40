/** Arbitrary content of an index, with what is hard: other scripts, equal strings, no chunks, empty texts, padding. */
import * as fc from 'fast-check';
import type { IndexAbout, IndexChunk, IndexRecord } from '../../src/format/index.ts';

export const ABOUT: IndexAbout = {
  source: 'articles',
  model: { id: 'evervec/near-words@1-2c822c44/384', fingerprint: '2c822c44' },
  fusionWeight: 0.2,
  language: 'english',
};

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('', 'a', 'ab', '\uFEFFmark', '\u{1F600}', '\uFFFD\uE000', 'same', '\0'),
);
const textOrNone = fc.option(text, { nil: undefined });
const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const columns = fc.option(
  fc.dictionary(
    fc.string({ maxLength: 5 }),
    fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    { maxKeys: 3 },
  ),
);

function anyChunk(dimensions: number): fc.Arbitrary<Omit<IndexChunk, 'index'>> {
  return fc
    .record({
      text,
      start: fc.nat(100_000),
      section: textOrNone,
      page: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
      vector: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
        minLength: dimensions,
        maxLength: dimensions,
      }),
    })
    .map((chunk) => ({ ...chunk, end: chunk.start + chunk.text.length }));
}

export function anyRecord(dimensions: number): fc.Arbitrary<IndexRecord> {
  return fc
    .record({
      key,
      title: textOrNone,
      url: textOrNone,
      publishedAt: fc.option(fc.constantFrom('2026-11-21', '2025-01-02T03:04:05Z'), {
        nil: undefined,
      }),
      tags: fc.array(fc.constantFrom('sea', 'boats', 'é', '\u{1F600}'), { maxLength: 4 }),
      columns,
      chunks: fc.array(anyChunk(dimensions), { maxLength: 4 }),
    })
    .map((record) => ({
      ...record,
      chunks: record.chunks.map((chunk, index) => ({ ...chunk, index })),
    }));
}

export function anyRecords(dimensions: number): fc.Arbitrary<IndexRecord[]> {
  return fc.uniqueArray(anyRecord(dimensions), { selector: ({ key }) => key, maxLength: 8 });
}

/** Dimensions below, at and above the padding, and records of as many. */
export const anyContent = fc
  .constantFrom(1, 3, 16, 17)
  .chain((dimensions) =>
    fc.record({ dimensions: fc.constant(dimensions), records: anyRecords(dimensions) }),
  );
