/** The kernel gives the integers that plain JavaScript gives, and the bytes kept are those of its listing. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dotKernel } from '../../scripts/dot-kernel.ts';
import { DOT_KERNEL } from './dot-kernel.ts';
import { cosinesOf, createRowScorer } from './dot-rows.ts';

const anyRows = fc
  .record({ lanes: fc.integer({ min: 1, max: 6 }), count: fc.nat(23) })
  .chain(({ lanes, count }) => {
    const row = (length: number) =>
      fc
        .int8Array({ minLength: length, maxLength: length })
        .map((numbers) => new Int8Array(numbers));
    const query = (length: number) =>
      fc
        .int16Array({ minLength: length, maxLength: length })
        .map((numbers) => new Int16Array(numbers));
    const width = 16 * lanes;
    return fc.record({
      width: fc.constant(width),
      rows: row(width * count),
      queries: fc.array(query(width), { minLength: 1, maxLength: 3 }),
    });
  });

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('dot products of rows', () => {
  it('are the same in WebAssembly and in JavaScript, for any rows', () => {
    fc.assert(
      fc.property(anyRows, ({ rows, width, queries }) => {
        const wasm = createRowScorer(rows, width);
        const plain = createRowScorer(rows, width, 'javascript');
        expect(wasm.kind).toBe(rows.length > 0 ? 'wasm' : 'javascript');
        for (const query of queries) expect(wasm.dots(query)).toEqual(plain.dots(query));
      }),
    );
  });

  it('are exact at the extremes, over several pages of memory', () => {
    const width = 16_384;
    const rows = new Int8Array(9 * width).fill(-128);
    const { dots, kind } = createRowScorer(rows, width);
    expect(kind).toBe('wasm');
    const highest = Math.floor((2 ** 31 - 1) / (128 * width));
    for (const number of [highest, -highest, 1, 0]) {
      const sums = dots(new Int16Array(width).fill(number));
      expect(sums).toEqual(new Int32Array(9).fill(-128 * number * width));
    }
  });

  it('need rows of a multiple of 16', () => {
    for (const width of [0, 15, 1.5, Number.NaN])
      expect(() => createRowScorer(new Int8Array(30), width)).toThrow(RangeError);
    expect(() => createRowScorer(new Int8Array(30), 16)).toThrow(RangeError);
  });

  it('are had without WebAssembly, and where there is no memory for it', () => {
    const rows = Int8Array.from({ length: 32 }, (_, i) => i - 16);
    const query = new Int16Array(16).fill(3);
    const expected = createRowScorer(rows, 16).dots(query);
    class NoMemory {
      exports = {
        memory: {
          buffer: new ArrayBuffer(),
          grow() {
            throw new RangeError('no memory');
          },
        },
      };
    }
    for (const stub of [undefined, { Module: Object, Instance: NoMemory }]) {
      vi.stubGlobal('WebAssembly', stub);
      const { kind, dots } = createRowScorer(rows, 16);
      expect([kind, dots(query)]).toEqual(['javascript', expected]);
    }
  });

  it('times both scales are cosines', () => {
    const cosines = cosinesOf(Int32Array.of(8, -4), Float32Array.of(0.5, 0.25), 0.25);
    expect([...cosines]).toEqual([1, -0.25]);
  });
});

it('the kernel is what its listing says', () => {
  expect(DOT_KERNEL).toBe(Buffer.from(dotKernel()).toString('base64'));
});
