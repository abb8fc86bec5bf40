/** Passages are slices of the text they are of, whatever is merged. */
import { assert, array, boolean, constantFrom, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { mergePieces, type Piece } from './passages.ts';

function piece(text: string, start: number, end: number): Piece {
  return { start, end, text: text.slice(start, end), section: null, page: null };
}

test('passages are slices in reading order that share nothing and hold all pieces', () => {
  const text = array(constantFrom('a', 'b', '🚢', '\n', ' '), {
    minLength: 1,
    maxLength: 40,
  });
  const cuts = array(tuple(nat(60), nat(60)), { minLength: 1, maxLength: 8 });
  assert(
    property(text, cuts, boolean(), (units, pairs, isWhole) => {
      const whole = units.join('');
      const pieces = pairs.map(([a, b]) => {
        const [start = 0, end = 0] = [a % whole.length, b % whole.length].sort((x, y) => x - y);
        return piece(whole, start, end + 1);
      });
      const merged = mergePieces(pieces, isWhole ? whole : undefined);
      for (const [at, one] of merged.entries()) {
        expect(one.text).toBe(whole.slice(one.start, one.end));
        const before = merged[at - 1];
        if (before === undefined) continue;
        expect(one.start).toBeGreaterThan(before.end);
        if (isWhole) expect(whole.slice(before.end, one.start).trim()).not.toBe('');
      }
      for (const { start, end } of pieces)
        expect(merged.some((one) => one.start <= start && one.end >= end)).toBe(true);
    }),
  );
});

test('what lies between is taken only from the text that was cut', () => {
  const pieces = [piece('One.  Two.', 0, 4), piece('One.  Two.', 6, 10)];
  expect(mergePieces(pieces, 'One.  Two.').map(({ text }) => text)).toEqual(['One.  Two.']);
  expect(mergePieces(pieces, 'One.  Six.')).toHaveLength(2);
  expect(mergePieces(pieces, 'Two.  Two.')).toHaveLength(2);
  expect(mergePieces(pieces)).toHaveLength(2);
});
