/**
 * One index, open for search: its rows where they are multiplied, its words as soon as they are counted. It takes queries whose vector
 * is made, and must not know where the index or the vector came from.
 */
import { decodeIndex, quantiseQuery, type ReleaseIndex } from '../../format/index.ts';
import {
  cosinesOf,
  createRowScorer,
  fuseScores,
  type RowScorer,
  type WordIndex,
  wordIndexInSteps,
} from '../../ranking/index.ts';
import type { Filter } from '../../search/filter.ts';
import { wordsOfChunks } from '../../search/words-of-chunks.ts';
import type { IndexSummary, PageHit, SearchMode } from '../index-host.ts';
import { bestRecords, type RankedChunk, type Scored } from './best-records.ts';
import { RecordFilter } from './record-filter.ts';
import { inTurns } from './turns.ts';

export interface VectorQuery {
  readonly query: string;
  readonly vector?: ArrayLike<number> | undefined;
  readonly mode: SearchMode;
  readonly limit: number;
  readonly filter: Filter;
}

interface Legs extends Scored {
  readonly ranks?: Float64Array | undefined;
  readonly cosines?: Float64Array | undefined;
}

export class OpenIndex {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly summary: IndexSummary;
  /** Resolves once it can be searched by words. */
  readonly words: Promise<WordIndex>;
  readonly #index: ReleaseIndex;
  readonly #rows: RowScorer;
  readonly #filter: RecordFilter;
  /** Of the search that goes on: memory that is new takes longer than what is done in it. (chunks) */
  readonly #cosines: Float64Array;
  readonly #scores: Float64Array;
  readonly #closing = new AbortController();

  /** @throws FormatError */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    const index = decodeIndex(bytes);
    this.#index = index;
    this.#rows = createRowScorer(index.vectors, index.paddedDimensions);
    this.summary = {
      source: index.about.source,
      model: index.about.model,
      records: index.recordCount,
      chunks: index.chunkCount,
      dimensions: index.dimensions,
      kernel: this.#rows.kind,
    };
    this.#filter = new RecordFilter(index);
    this.#cosines = new Float64Array(index.chunkCount);
    this.#scores = new Float64Array(index.chunkCount);
    const steps = wordIndexInSteps(index.chunkCount, wordsOfChunks(index), index.about.language);
    this.words = inTurns(steps, this.#closing.signal);
    // Whoever waits for it hears of it.
    this.words.catch(() => undefined);
  }

  /** Nothing of it is wanted any more: counting its words ends. */
  close(): void {
    this.#closing.abort();
  }

  /**
   * @param words wanted but for `vector`
   * @throws SearchRequestError for a filter on what there is not, FormatError where a text of a hit is none
   */
  search(asked: VectorQuery, words: WordIndex | undefined): PageHit[] {
    const passing = this.#filter.passing(asked.filter);
    const legs = this.#legs(asked, words, passing);
    const { recordStarts } = this.#index;
    return bestRecords(legs, recordStarts, asked.limit, passing).map((found) =>
      this.#hit(found, legs),
    );
  }

  #legs({ query, vector, mode }: VectorQuery, words: WordIndex | undefined, passing?: Uint8Array) {
    const cosines = mode === 'text' || vector === undefined ? undefined : this.#cosinesTo(vector);
    const ranks = mode === 'vector' ? undefined : words?.scores(query);
    if (ranks === undefined)
      return cosines === undefined ? { scores: [] } : this.#vectorLeg(cosines);
    if (cosines === undefined) return textLeg(ranks, this.#passingChunks(passing));
    return this.#hybrid(ranks, cosines, passing);
  }

  #cosinesTo(vector: ArrayLike<number>): Float64Array {
    const { row, scale } = quantiseQuery(vector);
    return cosinesOf(this.#rows.dots(row), this.#index.scales, scale, this.#cosines);
  }

  // A loop: `map` with a function takes as long as all dot products.
  #vectorLeg(cosines: Float64Array): Legs {
    const { scales } = this.#index;
    const scores = this.#scores;
    for (let chunk = 0; chunk < cosines.length; chunk++)
      scores[chunk] = scales[chunk] === 0 ? -1 : Math.max(cosines[chunk] ?? 0, 0);
    return { scores, second: cosines, cosines };
  }

  #hybrid(ranks: Float64Array, cosines: Float64Array, passing: Uint8Array | undefined): Legs {
    const weight = this.#index.about.fusionWeight;
    const scores = fuseScores(ranks, cosines, weight, this.#passingChunks(passing));
    const { scales } = this.#index;
    // A chunk without a vector is found by its words or not at all.
    for (let chunk = 0; chunk < scores.length; chunk++)
      if (scales[chunk] === 0 && ranks[chunk] === 0) scores[chunk] = -1;
    return { scores, second: cosines, ranks, cosines };
  }

  #passingChunks(passing: Uint8Array | undefined): Uint8Array | undefined {
    if (passing === undefined) return undefined;
    const { recordStarts, chunkCount } = this.#index;
    const chunks = new Uint8Array(chunkCount);
    for (let record = 0; record < passing.length; record++)
      if (passing[record] === 1) chunks.fill(1, recordStarts[record], recordStarts[record + 1]);
    return chunks;
  }

  #hit({ record, chunk }: RankedChunk, { scores, ranks, cosines }: Legs): PageHit {
    const { key, title, url, publishedAt, tags, columns, chunkCount } = this.#index.record(record);
    const { index, text, start, end, section, page } = this.#index.chunk(chunk);
    const hasVector = cosines !== undefined && this.#index.scales[chunk] !== 0;
    const rank = ranks?.[chunk] ?? 0;
    return {
      key,
      title,
      url,
      publishedAt,
      tags,
      columns,
      chunk: { index, of: chunkCount, text, start, end, section, page },
      score: Math.min(1, scores[chunk] ?? 0),
      ...(hasVector && { similarity: cosines[chunk] ?? 0 }),
      ...(rank > 0 && { rank }),
    };
  }
}

/** Over the best, 0 to 1. */
function textLeg(ranks: Float64Array, passing: Uint8Array | undefined): Legs {
  let highest = 0;
  for (let chunk = 0; chunk < ranks.length; chunk++)
    if (passing?.[chunk] !== 0) highest = Math.max(highest, ranks[chunk] ?? 0);
  const scores = new Float64Array(ranks.length);
  for (let chunk = 0; chunk < scores.length; chunk++) {
    const rank = ranks[chunk] ?? 0;
    scores[chunk] = rank > 0 ? rank / highest : -1;
  }
  return { scores, ranks };
}
