/**
 * All ways to search, wired: with the models of the spaces, answers that are kept, the re-ranker, and a count of the filters
 * that are used. What each does is said at `Evervec`, whose methods these are. Writes nothing but those counts.
 */
import { type Database, SCHEMA_VERSION, schemaVersion } from '../database/index.ts';
import type { QueryVectors, Reranker } from '../embed/index.ts';
import { type EvervecError, SearchRequestError } from '../errors/index.ts';
import { type IndexProposal, proposeIndexes } from '../operate/index.ts';
import type { Logger } from '../runtime/index.ts';
import {
  AnswerCache,
  cachedSearch,
  type CacheStats,
  type ContextAnswer,
  contextFor,
  type ContextOptions,
  type ContextRequest,
  FilterUses,
  type KnownSpaces,
  readGeneration,
  type SearchAnswer,
  type SearchHit,
  type SearchRequest,
  type SimilarRequest,
  search,
  searchByVector,
  searchReranked,
  similar,
  type VectorRequest,
} from '../search/index.ts';
import { listSources } from '../source/index.ts';
import { errorLabel } from '../worker/index.ts';
import type { Config } from './config.ts';
import type { Models, SpaceModel } from './models.ts';
import { notUpToDate, onSchema } from './on-schema.ts';
import { queryVectors } from './query-vectors.ts';
import { wholeTexts } from './whole-texts.ts';
import type { Wiring } from './wiring.ts';

export interface SearchesParts {
  database: Database;
  config: Config;
  models: Models;
  wiring: Wiring;
  queries: QueryVectors;
  /** Null where none is configured. */
  reranker: Reranker | null;
  logger: Logger;
}

export class Searches {
  readonly #parts: SearchesParts;
  readonly #knownSpaces: KnownSpaces = new Map();
  readonly #answers: AnswerCache | null;
  readonly #filterUses: FilterUses;

  constructor(parts: SearchesParts) {
    this.#parts = parts;
    const kept = parts.config.search?.cache;
    this.#answers = kept === undefined ? null : new AnswerCache(kept);
    this.#filterUses = new FilterUses(parts.database, (error) =>
      parts.logger.debug({ error: errorLabel(error) }, 'uses of filters not written'),
    );
  }

  get keepsAnswers(): boolean {
    return this.#answers !== null;
  }

  async search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer> {
    const { database: connection, models, queries } = this.#parts;
    const modelOf = (space: SpaceModel) => models.of(space);
    const wanted = this.#parts.config.semanticSearch === false ? byWords(request) : request;
    const known = this.#knownSpaces;
    const answers = this.#answers;
    const find = (one: SearchRequest) => {
      const ask = () => search({ connection, modelOf, queries, known }, one, signal);
      return answers === null ? ask() : cachedSearch(answers, connection, one, ask);
    };
    const answer = await this.#onSchema(
      wanted.rerank === true
        ? searchReranked({ ...this.#reranking, search: find }, wanted, signal)
        : find(wanted),
    );
    this.#filterUses.note(Object.keys(answer.space), wanted.filter);
    return answer;
  }

  /** What the search of an older schema refuses is no fault of the request. */
  async #onSchema<T>(answer: Promise<T>): Promise<T> {
    try {
      return await onSchema(answer);
    } catch (error) {
      const isRefused = error instanceof SearchRequestError && error.cause !== undefined;
      if (isRefused && (await schemaVersion(this.#parts.database)) < SCHEMA_VERSION)
        throw notUpToDate(error);
      throw error;
    }
  }

  /** Where answers are kept: the sources of which none can be, since not every change of theirs is seen. */
  async unkept(): Promise<string[]> {
    if (this.#answers === null) return [];
    const unkept: string[] = [];
    for (const { name } of await onSchema(listSources(this.#parts.database)))
      if ((await readGeneration(this.#parts.database, [name])) === null) unkept.push(name);
    return unkept;
  }

  get #reranking() {
    return {
      reranker: this.#parts.reranker,
      onFailure: (error: EvervecError) =>
        this.#parts.logger.warn({ code: error.code, reason: error.message }, 'not re-ranked'),
    };
  }

  async searchByVector(request: VectorRequest): Promise<SearchHit[]> {
    return await onSchema(searchByVector(this.#parts.database, request));
  }

  async context(
    request: ContextRequest,
    options: ContextOptions = {},
    signal?: AbortSignal,
  ): Promise<ContextAnswer> {
    const { database: connection, models, wiring, queries } = this.#parts;
    const parts = {
      connection,
      search: (wanted: SearchRequest) => this.search(wanted, signal),
      vectorsOf: (query: string, sources: readonly string[]) =>
        queryVectors(connection, models, queries, query, sources),
      textsOf: (source: string, keys: readonly string[]) =>
        wholeTexts(connection, wiring, source, keys),
    };
    return await onSchema(contextFor(parts, request, options, signal));
  }

  async similar(request: SimilarRequest): Promise<SearchAnswer> {
    return await onSchema(similar(this.#parts.database, request));
  }

  /** Indexes that searches with filters would be served by, as statements to run. */
  async indexProposals(): Promise<IndexProposal[]> {
    await this.#filterUses.flush();
    return await onSchema(proposeIndexes(this.#parts.database));
  }

  /** How often answers that are kept were of use; null where none are. */
  get cacheStats(): CacheStats | null {
    return this.#answers?.stats ?? null;
  }

  /** Writes down what is counted. */
  async close(): Promise<void> {
    await this.#filterUses.flush();
  }
}

/** Where search by meaning is switched off. */
function byWords(request: SearchRequest): SearchRequest {
  if (request.mode !== 'vector') return { ...request, mode: 'text' };
  throw new SearchRequestError('Search by meaning is switched off here.', {
    remedy: 'Search by words (mode text), or set SEMANTIC_SEARCH_ENABLED to true.',
    isUsage: true,
  });
}
