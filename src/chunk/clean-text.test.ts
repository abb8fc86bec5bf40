import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { cleanText } from './clean-text.ts';

it('removes NUL and replaces lone surrogates', () => {
  expect(cleanText('a\0b')).toBe('ab');
  expect(cleanText('\ud83d')).toBe('\ufffd');
  expect(cleanText('x\ude00\ud83dy')).toBe('x\ufffd\ufffdy');
});

it('joins a pair that a NUL held apart', () => {
  expect(cleanText('\ud83d\0\ude00')).toBe('😀');
});

it('keeps line ends, blanks, controls and what Unicode calls non-characters', () => {
  const text = ' a\r\nb\r\tc\u00a0\u200b\u0001\ufeff\ufffe \u{10ffff}\n\n';
  expect(cleanText(text)).toBe(text);
});

it('gives text that UTF-8 holds, and cleaning twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, at) => {
      const clean = cleanText(`${text.slice(0, at)}\ud800${text.slice(at)}\0`);
      expect(clean.includes('\0')).toBe(false);
      expect(new TextDecoder().decode(new TextEncoder().encode(clean)).length).toBe(
        clean.replace(/^\ufeff/, '').length,
      );
      expect(cleanText(clean)).toBe(clean);
    }),
    { numRuns: 1000 },
  );
});
