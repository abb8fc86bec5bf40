import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { MAX_TOKENS_PER_UNIT, startWithin, tokenBound, unitsWithin } from './token-bound.ts';

describe('tokenBound', () => {
  // What cl100k_base makes of them, counted once with a tokenizer of it.
  test.each([
    ['The boundary layer over a flat plate was measured at Mach 2.5.', 16],
    ['中华人民共和国位于亚洲东部，太平洋西岸。', 25],
    ['データベースの行が変更されると、埋め込みは自動的に更新されます。', 31],
    ['데이터베이스의 행이 변경되면 임베딩이 자동으로 업데이트됩니다.', 31],
    ['Когда строки базы данных изменяются, векторы обновляются.', 22],
    ['የውሂብ ጎታ ረድፎች', 30],
    ['👩‍👩‍👧‍👦', 18],
    ['const x = { a: [1, 2.5, "b"] };', 18],
    ['9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d', 29],
  ])('%s has no more than it says', (text, tokens) => {
    expect(tokenBound(text)).toBeGreaterThanOrEqual(tokens);
    expect(tokenBound(text)).toBeLessThanOrEqual(3 * tokens);
  });

  it('takes each unit of data for a token, and none of English for one', () => {
    const blob = 'QmFzZTY0IGlzIG5vdCBhIGxhbmd1YWdl'.repeat(20);
    expect(tokenBound(blob)).toBeGreaterThan(0.95 * blob.length);
    const english = 'words of a language have a blank between them and are short '.repeat(20);
    expect(tokenBound(english)).toBeLessThan(0.35 * english.length);
  });

  it('counts no unit for more than the most', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(tokenBound(text)).toBeLessThanOrEqual(text.length * MAX_TOKENS_PER_UNIT);
      }),
    );
  });
});

test('unitsWithin and startWithin give the longest piece that stays within', () => {
  const anyText = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '\n', '7', '中', '😀', 'é') });
  fc.assert(
    fc.property(anyText, fc.integer({ min: 0, max: 30 }), (text, most) => {
      const units = unitsWithin(text, 0, most, 100);
      expect(tokenBound(text.slice(0, units))).toBeLessThanOrEqual(most);
      if (units < Math.min(100, text.length))
        expect(tokenBound(text.slice(0, units + 1))).toBeGreaterThan(most);
      expect(startWithin(text, text.length, 0, 0)).toBeLessThanOrEqual(text.length);
      expect(startWithin(text, text.length, Infinity, 0)).toBe(0);
    }),
  );
});
