/** An index file says what was encoded, whatever the order it came in, and is as small as it has to be. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors/index.ts';
import { decodeIndex, encodeIndex, quantise } from '../../src/format/index.ts';
import type { IndexRecord } from '../../src/format/index.ts';
import { ABOUT, anyContent } from './any-index.ts';
import { contentOf } from './index-content.ts';

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function expected(records: readonly IndexRecord[]) {
  const sorted = [...records].sort((a, b) => compareBytes(a.key, b.key));
  return sorted.map(({ key, title, url, publishedAt, tags, columns, chunks }) => ({
    key,
    title: title ?? null,
    url: url ?? null,
    publishedAt: publishedAt ?? null,
    tags: [...new Set(tags)].sort(compareBytes),
    columns: columns == null ? null : JSON.parse(JSON.stringify(columns)),
    chunks: chunks.map(({ vector, section, page, ...chunk }) => {
      const { row, scale } = quantise(vector);
      return { ...chunk, section: section ?? null, page: page ?? null, row: [...row], scale };
    }),
  }));
}

describe('an index file', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(anyContent, ({ dimensions, records }) => {
        const index = decodeIndex(encodeIndex(ABOUT, dimensions, records));
        expect(index.about).toEqual(ABOUT);
        expect(contentOf(index).records).toEqual(expected(records));
        for (let chunk = 0; chunk < index.chunkCount; chunk++) {
          const { firstChunk, chunkCount } = index.record(index.recordOf(chunk));
          expect(chunk >= firstChunk && chunk < firstChunk + chunkCount).toBe(true);
        }
        for (const [at, { key }] of expected(records).entries())
          expect(index.findRecord(key)).toBe(at);
        expect(index.findRecord('no such key, surely')).toBe(-1);
      }),
    );
  });

  it('has the same bytes for the same content in any order', () => {
    fc.assert(
      fc.property(
        anyContent.chain((content) =>
          fc.record({
            content: fc.constant(content),
            shuffled: fc.shuffledSubarray(content.records, { minLength: content.records.length }),
          }),
        ),
        ({ content: { dimensions, records }, shuffled }) => {
          const again = shuffled.map((record) => ({
            ...record,
            tags: record.tags?.toReversed(),
            chunks: record.chunks.toReversed(),
          }));
          expect(encodeIndex(ABOUT, dimensions, again)).toEqual(
            encodeIndex(ABOUT, dimensions, records),
          );
        },
      ),
    );
  });

  it('is read from wherever its bytes lie, and copied only from an odd place', () => {
    const bytes = encodeIndex(ABOUT, 3, [recordOf({ key: 'a' })]);
    for (const shift of [0, 1, 4]) {
      const larger = new Uint8Array(bytes.length + 8);
      larger.set(bytes, shift);
      const index = decodeIndex(larger.subarray(shift, shift + bytes.length));
      expect(index.text(0)).toBe('text');
      expect(index.vectors.buffer === larger.buffer).toBe(shift % 4 === 0);
    }
  });

  it('of 10,000 chunks opens without copying it, or making a string of each text', () => {
    const text = 'x'.repeat(829);
    const chunks = Array.from({ length: 10 }, (_, index) => ({
      index,
      text,
      start: 0,
      end: text.length,
      vector: [index, 1],
    }));
    const records = Array.from({ length: 1_000 }, (_, i) => ({ key: `k${i}`, chunks }));
    const bytes = encodeIndex(ABOUT, 2, records);
    const before = process.memoryUsage();
    const index = decodeIndex(bytes);
    const after = process.memoryUsage();
    expect(index.chunkCount).toBe(10_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100_000);
    // The texts have 8 MB.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(2_000_000);
  });

  it('stores a string that many records have once', () => {
    const title = 'a title that is rather long, so that it counts';
    const sizeOf = (count: number) =>
      encodeIndex(
        ABOUT,
        3,
        Array.from({ length: count }, (_, i) => ({
          ...recordOf({ key: `k${i}` }),
          title,
          url: title,
        })),
      ).length;
    // 7 numbers of a record and 5 of its chunk, text and its offset, scale, row, key and its offset.
    expect((sizeOf(1_000) - sizeOf(100)) / 900).toBeLessThan(7 * 4 + 5 * 4 + 8 + 4 + 16 + 8);
  });

  it.each<[what: string, dimensions: number, record: Partial<IndexRecord>]>([
    ['dimensions', 4, {}],
    ['0', 0, {}],
    ['no key', 3, { key: '' }],
    ['the length of its text', 3, { chunks: [{ ...chunkOf(), end: 90 }] }],
    ['page 0', 3, { chunks: [{ ...chunkOf(), page: 0 }] }],
    ['index -1', 3, { chunks: [{ ...chunkOf(), index: -1 }] }],
    ['twice', 3, { chunks: [chunkOf(), chunkOf()] }],
    ['not finite', 3, { chunks: [{ ...chunkOf(), vector: [0, Number.NaN, 1] }] }],
    ['surrogate', 3, { chunks: [{ ...chunkOf(), text: '\ud800abc' }] }],
    ['surrogate', 3, { title: '\udc00' }],
    ['bigint', 3, { columns: { price: 5n } }],
    ['columns have over', 3, { columns: { long: 'x'.repeat(2 ** 20) } }],
  ])('cannot be made of content that has %s', (what, dimensions, record) => {
    const encode = () => encodeIndex(ABOUT, dimensions, [{ ...recordOf({ key: 'a' }), ...record }]);
    expect(encode).toThrow(FormatError);
    expect(encode).toThrow(what);
  });

  it('cannot hold a key twice', () => {
    const twice = [recordOf({ key: 'a' }), recordOf({ key: 'a' })];
    expect(() => encodeIndex(ABOUT, 3, twice)).toThrow(/two have the key/);
  });
});

function chunkOf() {
  return { index: 0, text: 'text', start: 10, end: 14, vector: [1, 2, 2] };
}

function recordOf(record: { key: string }): IndexRecord {
  return { ...record, chunks: [chunkOf()] };
}
