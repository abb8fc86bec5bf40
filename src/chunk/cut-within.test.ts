/** A text that is too long is cut where it hurts least, and never over what it may have. */
import { assert, nat, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { cutWithin } from './cut-within.ts';
import { tokenBound } from './token-bound.ts';

test.each([
  ['One two. Three four. Five six seven.', 8, 'One two. Three four.'],
  ['港は静かだ。船が来る。夜になる。', 20, '港は静かだ。'],
  ['no sentence ends here at all anywhere', 4, 'no sentence'],
  ['short', 100, 'short'],
  ['trailing blanks  \n', 100, 'trailing blanks'],
  ['🚢🚢', 3, ''],
])('%s', (text, tokens, expected) => {
  expect(text.slice(0, cutWithin(text, tokens))).toBe(expected);
});

test('within the limit, and no character in two', () => {
  assert(
    property(string({ unit: 'grapheme', maxLength: 60 }), nat(40), (text, tokens) => {
      const part = text.slice(0, cutWithin(text, tokens));
      expect(tokenBound(part)).toBeLessThanOrEqual(tokens);
      expect(part.isWellFormed()).toBe(true);
    }),
  );
});
