/** The kernel counts to the bit what plain JavaScript counts, and the bytes kept are those of its source. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileKernel, KERNELS } from '../../scripts/kernels.ts';
import { countInWasm, loadWordKernel } from './count-in-wasm.ts';
import { countWords, type PartsOf } from './count-words.ts';
import type { TextPart } from './scan-words.ts';
import { WORD_KERNEL } from './word-kernel.ts';
import { buildWordIndex } from './word-index.ts';

const encoder = new TextEncoder();

function last<Result>(steps: Generator<void, Result>): { value: Result; steps: number } {
  for (let count = 0; ; count++) {
    const step = steps.next();
    if (step.done === true) return { value: step.value, steps: count };
  }
}

function inWasm(count: number, partsOf: PartsOf, language: string) {
  const kernel = loadWordKernel();
  if (kernel === undefined) throw new Error('It does not compile.');
  return last(countInWasm(kernel, count, partsOf, language));
}

function expectSame(texts: readonly (readonly TextPart[])[], language = 'english') {
  const partsOf = (text: number) => texts[text] ?? [];
  const { value: plain } = last(countWords(texts.length, partsOf, language));
  const { value } = inWasm(texts.length, partsOf, language);
  expect({ ...value, stems: { ...value.stems, table: value.stems.table.slots } }).toEqual({
    ...plain,
    stems: { ...plain.stems, table: plain.stems.table.slots },
  });
  expect(value.stems.table.count).toBe(plain.stems.table.count);
  return value;
}

/** As a release has it, where UTF-8 can say it. */
function part(text: string, inBytes: boolean): TextPart {
  return inBytes && text.isWellFormed()
    ? { utf8: encoder.encode(text), toString: () => text }
    : text;
}

const character = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'aeiouystlnr     -.') },
  fc.constantFrom('É', 'ß', 'Σ', 'ς', 'Й', 'и\u0306', 'e\u0301', 'ﬁ', '¼', 'İ', 'か\u3099'),
  fc.constantFrom(
    '日',
    '…',
    '\0',
    '\u{10400}',
    '\u{1F600}',
    '\ud801',
    '\udc00',
    '\ufffd',
    '\uffff',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const anyPart = fc
  .tuple(fc.string({ unit: character, maxLength: 60 }), fc.boolean())
  .map(([text, inBytes]) => part(text, inBytes));
const anyTexts = fc.array(fc.array(anyPart, { maxLength: 3 }), { maxLength: 12 });

const ENDINGS =
  'ational tional enci anci abli entli ization izer ation ator alism aliti alli fulness ousness ousli iveness iviti biliti bli ' +
  'fulli lessli logi alize icate iciti ical ful ness ative ement ance ence able ible ment ant ent ism ate iti ous ive ize al er ' +
  'ic ion sses ied ies s us ss eedly eed ingly edly ing ed at bl iz y li ll e le tt';
const anyWord = fc
  .tuple(
    fc.constantFrom('', 'gener', 'commun', 'arsen', 'y', 'sk', 'inn', 'succ', 'proce'),
    fc.string({ unit: fc.constantFrom(...'aeiouybcdlstwx'), maxLength: 8 }),
    fc.constantFrom(...ENDINGS.split(' ')),
    fc.constantFrom('', 's', 'ly', ...ENDINGS.split(' ')),
  )
  .map((pieces) => pieces.join(''));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('words counted in WebAssembly', () => {
  it('are those that JavaScript counts, in any texts', () => {
    fc.assert(
      fc.property(anyTexts, fc.constantFrom('english', 'german'), (texts, language) => {
        expectSame(texts, language);
      }),
      { numRuns: 1000 },
    );
  });

  it('have the same stems', () => {
    const words = fc.array(anyWord, { minLength: 100, maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(words, (words) => {
        expectSame([words.map((word) => `${word} `)]);
      }),
      { numRuns: 200 },
    );
  });

  it('have the same stems in all that the documentation says', () => {
    const folder = fileURLToPath(new URL('../../docs', import.meta.url));
    const files = globSync(`${folder}/**/*.md`).map((file) => readFileSync(file, 'utf8'));
    for (const language of ['english', 'simple'])
      for (const inBytes of [false, true])
        expect(
          expectSame(
            files.map((text) => [part(text, inBytes)]),
            language,
          ).stems.count,
        ).toBeGreaterThan(2000);
  });

  it('are all there when tables and regions grow, in steps', () => {
    const texts = Array.from({ length: 3000 }, (_, text) => [
      Array.from({ length: 100 }, (_, word) => `w${text * 20 + word}é x${word}`).join(' '),
    ]);
    expect(expectSame(texts).stems.count).toBeGreaterThan(60_000);
    expect(inWasm(3000, (text) => texts[text] ?? [], 'english').steps).toBeGreaterThan(48);
  });

  it.each([65_536, 65_537])('tell %i texts apart', (count) => {
    expectSame(Array.from({ length: count }, (_, text) => (text % 3 === 0 ? [] : ['sea dog'])));
  });

  it('may be long, many in a text, or none', () => {
    const long = ['a', 'é', '日', 'Σ'].map((letter) => letter.repeat(300_000));
    expectSame([...long.map((text) => [text]), [], [''], ['sea '.repeat(70_000)], [long.join('')]]);
    expectSame([]);
    for (const length of [2, 3, 63, 64, 65])
      expectSame([['s'.repeat(length), `${'e'.repeat(length - 2)}ed`]]);
  });

  it('of bytes that are no UTF-8 are asked of their reader, which refuses them', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const byte = fc.constantFrom(0x41, 0x20, 0x80, 0xbf, 0xc1, 0xc3, 0xe0, 0xe4, 0xed, 0xf0);
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 8 }), (bytes) => {
        const utf8 = Uint8Array.from(bytes);
        // What the part before left is not read.
        const texts = [['ééééé'], [{ utf8, toString: () => decoder.decode(utf8) }]];
        let isRefused = false;
        try {
          decoder.decode(utf8);
        } catch {
          isRefused = true;
        }
        if (isRefused) expect(() => expectSame(texts)).toThrow(TypeError);
        else expectSame(texts);
        expectIndexRefusal(texts, isRefused);
      }),
      { numRuns: 500 },
    );
  });

  function expectIndexRefusal(texts: readonly (readonly TextPart[])[], isRefused: boolean) {
    const build = () => buildWordIndex(texts.length, (text) => texts[text] ?? []);
    if (isRefused) expect(build).toThrow(TypeError);
    else expect(build().textCount).toBe(2);
  }

  it('are had without WebAssembly, and where there is no memory for it', () => {
    const texts = ['the boats', 'a boat and a fish'];
    const build = () => buildWordIndex(texts.length, (text) => [texts[text] ?? '']);
    const expected = build().scores('boat fish');
    const kernel = loadWordKernel();
    class RuntimeError extends Error {}
    class NoMemory {
      exports = {
        ...kernel,
        fit() {
          throw new RuntimeError('unreachable');
        },
      };
    }
    for (const stub of [undefined, { Module: Object, Instance: NoMemory, RuntimeError }]) {
      vi.stubGlobal('WebAssembly', stub);
      expect(build().scores('boat fish')).toEqual(expected);
    }
  });
});

it('the kernel is what its source says', async () => {
  const bytes = await compileKernel(KERNELS.words);
  expect(WORD_KERNEL).toBe(Buffer.from(bytes).toString('base64'));
});
