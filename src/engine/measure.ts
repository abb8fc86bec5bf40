/** Runs judged queries through a search and says how well it ranks. It asks as users ask, and changes nothing. */
import type { JudgedQuery } from '../evaluate/beir.ts';
// Not by way of the folder's index, which reads files: an edge runtime has none.
import { ndcg, recall, reciprocalRank } from '../evaluate/metrics.ts';
import type { Measured, MeasuredMode } from '../evaluate/runs.ts';
import type { SearchAnswer, SearchMode, SearchRequest } from '../search/index.ts';

/** Ranks that nDCG and MRR look at, and hits that recall does. */
const DEPTH = 10;
const RECALL_DEPTH = 100;
/** Few enough to leave the machine to others. */
const PARALLEL_SEARCHES = 4;
/** Search takes no more. */
const MAX_QUERY_CHARS = 10_000;

export interface MeasureOptions {
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  modes: readonly MeasuredMode[];
  /** Of the search; default all. */
  sources?: readonly string[];
  /** Searches at once; default 4. */
  parallel?: number;
  signal?: AbortSignal | undefined;
  onProgress?(done: number, total: number): void;
  /** Told of a search that was answered with one, such as that it was not re-ranked. */
  onWarning?(text: string): void;
}

/** @param queries at least one */
export async function measure(
  queries: readonly JudgedQuery[],
  { modes, parallel = PARALLEL_SEARCHES, ...options }: MeasureOptions,
): Promise<Measured> {
  const sums = new Map(modes.map((mode) => [mode, { ndcg10: 0, mrr10: 0, recall100: 0 }]));
  let next = 0;
  let done = 0;
  const run = async () => {
    for (let query = queries[next++]; query !== undefined; query = queries[next++]) {
      for (const [mode, sum] of sums) {
        const ranking = await rank(query.text, mode, options);
        sum.ndcg10 += ndcg(ranking, query.judged, DEPTH);
        sum.mrr10 += reciprocalRank(ranking, query.judged, DEPTH);
        sum.recall100 += recall(ranking, query.judged, RECALL_DEPTH);
      }
      options.onProgress?.(++done, queries.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_SEARCHES, parallel) }, run));
  return Object.fromEntries(
    [...sums].map(([mode, { ndcg10, mrr10, recall100 }]) => [
      mode,
      {
        ndcg10: ndcg10 / queries.length,
        mrr10: mrr10 / queries.length,
        recall100: recall100 / queries.length,
      },
    ]),
  );
}

async function rank(
  text: string,
  measured: MeasuredMode,
  { search, sources, signal, onWarning }: Omit<MeasureOptions, 'modes' | 'parallel'>,
): Promise<string[]> {
  signal?.throwIfAborted();
  const query = text.slice(0, MAX_QUERY_CHARS).toWellFormed();
  const [mode, rerank] = measured.split('+') as [SearchMode, 'rerank'?];
  const { hits, warning } = await search(
    {
      query,
      mode,
      limit: RECALL_DEPTH,
      ...(rerank && { rerank: true }),
      ...(sources && { sources: [...sources] }),
    },
    signal,
  );
  if (warning !== undefined) onWarning?.(warning);
  return hits.map(({ key }) => key);
}

/** The modes, each followed by itself with re-ranking where that is wanted. */
export function withReranking(modes: readonly SearchMode[], isWanted: boolean): MeasuredMode[] {
  return modes.flatMap((mode) => (isWanted ? [mode, `${mode}+rerank` as const] : [mode]));
}
