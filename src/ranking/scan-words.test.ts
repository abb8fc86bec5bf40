import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fold, hashOf, scanWords } from './scan-words.ts';

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
      ),
    }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const folded = fold(text);
      const words: string[] = [];
      scanWords(folded, (from, to, hash) => {
        const word = folded.slice(from, to);
        words.push(word);
        expect(hash).toBe(hashOf(word));
      });
      expect(words).toEqual(folded.match(WORD) ?? []);
    }),
    { numRuns: 500 },
  );
});

it('texts that look alike are folded alike', () => {
  expect(fold('ＦＩＳＨ ﬁsh É')).toBe('fish fish é');
});
