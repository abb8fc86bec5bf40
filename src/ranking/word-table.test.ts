import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { WordTable } from './word-table.ts';

it('knows what each word stands for, those that share one of their hashes too, however many there are', () => {
  const hash = fc.oneof(fc.constantFrom(0, 7), fc.integer());
  const words = fc.uniqueArray(fc.tuple(hash, hash), {
    maxLength: 200,
    size: 'max',
    selector: String,
  });
  fc.assert(
    fc.property(words, (words) => {
      const table = new WordTable();
      for (const [number, [one, other]] of words.entries()) {
        expect(table.get(one, other, -1)).toBe(-1);
        table.add(one, other, number - 2);
      }
      expect(words.map(([one, other]) => table.get(one, other, -9))).toEqual(
        words.map((_, number) => number - 2),
      );
    }),
  );
});

it('grows', () => {
  const table = new WordTable();
  for (let n = 0; n < 20_000; n++) table.add(n, -n, n);
  expect(table.count).toBe(20_000);
  for (let n = 0; n < 20_000; n++) expect(table.get(n, -n, -1)).toBe(n);
});
