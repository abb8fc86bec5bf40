import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fold, FoldedText, hashesOf, scanWords } from './scan-words.ts';

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
      folded.set(text);
      const words: string[] = [];
      scanWords(folded, (from, to, ...hashes) => {
        words.push(folded.slice(from, to));
        expect(hashes).toEqual(hashesOf(folded.units, from, to));
      });
      expect(words).toEqual(fold(text).match(WORD) ?? []);
    }),
    { numRuns: 500 },
  );
});

it('texts that look alike are folded alike', () => {
  expect(fold('ＦＩＳＨ ﬁsh É')).toBe('fish fish é');
});
