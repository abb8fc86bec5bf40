/** Files that someone made to do harm: each is refused with a FormatError, soon and in little memory. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors/index.ts';
import {
  applyDelta,
  decodeIndex,
  encodeDelta,
  encodeIndex,
  sha256Hex,
} from '../../src/format/index.ts';
import { ABOUT, anyContent, anyRecords } from './any-index.ts';
import { contentOf } from './index-content.ts';

const INTERESTING = [0, 1, 2, 63, 64, 65, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];
/** Of one file; a decoder that runs off takes minutes. */
const MAX_MS = 2_000;
const MAX_BYTES = 256 * 2 ** 20;

/** Changes to bytes, words of 32 bits among them, which is what offsets and counts are. */
const anyDamage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    inHeader: fc.boolean(),
    word: fc.oneof(fc.constantFrom(...INTERESTING), fc.nat()),
  }),
  { minLength: 1, maxLength: 3 },
);
type Damage = typeof anyDamage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Uint8Array, damage: Damage): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const { at, inHeader, word } of damage) {
    const words = Math.min(inHeader ? 112 : Infinity, copy.length >> 2);
    view.setUint32(4 * Math.floor(at * words), word, true);
  }
  return copy;
}

/** Runs what may refuse, and nothing else; within the limits of time and memory. */
async function refusedOrDone(act: () => unknown): Promise<void> {
  const started = performance.now();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  try {
    await act();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).toMatch(/^(index|delta|vector|\$)/);
  }
  const after = process.memoryUsage();
  expect(performance.now() - started).toBeLessThan(MAX_MS);
  expect(after.arrayBuffers - arrayBuffers + after.heapUsed - heapUsed).toBeLessThan(MAX_BYTES);
}

describe('hostile bytes', () => {
  it('of an index, at random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
        await refusedOrDone(() => decodeIndex(bytes));
        const header = encodeIndex(ABOUT, 3, []).slice(0, 448);
        await refusedOrDone(() => contentOf(decodeIndex(Buffer.concat([header, bytes]))));
      }),
      { numRuns: 300 },
    );
  });

  it('of an index, with counts, offsets and numbers changed', async () => {
    await fc.assert(
      fc.asyncProperty(anyContent, anyDamage, async ({ dimensions, records }, damage) => {
        const bytes = damaged(encodeIndex(ABOUT, dimensions, records), damage);
        await refusedOrDone(() => {
          const index = decodeIndex(bytes);
          contentOf(index);
          index.findRecord('x');
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('of a delta, with counts, offsets and numbers changed', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords(3), anyRecords(3), anyDamage, async (old, next, damage) => {
        const base = encodeIndex(ABOUT, 3, old);
        const result = encodeIndex(ABOUT, 3, next);
        const delta = damaged(await encodeDelta(base, result), damage);
        await refusedOrDone(async () => {
          // What is not refused is what was signed.
          expect(await applyDelta(base, delta)).toEqual(result);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a delta whose chunks all take the same large text', async () => {
    const large = 'x'.repeat(2_000_000);
    const chunk = (index: number, text: string) => ({
      index,
      text,
      start: 0,
      end: text.length,
      vector: [1, 2, 3],
    });
    const base = encodeIndex(ABOUT, 3, [{ key: 'a', chunks: [chunk(0, large)] }]);
    const many = Array.from({ length: 500 }, (_, i) => chunk(i, `t${i}`));
    const delta = await encodeDelta(base, encodeIndex(ABOUT, 3, [{ key: 'b', chunks: many }]));
    const view = new DataView(delta.buffer);
    const textFrom = 192;
    // Would take a gigabyte, of a file of 60 kB.
    for (let i = 0; i < many.length; i++) view.setUint32(textFrom + 4 * i, 1, true);
    const patchIsEmpty = applyDelta(base, delta);
    await expect(patchIsEmpty).rejects.toThrow(FormatError);
    const empty = Array.from({ length: 500 }, (_, i) => chunk(i, ''));
    const bomb = await encodeDelta(base, encodeIndex(ABOUT, 3, [{ key: 'b', chunks: empty }]));
    const bombView = new DataView(bomb.buffer);
    for (let i = 0; i < many.length; i++) bombView.setUint32(textFrom + 4 * i, 1, true);
    await refusedOrDone(() => applyDelta(base, bomb));
    await expect(applyDelta(base, bomb)).rejects.toThrow(/gives at least/);
  });

  it('of an index whose records share one large string are gone through once', async () => {
    const title = 'y'.repeat(3_000_000);
    const records = Array.from({ length: 400 }, (_, i) => ({ key: `k${i}`, title, chunks: [] }));
    const base = encodeIndex(ABOUT, 3, records);
    const result = encodeIndex(ABOUT, 3, records.slice(1));
    const delta = await encodeDelta(base, result);
    await refusedOrDone(() => applyDelta(base, delta));
    expect(await sha256Hex(await applyDelta(base, delta))).toBe(await sha256Hex(result));
  });

  it('of an index name what is wrong: the section, the value and the limit', () => {
    const bytes = encodeIndex(ABOUT, 3, [
      { key: 'a', chunks: [{ index: 0, text: 'text', start: 0, end: 4, vector: [1, 2, 3] }] },
    ]);
    const changed = (at: number, value: number) => {
      const copy = bytes.slice();
      new DataView(copy.buffer).setUint32(at, value, true);
      return () => decodeIndex(copy);
    };
    const places = new Map<string, number>();
    const view = new DataView(bytes.buffer);
    for (let entry = 64; entry < 64 + 21 * 16; entry += 16)
      places.set(
        Buffer.from(bytes.subarray(entry, entry + 4)).toString(),
        view.getUint32(entry + 4, true),
      );
    const at = (tag: string) => places.get(tag) ?? Number.NaN;
    expect(changed(0, 0)).toThrow(/index header: byte 0 is 0/);
    expect(changed(8, 0x0002_0002)).toThrow(/needs a reader of version 2; this is 1/);
    expect(changed(16, 77)).toThrow(/bytes are there; it says 77/);
    expect(changed(28, 5)).toThrow(/index CIDX: has 4 bytes; by the counts it has 20/);
    expect(changed(32, 0)).toThrow(/0 dimensions; 1 to 16000/);
    expect(changed(at('TXTO') + 4, 9)).toThrow(/index TXTO: entry 1 is 9 after 0; the limit is 4/);
    expect(changed(at('RTIT'), 9)).toThrow(/index RTIT: entry 0 is 9; it must be below 2/);
    expect(changed(at('RKEY'), 1)).toThrow(/index RKEY: entry 0 is 1; it must be below 1/);
    expect(changed(at('SCAL'), 0x7fc0_0000)).toThrow(/index SCAL: entry 0 is NaN/);
    expect(changed(at('VECT') + 4, 1)).toThrow(/index VECT: byte 4 is 1; padding is 0/);
    expect(changed(at('CSTA'), 8)).toThrow(/index CEND: entry 0 is 4; it starts at 8/);
    const text = changed(at('TXTB'), 0xffff_ffff);
    expect(() => text().text(0)).toThrow(/index TXTB, chunk 0: is not UTF-8/);
    const shifted = changed(at('CEND'), 3);
    expect(() => shifted().chunk(0)).toThrow(/goes from 0 to 3; its text has 4 units/);
  });
});
