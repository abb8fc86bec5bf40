/** A delta gives exactly the index it was made for, out of the base it was made for alone, and carries only what is new. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors/index.ts';
import { applyDelta, encodeDelta, encodeIndex, type IndexRecord } from '../../src/format/index.ts';
import { ABOUT, anyRecord, anyRecords } from './any-index.ts';

const DIMENSIONS = 5;

/** Two states of a source: some records kept, some edited, moved to another key, gone or new. */
const anyEdit = anyRecords(DIMENSIONS).chain((before) =>
  fc
    .record({
      edits: fc.array(fc.nat(5), { minLength: before.length, maxLength: before.length }),
      fresh: fc.array(anyRecord(DIMENSIONS), { maxLength: 3 }),
      fusionWeight: fc.constantFrom(0.2, 0.5),
    })
    .map(({ edits, fresh, fusionWeight }) => {
      const edited = before.flatMap((record, i) => editOf(record, edits[i] ?? 0));
      const keys = new Set(edited.map(({ key }) => key));
      const added = fresh.filter(({ key }) => !keys.has(key) && keys.add(key));
      return { before, after: [...edited, ...added], about: { ...ABOUT, fusionWeight } };
    }),
);

function editOf(record: IndexRecord, edit: number): IndexRecord[] {
  if (edit === 0) return [];
  if (edit === 1) return [{ ...record, title: 'another title' }];
  if (edit === 2) return [{ ...record, key: `${record.key} moved, and far` }];
  if (edit === 3) return [{ ...record, chunks: record.chunks.slice(1) }];
  if (edit === 4)
    return [{ ...record, chunks: record.chunks.map((c) => ({ ...c, vector: [1, 2, 3, 4, 5] })) }];
  return [record];
}

describe('a delta', () => {
  it('gives the new index, byte for byte, for any edit', async () => {
    await fc.assert(
      fc.asyncProperty(anyEdit, async ({ before, after, about }) => {
        const base = encodeIndex(ABOUT, DIMENSIONS, before);
        const result = encodeIndex(about, DIMENSIONS, after);
        const delta = await encodeDelta(base, result);
        expect(await applyDelta(base, delta)).toEqual(result);
        expect(await encodeDelta(base, result)).toEqual(delta);
      }),
    );
  });

  it('of what did not change has no record, no text and no vector', async () => {
    const before = articles(50);
    const base = encodeIndex(ABOUT, DIMENSIONS, before);
    const nothing = await encodeDelta(base, base);
    const retitled = before.map((r, i) => (i === 7 ? { ...r, title: 'Renamed' } : r));
    const titleOnly = await encodeDelta(base, encodeIndex(ABOUT, DIMENSIONS, retitled));
    expect(nothing.length).toBeLessThan(1_500);
    // The record and its three chunks, of which the base has text and vector: 19 sections of 64 bytes at most.
    expect(titleOnly.length - nothing.length).toBeLessThanOrEqual(19 * 64);
    expect(Buffer.from(titleOnly).includes('the text of')).toBe(false);
    const edited = before.map((record, i) => {
      const [first, , ...rest] = record.chunks;
      return i === 7 && first ? { ...record, chunks: [first, anew, ...rest] } : record;
    });
    const oneChunk = Buffer.from(await encodeDelta(base, encodeIndex(ABOUT, DIMENSIONS, edited)));
    expect(oneChunk.includes(anew.text)).toBe(true);
    expect(oneChunk.includes('the text of')).toBe(false);
  });

  it('is refused by any other base', async () => {
    const [first, second, third] = [10, 11, 12].map((count) =>
      encodeIndex(ABOUT, DIMENSIONS, articles(count)),
    ) as [Uint8Array, Uint8Array, Uint8Array];
    const delta = await encodeDelta(first, second);
    for (const other of [second, third])
      await expect(applyDelta(other, delta)).rejects.toThrow(/for another base/);
    const flipped = first.slice();
    flipped[flipped.length - 20] = 77;
    await expect(applyDelta(flipped, delta)).rejects.toThrow(/for another base/);
  });

  it('makes no more than it may', async () => {
    const base = encodeIndex(ABOUT, DIMENSIONS, articles(10));
    const result = encodeIndex(ABOUT, DIMENSIONS, articles(20));
    const delta = await encodeDelta(base, result);
    const apply = applyDelta(base, delta, { maximumBytes: result.length - 1 });
    await expect(apply).rejects.toThrow(`the limit is ${result.length - 1}`);
    expect(await applyDelta(base, delta, { maximumBytes: result.length })).toEqual(result);
  });

  it('is not made between indexes of different dimensions', async () => {
    const other = encodeIndex(ABOUT, 3, []);
    const delta = encodeDelta(encodeIndex(ABOUT, DIMENSIONS, []), other);
    await expect(delta).rejects.toThrow(FormatError);
  });
});

const anew = {
  index: 1,
  text: 'a paragraph that was written anew',
  start: 10_000,
  end: 10_033,
  vector: [9, 1, 1, 1, 2],
};

function articles(count: number): IndexRecord[] {
  return Array.from({ length: count }, (_, r) => ({
    key: `article-${r}`,
    title: `Article ${r}`,
    chunks: [0, 1, 2].map((index) => {
      const text = `the text of chunk ${index} of article ${r}`;
      const vector = Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(r * 31 + index * 7 + i));
      return { index, text, start: 0, end: text.length, vector };
    }),
  }));
}
