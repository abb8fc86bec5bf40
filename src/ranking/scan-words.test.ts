import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fold, FoldedText, hashesOf, scanWords, type TextPart } from './scan-words.ts';

const encoder = new TextEncoder();
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

it('the words of any text are the runs of letters, marks and digits', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(
        'a',
        'É',
        '9',
        ' ',
        '-',
        '\u{10400}',
        '\u{1F600}',
        '\ud801',
        '\udc00',
        'e\u0301',
        '日',
        'Σ',
        'Й',
        'и\u0306',
        'ﬁ',
        '¼',
        'İ',
        'か\u3099',
        '…',
      ),
    }),
  );
  // One for all, as it is used: what was read before leaves nothing.
  const folded = new FoldedText();
  fc.assert(
    fc.property(text, (text) => {
      const expected = fold(text).match(WORD) ?? [];
      expect(wordsOf(text)).toEqual(expected);
      // UTF-8 has no halves of pairs.
      if (text.isWellFormed())
        expect(wordsOf({ utf8: encoder.encode(text), toString: () => text })).toEqual(expected);
    }),
    { numRuns: 500 },
  );

  function wordsOf(part: TextPart): string[] {
    folded.set(part);
    const words: string[] = [];
    scanWords(folded, (from, to, ...hashes) => {
      words.push(folded.slice(from, to));
      expect(hashes).toEqual(hashesOf(folded.units, from, to));
    });
    return words;
  }
});

it('of bytes that are no UTF-8 the string is asked for, whose reader refuses them', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const bytes = fc.array(
    fc.constantFrom(0x41, 0x20, 0x80, 0xbf, 0xc1, 0xc3, 0xe0, 0xe4, 0xed, 0xf0),
    {
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(bytes, (bytes) => {
      const utf8 = Uint8Array.from(bytes);
      const part = { utf8, toString: () => decoder.decode(utf8) };
      const read = (part: TextPart) => new FoldedText().set(part);
      let isRefused = false;
      try {
        decoder.decode(utf8);
      } catch {
        isRefused = true;
      }
      if (isRefused) expect(() => read(part)).toThrow(TypeError);
      else read(part);
    }),
    { numRuns: 500 },
  );
});

it('texts that look alike are folded alike', () => {
  expect(fold('ＦＩＳＨ ﬁsh É')).toBe('fish fish é');
});
