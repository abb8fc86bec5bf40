import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashOf } from './scan-words.ts';
import { Spellings } from './spellings.ts';

it('knows each word by its own number, those with one hash too, however many there are', () => {
  const words = fc.uniqueArray(fc.string({ maxLength: 6 }), { maxLength: 200, size: 'max' });
  fc.assert(
    fc.property(words, fc.boolean(), (words, collide) => {
      const spellings = new Spellings();
      const hash = (word: string) => (collide ? 7 : hashOf(word));
      const find = (word: string) => spellings.find(`<${word}>`, 1, word.length + 1, hash(word));
      for (const [number, word] of words.entries()) {
        expect(find(word)).toBe(-1);
        expect(spellings.add(word, 0, word.length, hash(word))).toBe(number);
        expect(spellings.findOrAdd(word, 0, word.length, hash(word))).toBe(number);
      }
      expect(words.map(find)).toEqual([...words.keys()]);
    }),
  );
});

it('grows', () => {
  const spellings = new Spellings();
  const words = Array.from({ length: 20_000 }, (_, i) => `word-${i}`.repeat(1 + (i % 9)));
  for (const word of words) spellings.add(word, 0, word.length, hashOf(word));
  expect(words.every((w, i) => spellings.find(w, 0, w.length, hashOf(w)) === i)).toBe(true);
});
