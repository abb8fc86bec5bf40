/** The kernel gives to the bit the vectors that plain JavaScript gives, and the bytes kept are those of its source. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileKernel, KERNELS } from '../../../scripts/kernels.ts';
import { createEmbedder, loadEmbedKernel } from './embed-in-wasm.ts';
import { EMBED_KERNEL } from './embed-kernel.ts';
import { embedText } from './embed-text.ts';
import { loadWordVectors } from './load-model.ts';

const model = await loadWordVectors();
const kernel = loadEmbedKernel(model);
const embed = createEmbedder(model);

function inWasm(text: string): Float32Array | undefined {
  if (kernel === undefined) throw new Error('It does not load.');
  return kernel(text);
}

function bitsOf(vector: Float32Array): Uint32Array {
  return new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
}

function expectSame(text: string): void {
  expect(bitsOf(embed(text))).toEqual(bitsOf(embedText(model, text)));
}

/** The same, by the kernel. */
function expectKept(text: string): void {
  const vector = inWasm(text);
  expect(vector).toBeDefined();
  if (vector !== undefined) expect(bitsOf(vector)).toEqual(bitsOf(embedText(model, text)));
}

/** Bytes, and twice its units, that the kernel takes at once. */
const INPUT_BYTES = 16_384;

const ENDINGS =
  'ational tional enci anci abli entli ization izer ation ator alism aliti alli fulness ousness ousli iveness iviti biliti bli ' +
  'fulli lessli logi alize icate iciti ical ful ness ative ement ance ence able ible ment ant ent ism ate iti ous ive ize al er ' +
  'ic ion sses ied ies s us ss eedly eed ingly edly ing ed at bl iz y li ll e le tt';
const STEMS =
  'the of and engine aircraft car dog vector query index table wing flow gener commun arsen y sk inn succ proce beauti relat ' +
  'hope plan doctor medicine zqx kubernet skies dying only news atlas';
const englishWord = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...STEMS.split(' ')),
      fc.string({ unit: fc.constantFrom(...'aeiouybcdlstwx'), maxLength: 8 }),
    ),
    fc.constantFrom('', '', '', ...ENDINGS.split(' ')),
    fc.constantFrom('', '', 's', 'ly'),
  )
  .map((pieces) => pieces.join(''));
const long = fc
  .tuple(
    fc.constantFrom('a', 'x', 's', 'é', 'д', '7', 'ing', 'a1', 'abcdefghij'),
    fc.constantFrom(15, 16, 17, 32, 63, 64, 65, 127, 128, 129, 300),
  )
  .map(([units, length]) => units.repeat(length).slice(0, length));
const letter = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'aeiouystlnrAEZ019     -.\n') },
  fc.constantFrom('É', 'ß', 'Σ', 'ς', 'Й', 'ё', 'и\u0306', 'e\u0301', '\u00ad', '\u200d', '\ufeff'),
  fc.constantFrom(
    'ﬁ',
    '¼',
    'İ',
    'ŵ',
    'ἄ',
    'ш',
    'م',
    'ש\u05b8',
    'खो',
    '\ue000',
    '\u0378',
    '\0',
    '’',
  ),
);
const words = fc
  .array(fc.oneof({ weight: 8, arbitrary: englishWord }, long, fc.string({ unit: letter })), {
    maxLength: 100,
    size: 'max',
  })
  .map((pieces) => pieces.join(' '));
const anyCharacter = fc.oneof(
  { weight: 3, arbitrary: letter },
  fc.constantFrom('日', 'か\u3099', '한', 'ท', '…', '☀', '😀', '👍🏽', '𠮷', '\ud801', '\udc00'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('texts embedded in WebAssembly', () => {
  it('have the vectors that JavaScript gives, of words of any script with blanks', () => {
    fc.assert(fc.property(words, expectKept), { numRuns: 1500 });
  });

  it('have them of any text', () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), expectSame), {
      numRuns: 3000,
    });
  });

  it('have them of every unit', () => {
    for (let from = 0; from < 0x10000; from += 0x10) {
      const units = Array.from({ length: 0x10 }, (_, i) => String.fromCharCode(from + i));
      expectSame(`a${units.join(` a${from}b`)}`);
    }
  });

  it('have them of all that the documentation says', () => {
    const folder = fileURLToPath(new URL('../../../docs', import.meta.url));
    for (const file of globSync(`${folder}/**/*.md`)) {
      const text = readFileSync(file, 'utf8');
      for (const part of text.split('\n\n')) expectSame(part);
      expectSame(text);
      expectSame(text.replaceAll(/[^\0-\x7f]/g, ' '));
    }
  });

  it('may be longer than what is read at once, with a word across the edge', () => {
    const text = 'an engine and a wing '.repeat(INPUT_BYTES / 10);
    for (const at of [INPUT_BYTES / 2, INPUT_BYTES])
      for (const word of ['relational', 'motörhead', 'x'.repeat(130)])
        for (const before of [0, 1, 2, 5, 64, word.length]) {
          const longer = `${text.slice(0, at - before - 1)} ${word}`;
          for (const rest of ['', ' café', ` ${text}`]) expectKept(longer + rest);
        }
  });

  it('may be embedded in any order, whatever the text before was', () => {
    const texts = ['', 'one engine', 'a word 日', 'wings', 'x'.repeat(70), many(5000), 'the of'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...texts), { maxLength: 8 }), (texts) => {
        for (const text of texts) expectSame(text);
      }),
    );
  });

  it('are left to JavaScript where they are more than words, or too many for its tables', () => {
    for (const text of ['日本', 'a ☀', 'of a 😀', 'b \ud800', 'ひら', many(4097)]) {
      expect(inWasm(text)).toBeUndefined();
      expectSame(text);
    }
    expectKept(many(2000));
    const unknown = Array.from({ length: 1500 }, (_, i) => `${i}${'z'.repeat(58)}`).join(' ');
    expect(inWasm(unknown)).toBeUndefined();
    expectSame(unknown);
  });

  it('are copies', () => {
    const first = embed('an engine');
    expect(embed('a wing')).not.toEqual(first);
    expect(first).toEqual(embedText(model, 'an engine'));
  });

  it('are had without WebAssembly, and where there is no memory for it', () => {
    class NoMemory {
      exports = {
        allocate() {
          throw new Error('unreachable');
        },
      };
    }
    for (const stub of [undefined, { Module: Object, Instance: NoMemory }]) {
      vi.stubGlobal('WebAssembly', stub);
      expect(loadEmbedKernel(model)).toBeUndefined();
      expect(createEmbedder(model)('two engines')).toEqual(embedText(model, 'two engines'));
    }
  });
});

function many(distinct: number): string {
  return Array.from({ length: distinct }, (_, i) => `w${i}`).join(' ');
}

it('the kernel is what its source says', async () => {
  const bytes = await compileKernel(KERNELS.embedding);
  expect(EMBED_KERNEL).toBe(Buffer.from(bytes).toString('base64'));
});
