/**
 * Counts the words of texts in WebAssembly (`kernel/`), which is several times as fast as JavaScript that runs for the first time. It feeds the kernel and copies out what
 * it found; how words are counted is the kernel's. An instance has a memory of its own and is let go with it.
 */
import { type PartsOf, TEXTS_OF_STEP, type WordCounts } from './count-words.ts';
import { MOST_OF_TWO_BYTES } from './postings.ts';
import { foldedUnits, FoldedText, foldUnit, type TextPart } from './scan-words.ts';
import { WordForms } from './word-forms.ts';
import { WORD_KERNEL } from './word-kernel.ts';
import { WordTable } from './word-table.ts';

/** What is used of WebAssembly; its types come with a browser's library, which the server does not have. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: object };
  RuntimeError: new () => Error;
};

/** A place in its memory, which may be another after each call. */
interface Place {
  readonly value: number;
}

/** `kernel/count-words.ts` says what each is. */
export interface WordKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly folds: Place;
  readonly input: Place;
  readonly folded: Place;
  readonly termCount: Place;
  readonly letters: Place;
  readonly letterBegins: Place;
  readonly lengths: Place;
  readonly postingBegins: Place;
  readonly texts: Place;
  readonly frequencies: Place;
  begin(textCount: number, isEnglish: number, stopWords: number): number;
  fit(length: number): void;
  readUtf8(bytes: number): number;
  readFolded(units: number): void;
  endText(): void;
  beginPostings(): void;
  placePostings(): number;
  stemSlots(): number;
  stemSlotCount(): number;
}

/** A part that is to be folded as a whole. */
const NOT_ALONE = -2;
const NUMBERS_OF_SLOT = 3;

/** @returns undefined where there is no WebAssembly, or a page's policy forbids it */
export function loadWordKernel(): WordKernel | undefined {
  try {
    const bytes = Uint8Array.from(atob(WORD_KERNEL), (unit) => unit.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as WordKernel;
  } catch {
    return undefined;
  }
}

/** Whether it is the kernel that failed: it had no more memory. */
export function isOfKernel(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError;
}

/**
 * @param kernel a new one
 * @param partsOf of each of `count`, in order
 */
export function* countInWasm(
  kernel: WordKernel,
  count: number,
  partsOf: PartsOf,
  language: string,
): Generator<void, WordCounts> {
  const reader = new KernelReader(kernel);
  reader.begin(count, new WordForms(language));
  for (let text = 0; text < count; text++) {
    for (const part of partsOf(text)) reader.read(part);
    kernel.endText();
    if (text % TEXTS_OF_STEP === TEXTS_OF_STEP - 1) yield;
  }
  kernel.beginPostings();
  while (kernel.placePostings() !== 0) yield;
  return countsOf(kernel, count);
}

class KernelReader {
  readonly #kernel: WordKernel;
  readonly #encoder = new TextEncoder();
  readonly #folded = new FoldedText();
  #memory = new Uint8Array();

  constructor(kernel: WordKernel) {
    this.#kernel = kernel;
  }

  begin(textCount: number, forms: WordForms): void {
    const { slots, count } = forms.stopWords();
    const at = this.#kernel.begin(textCount, forms.isEnglish ? 1 : 0, count);
    const { buffer } = this.#kernel.memory;
    new Int32Array(buffer, at).set(slots);
    new Uint16Array(buffer, this.#kernel.folds.value).set(foldedUnits);
  }

  /** @throws what the part's `toString` throws */
  read(part: TextPart): void {
    const bytes = typeof part === 'string' ? this.#encode(part) : this.#copy(part.utf8);
    let stop = this.#kernel.readUtf8(bytes);
    while (stop >= 0) {
      const { memory, folds } = this.#kernel;
      new Uint16Array(memory.buffer, folds.value)[stop] = foldUnit(stop);
      stop = this.#kernel.readUtf8(bytes);
    }
    if (stop === NOT_ALONE) this.#readFolded(part);
  }

  #copy(utf8: Uint8Array): number {
    this.#fit(utf8.length).set(utf8, this.#kernel.input.value);
    return utf8.length;
  }

  /** The half of a pair becomes U+FFFD, which is none of those that are folded alone. */
  #encode(text: string): number {
    const memory = this.#fit(3 * text.length);
    return this.#encoder.encodeInto(text, memory.subarray(this.#kernel.input.value)).written;
  }

  #readFolded(part: TextPart): void {
    this.#folded.set(part);
    const { units, length } = this.#folded;
    const { buffer } = this.#fit(length);
    new Uint16Array(buffer, this.#kernel.folded.value).set(units.subarray(0, length));
    this.#kernel.readFolded(length);
  }

  #fit(length: number): Uint8Array<ArrayBuffer> {
    this.#kernel.fit(length);
    const { buffer } = this.#kernel.memory;
    if (this.#memory.buffer !== buffer) this.#memory = new Uint8Array(buffer);
    return this.#memory;
  }
}

/** Copies, so that the memory can be let go. */
function countsOf(kernel: WordKernel, textCount: number): WordCounts {
  const { buffer } = kernel.memory;
  const numbers = (at: number, length: number) => new Uint32Array(buffer, at, length).slice();
  const halves = (at: number, length: number) => new Uint16Array(buffer, at, length).slice();
  const count = kernel.termCount.value;
  const letterBegins = numbers(kernel.letterBegins.value, count + 1);
  const slots = NUMBERS_OF_SLOT * kernel.stemSlotCount();
  const begins = numbers(kernel.postingBegins.value, count + 1);
  const entries = begins[count] ?? 0;
  const textNumbers = textCount <= MOST_OF_TWO_BYTES ? halves : numbers;
  return {
    stems: {
      count,
      table: new WordTable(new Int32Array(buffer, kernel.stemSlots(), slots).slice(), count),
      letters: halves(kernel.letters.value, letterBegins[count] ?? 0),
      begins: letterBegins,
    },
    postings: {
      begins,
      texts: textNumbers(kernel.texts.value, entries),
      frequencies: halves(kernel.frequencies.value, entries),
    },
    lengths: Float64Array.from(new Uint32Array(buffer, kernel.lengths.value, textCount)),
  };
}
