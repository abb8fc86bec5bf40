/** The best records are those that sorting all of them gives. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { bestRecords, type RankedChunk } from './best-records.ts';

/** Few different scores, so that many are equal; some are of what was not found. */
const anyScore = fc.constantFrom(-1, 0, 0.25, 0.5, 1);
const anyRecords = fc.array(
  fc.record({
    chunks: fc.array(fc.tuple(anyScore, anyScore), { maxLength: 4 }),
    passes: fc.boolean(),
  }),
  { maxLength: 40 },
);

it('are what sorting gives: by score, then by the other, then in the order of the records', () => {
  const anyLimit = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(anyRecords, anyLimit, fc.boolean(), (records, limit, hasFilter) => {
      const recordStarts = new Uint32Array(records.length + 1);
      records.forEach(({ chunks }, n) => {
        recordStarts[n + 1] = (recordStarts[n] ?? 0) + chunks.length;
      });
      const all = records.flatMap(({ chunks }) => chunks);
      const scored = { scores: all.map(([score]) => score), second: all.map(([, other]) => other) };
      const passing = Uint8Array.from(records, ({ passes }) => (passes ? 1 : 0));
      const better = (a: RankedChunk, b: RankedChunk) =>
        (scored.scores[b.chunk] ?? 0) - (scored.scores[a.chunk] ?? 0) ||
        (scored.second[b.chunk] ?? 0) - (scored.second[a.chunk] ?? 0);
      const wanted = records
        .flatMap(({ chunks, passes }, record) => {
          const own = chunks.map((_, n) => ({ record, chunk: (recordStarts[record] ?? 0) + n }));
          const found = own.filter(({ chunk }) => (scored.scores[chunk] ?? -1) >= 0);
          const [best] = found.toSorted(better);
          return best === undefined || (hasFilter && !passes) ? [] : [best];
        })
        .toSorted(better)
        .slice(0, limit);
      const found = bestRecords(scored, recordStarts, limit, hasFilter ? passing : undefined);
      expect(found).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});
