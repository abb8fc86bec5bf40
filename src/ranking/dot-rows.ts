/**
 * Dot products of a query of 16-bit numbers with many rows of int8, exactly: WebAssembly with fixed-width SIMD where it runs, plain JavaScript where it does not, the same integers
 * from both. Relaxed SIMD is not used: its results differ between machines.
 */
import { DOT_KERNEL } from './dot-kernel.ts';

export interface RowScorer {
  /** Which of the two it is. */
  readonly kind: 'wasm' | 'javascript';
  /**
   * @param query numbers up to (2³¹ − 1) / (128 · width), as `quantiseQuery` gives them, so that no sum overflows (width)
   * @returns a dot product for each row, exact; good until the next call (rows)
   */
  dots(query: Int16Array): Int32Array;
}

/** What is used of WebAssembly; its types come with a browser's library, which the server does not have. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: object };
};
interface Kernel {
  memory: { buffer: ArrayBuffer; grow(pages: number): number };
  dot(query: number, rows: number, out: number, count: number, width: number): void;
}

const PAGE_BYTES = 65_536;
/** Rows that the kernel takes at once. */
const ROWS_AT_ONCE = 4;

/**
 * @param rows row-major (count × width); WebAssembly copies them into its memory
 * @param width of a row, a multiple of 16, up to 16,384
 * @param kind to have JavaScript where WebAssembly would run; default: WebAssembly where it runs
 */
export function createRowScorer(rows: Int8Array, width: number, kind?: 'javascript'): RowScorer {
  if (!Number.isInteger(width) || width < 1 || width % 16 !== 0 || rows.length % width !== 0)
    throw new RangeError(`${rows.length} numbers are no rows of ${width}, a multiple of 16.`);
  if (kind === 'javascript' || rows.length === 0) return inJavaScript(rows, width);
  try {
    return inWasm(loadKernel(), rows, width);
  } catch {
    // No WebAssembly, or none with SIMD; a page's policy that forbids it; no memory to copy the rows to.
    return inJavaScript(rows, width);
  }
}

function loadKernel(): Kernel {
  const bytes = Uint8Array.from(atob(DOT_KERNEL), (unit) => unit.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Kernel;
}

/** In its memory: the query, the rows up to a multiple of four, the results. */
function inWasm(kernel: Kernel, rows: Int8Array, width: number): RowScorer {
  const count = rows.length / width;
  const padded = Math.ceil(count / ROWS_AT_ONCE) * ROWS_AT_ONCE;
  const begin = 2 * width;
  const out = begin + padded * width;
  const pages = Math.ceil((out + 4 * padded) / PAGE_BYTES);
  if (pages > 1) kernel.memory.grow(pages - 1);
  const memory = kernel.memory.buffer;
  const query = new Int16Array(memory, 0, width);
  new Int8Array(memory).set(rows, begin);
  const results = new Int32Array(memory, out, count);
  return {
    kind: 'wasm',
    dots(asked) {
      query.set(asked);
      kernel.dot(0, begin, out, padded, width);
      return results;
    },
  };
}

function inJavaScript(rows: Int8Array, width: number): RowScorer {
  const results = new Int32Array(rows.length / width);
  return {
    kind: 'javascript',
    dots(query) {
      for (let row = 0, at = 0; row < results.length; row++) {
        let sum = 0;
        for (let i = 0; i < width; i++, at++) sum += (rows[at] ?? 0) * (query[i] ?? 0);
        results[row] = sum;
      }
      return results;
    },
  };
}

/**
 * Cosines from dot products: `dot · scale of the row · scale of the query`, in 64-bit floats, in that order.
 * @param dots, scales of the rows (n)
 * @param cosines where they go; default a new array
 * @returns −1 to 1 up to rounding (n)
 */
export function cosinesOf(
  dots: Int32Array,
  scales: Float32Array,
  queryScale: number,
  cosines: Float64Array = new Float64Array(dots.length),
): Float64Array {
  for (let i = 0; i < cosines.length; i++)
    cosines[i] = (dots[i] ?? 0) * (scales[i] ?? 0) * queryScale;
  return cosines;
}
