/**
 * Embeds texts by the trained model in WebAssembly (`kernel/`), several times as fast as `embed-text.ts` and to the bit the same. It brings the model and the tables of units into
 * the kernel's memory, once, and feeds it; how texts are embedded is the kernel's. What the kernel does not know, `embed-text.ts` does.
 */
import type { WordVectors } from './decode-model.ts';
import { EMBED_KERNEL } from './embed-kernel.ts';
import { embedText } from './embed-text.ts';
import { foldText } from './term-reader.ts';
import { EMBEDDED_DIMENSIONS } from './text-sum.ts';
import { CLASS_OF_UNIT, FOLD_OF_UNIT, UnitClass } from './unit-classes.ts';
import { WEIGHT_TABLE } from './weigh-word.ts';

/** What is used of WebAssembly; its types come with a browser's library, which the server does not have. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: object };
};

/** A place in its memory. */
interface Place {
  readonly value: number;
}

/** `kernel/embed-text.ts` says what each is. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly folds: Place;
  readonly input: Place;
  readonly inputBytes: Place;
  readonly vector: Place;
  readonly hashes: Place;
  readonly rowOf: Place;
  readonly scales: Place;
  readonly rows: Place;
  readonly weightHashes: Place;
  readonly weights: Place;
  allocate(words: number, slots: number, weightSlots: number): void;
  beginText(): void;
  readAscii(length: number): number;
  readUnits(length: number): number;
  endText(): number;
}

/** In the kernel's table of folds, for units that are no part of a word; none of them is a letter's. */
const SEPARATOR = 0;
const IGNORED = 1;
const OTHER = 2;

/** @returns what embeds as `embedText` does, in WebAssembly where it runs, for as long as the process does */
export function createEmbedder(model: WordVectors): (text: string) => Float32Array {
  const inWasm = loadEmbedKernel(model);
  if (inWasm === undefined) return (text) => embedText(model, text);
  return (text) => inWasm(text) ?? embedText(model, text);
}

/**
 * @returns what embeds in WebAssembly, or gives undefined for a text that has more than words or too many of them; undefined where there is no
 * WebAssembly, none with SIMD, or no memory for the model
 */
export function loadEmbedKernel(
  model: WordVectors,
): ((text: string) => Float32Array | undefined) | undefined {
  try {
    const bytes = Uint8Array.from(atob(EMBED_KERNEL), (unit) => unit.charCodeAt(0));
    const kernel = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Kernel;
    bringModel(kernel, model);
    return feed(kernel);
  } catch {
    return undefined;
  }
}

function bringModel(kernel: Kernel, { words, hashes, rowOf, scales, rows }: WordVectors): void {
  const weights = WEIGHT_TABLE;
  kernel.allocate(words, hashes.length, weights.hashes.length);
  const { buffer } = kernel.memory;
  new Int32Array(buffer, kernel.hashes.value).set(hashes);
  new Int32Array(buffer, kernel.rowOf.value).set(rowOf);
  new Float32Array(buffer, kernel.scales.value).set(scales);
  new Uint8Array(buffer, kernel.rows.value).set(rows);
  new Int32Array(buffer, kernel.weightHashes.value).set(weights.hashes);
  new Float32Array(buffer, kernel.weights.value).set(weights.weights);
  const folds = new Uint16Array(buffer, kernel.folds.value, FOLD_OF_UNIT.length);
  for (let unit = 0; unit < folds.length; unit++) folds[unit] = foldOf(FOLD_OF_UNIT[unit] ?? 0);
}

function foldOf(unit: number): number {
  const unitClass = CLASS_OF_UNIT[unit];
  if (unitClass === UnitClass.word) return unit;
  if (unitClass === UnitClass.separator) return SEPARATOR;
  return unitClass === UnitClass.ignored ? IGNORED : OTHER;
}

function feed(kernel: Kernel): (text: string) => Float32Array | undefined {
  const { buffer } = kernel.memory;
  const bytes = new Uint8Array(buffer, kernel.input.value, kernel.inputBytes.value);
  const units = new Uint16Array(buffer, kernel.input.value, kernel.inputBytes.value / 2);
  const vector = new Float32Array(buffer, kernel.vector.value, EMBEDDED_DIMENSIONS);
  const encoder = new TextEncoder();

  function isCopied(text: string): boolean {
    if (text.length > bytes.length) return false;
    const { read, written } = encoder.encodeInto(text, bytes);
    return read === text.length && written === text.length;
  }

  function isRead(text: string): boolean {
    if (isCopied(text)) return kernel.readAscii(text.length) !== 0;
    const folded = foldText(text);
    for (let from = 0; from < folded.length; from += units.length) {
      const length = Math.min(units.length, folded.length - from);
      for (let i = 0; i < length; i++) units[i] = folded.charCodeAt(from + i);
      if (kernel.readUnits(length) === 0) return false;
    }
    return true;
  }

  return (text) => {
    kernel.beginText();
    return isRead(text) && kernel.endText() !== 0 ? vector.slice() : undefined;
  };
}
