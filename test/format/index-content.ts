/** Reads all that an index says, every text made, as plain values. */
import type { ReleaseIndex } from '../../src/format/index.ts';

export function contentOf(index: ReleaseIndex) {
  const records = Array.from({ length: index.recordCount }, (_, number) => {
    const { firstChunk, chunkCount, ...record } = index.record(number);
    const chunks = Array.from({ length: chunkCount }, (_, i) => {
      const { record: _record, ...chunk } = index.chunk(firstChunk + i);
      return { ...chunk, row: [...index.row(firstChunk + i)], scale: index.scales[firstChunk + i] };
    });
    return { ...record, chunks };
  });
  return { about: index.about, dimensions: index.dimensions, records };
}
