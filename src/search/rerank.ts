/**
 * Lets a re-ranker order the best hits of a search. Where it fails or is late, the search's own order is the answer, with a
 * warning: a search does not hang on it.
 */
import type { Reranker } from '../embed/index.ts';
import { EvervecError, SearchRequestError } from '../errors/index.ts';
import type { SearchAnswer, SearchHit, SearchRequest } from './request.ts';

export interface RerankParts {
  /** Null where none is configured. */
  reranker: Reranker | null;
  search(request: SearchRequest): Promise<SearchAnswer>;
  /** Told what went wrong; it carries no text. */
  onFailure(error: EvervecError): void;
}

/** Hits that a search gives at most. */
const MAX_HITS = 1_000;

/** @throws SearchRequestError, and whatever the search throws */
export async function searchReranked(
  { reranker, search, onFailure }: RerankParts,
  { rerank: _, limit = 10, offset = 0, ...request }: SearchRequest,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  if (reranker === null) throw notConfigured();
  // What is out of range the search refuses in its own words.
  const isPage = Number.isInteger(limit + offset) && limit >= 1 && offset >= 0;
  if (!isPage) return await search({ ...request, limit, offset });
  const wanted = Math.max(limit + offset, reranker.candidates);
  if (wanted > MAX_HITS)
    throw new SearchRequestError(
      `With rerank, limit and offset are at most ${MAX_HITS} together, not ${limit + offset}.`,
      { remedy: 'Ask for fewer, or without rerank.', isUsage: true },
    );
  const started = performance.now();
  const answer = await search({ ...request, limit: wanted });
  const hits = answer.hits.slice(0, reranker.candidates);
  const rest = answer.hits.slice(reranker.candidates);
  const page = (ordered: SearchHit[]) => ({
    ...answer,
    hits: [...ordered, ...rest].slice(offset, offset + limit),
    took_ms: Math.round((performance.now() - started) * 100) / 100,
  });
  if (hits.length === 0) return page(hits);
  try {
    const texts = hits.map(({ chunk }) => chunk.text);
    const { source } = hits[0] as SearchHit;
    const scores = await reranker.score(request.query, texts, { source, signal });
    return page(inOrder(hits, scores));
  } catch (error) {
    if (signal?.aborted || !(error instanceof EvervecError)) throw error;
    onFailure(error);
    return { ...page(hits), warning: `not re-ranked: ${error.message}` };
  }
}

/** Those that got no score last; equal ones as they were. */
function inOrder(hits: readonly SearchHit[], scores: readonly (number | null)[]): SearchHit[] {
  return hits
    .map((hit, i) => ({ ...hit, scores: { ...hit.scores, rerank: scores[i] ?? null } }))
    .sort((a, b) => (b.scores.rerank ?? -Infinity) - (a.scores.rerank ?? -Infinity) || 0);
}

function notConfigured(): SearchRequestError {
  return new SearchRequestError('There is no re-ranker here.', {
    remedy: 'Set reranker in the configuration, or search without rerank.',
    isUsage: true,
  });
}
