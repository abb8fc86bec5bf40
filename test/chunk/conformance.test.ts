/** The contract of a chunker, on any text: both pass the same suite. A failure prints the seed that replays it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Chunk,
  type Chunker,
  cleanText,
  createStructureChunker,
  createTextChunker,
  tokenBound,
} from '../../src/chunk/index.ts';
import { ConfigError } from '../../src/errors/index.ts';
import { anyMarkdown } from './any-markdown.ts';

const RUNS = { numRuns: 5_000 };
/** Pieces that meet badly: pairs, joined emoji, marks, line ends, headings, scripts without blanks. */
// prettier-ignore
const PIECES = [
  'word', 'a', 'aerodynamics', ' ', '  ', '\t', '\n', '\n\n', '\r\n', '\r\n\r\n', '\r', '\u2028',
  '. ', '! ', '." ', 'e.g. ', '。', '，', '中文', 'ภาษาไทย', 'مرحبا', '😀', '👩‍👩‍👧‍👦', '👍🏽', 'e\u0301',
  '\u0301', '\u200d', '\ufe0f', '\u00a0', '\u3000', '\ufeff', '\u200b', '# Heading\n', '\n## Sub ##\n', '```\n',
  '#', '\u0000', '\ud83d', '\ude00',
];
const anyText = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 120 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  anyMarkdown,
);
interface Limits {
  maxChars: number;
  overlapChars: number;
  maxTokens: number | undefined;
}
const anyOptions: fc.Arbitrary<Limits> = fc
  .tuple(
    fc.integer({ min: 16, max: 80 }),
    fc.nat(40),
    fc.option(fc.integer({ min: 16, max: 80 }), { nil: undefined }),
  )
  .map(([maxChars, overlap, maxTokens]) => ({
    maxChars,
    overlapChars: Math.min(overlap, Math.floor(maxChars / 2)),
    maxTokens,
  }));

const CHUNKERS = [
  ['text', createTextChunker],
  ['structure', createStructureChunker],
] as const;

describe.each(CHUNKERS)('the %s chunker', (_, create: (options?: Partial<Limits>) => Chunker) => {
  function chunk(text: string, options: Partial<Limits> = {}): Chunk[] {
    return create(options).chunk(text);
  }

  function forAll(check: (text: string, options: Limits) => void): void {
    fc.assert(fc.property(anyText, anyOptions, check), RUNS);
  }

  it('a chunk is the slice it says it is (I8), not blank, and within the limit', () => {
    forAll((text, options) => {
      for (const each of chunk(text, options)) {
        expect(text.slice(each.start, each.end)).toBe(each.text);
        expect(each.text.trim()).not.toBe('');
        expect(each.text.length).toBeLessThanOrEqual(options.maxChars);
        expect(tokenBound(each.text)).toBeLessThanOrEqual(options.maxTokens ?? Infinity);
      }
    });
  });

  it('chunks stand in order and cover every character that is not blank', () => {
    forAll((text, options) => {
      let covered = 0;
      let previous = -1;
      for (const [i, each] of chunk(text, options).entries()) {
        expect(each.index).toBe(i);
        expect(each.start).toBeGreaterThan(previous);
        expect(each.end).toBeGreaterThan(covered);
        expect(text.slice(covered, Math.max(covered, each.start)).trim()).toBe('');
        expect(covered - each.start).toBeLessThanOrEqual(options.overlapChars);
        previous = each.start;
        covered = each.end;
      }
      expect(text.slice(covered).trim()).toBe('');
    });
  });

  it('no chunk begins or ends inside a surrogate pair', () => {
    const isInsidePair = (text: string, at: number) =>
      /[\ud800-\udbff]/.test(text.charAt(at - 1)) && /[\udc00-\udfff]/.test(text.charAt(at));
    forAll((text, options) => {
      for (const each of chunk(text, options)) {
        expect(isInsidePair(text, each.start)).toBe(false);
        expect(isInsidePair(text, each.end)).toBe(false);
      }
    });
  });

  it('the same text gives the same chunks', () => {
    forAll((text, options) => {
      expect(chunk(text, options)).toEqual(chunk(text, options));
    });
  });

  it('a text within the limit is one chunk, a blank one none', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const chunks = chunk(text, { maxChars: Math.max(16, text.length) });
        expect(chunks.map((each) => each.text)).toEqual(text.trim() === '' ? [] : [text.trim()]);
      }),
      RUNS,
    );
  });

  it('the offsets are exact on 10,000 clean texts', () => {
    const check = (raw: string) => {
      const text = cleanText(raw);
      for (const each of chunk(text)) expect(text.slice(each.start, each.end)).toBe(each.text);
    };
    fc.assert(fc.property(anyText, check), { numRuns: 10_000 });
  });

  describe('takes linear time', () => {
    const FIVE_MEGABYTES = 5_000_000;

    it.each([
      ['no blank', 'x'],
      ['newlines only', '\n'],
      ['emoji', '😀'],
      ['joiners', '\u200d'],
      ['accents', '\u0301'],
      ['full stops', '.'],
      ['closing quotes', '"'],
      ['headings', '# a\n'],
      ['empty headings', '# # # # '],
      ['fences', '```\n'],
      ['one fence', '`'],
      ['hashes', '#'],
      ['bars', '|'],
      ['rows', '| a | b |\n'],
      ['tables', 'a|b\n-|-\nc|d\n\n'],
      ['quotes in quotes', '>'],
      ['items', '- a\n'],
      ['items in items', '  - a\n'],
      ['underlined headings', 'a\n---\n'],
      ['headings with text', '# a\n\nb\n\n'],
      ['headings up and down', '###### a\n# b\nc\n'],
      ['paragraphs', 'a\n\n'],
      ['blank lines with blanks', '\n            '],
      ['CJK with marks', '中。'],
    ])('(%s)', (_, unit) => {
      const text = `a${unit.repeat(FIVE_MEGABYTES / unit.length)}b`;
      for (const options of [{}, { overlapChars: 800 }, { overlapChars: 800, maxTokens: 254 }]) {
        const start = performance.now();
        const chunks = chunk(text, options);
        // Takes 0.05 to 0.3 s on an idle machine; anything quadratic takes minutes.
        expect(performance.now() - start).toBeLessThan(20_000);
        expect(chunks.at(-1)?.end).toBe(text.length);
      }
    });
  });

  it.each([
    { maxChars: 15 },
    { maxChars: 100_001 },
    { maxChars: 99.5 },
    { maxChars: Number.NaN },
    { overlapChars: -1 },
    { overlapChars: 801 },
    { maxChars: 16, overlapChars: 9 },
    { maxTokens: 15 },
  ])('refuses %o', (options) => {
    expect(() => create(options)).toThrow(ConfigError);
  });
});
