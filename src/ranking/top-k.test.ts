import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { topK } from './top-k.ts';

it('the best of any scores are those that sorting gives', () => {
  const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(score), fc.nat(12), fc.constantFrom(-Infinity, 0), (scores, k, above) => {
      const sorted = [...scores.keys()]
        .filter((i) => (scores[i] ?? 0) > above)
        .sort((a, b) =>
          (scores[b] ?? 0) > (scores[a] ?? 0)
            ? 1
            : (scores[b] ?? 0) < (scores[a] ?? 0)
              ? -1
              : a - b,
        );
      expect(topK(scores, k, above)).toEqual(sorted.slice(0, k));
    }),
  );
});
