/**
 * Runs a search: embeds the query with the model of each source's space, and asks the database's own
 * `evervec.search`, where ranking, filters and visibility are. Sources of different models are asked
 * apart and their hits merged by score.
 */
import type { Connection } from '../database/index.ts';
import type { EmbeddingModel, QueryVectors } from '../embed/index.ts';
import { QueryError } from '../errors/index.ts';
import { encodeVector } from '../space/index.ts';
import { addBeside } from './beside-hits.ts';
import { checked, type Wanted } from './check.ts';
import type { ExplainedSearch, SearchAnswer, SearchHit, SearchRequest } from './request.ts';
import { runSearch, SEARCH, toHit } from './rows.ts';
import {
  activeSpaces,
  type ActiveSpace,
  hasMoved,
  type KnownSpaces,
  modelSpace,
  remember,
} from './spaces.ts';

export interface SearchOptions {
  connection: Connection;
  /** The model of a space. Rejects with a SpaceMismatchError when this process does not have it. */
  modelOf(space: {
    modelId: string;
    modelSettings: unknown;
    dimensions: number;
  }): Promise<EmbeddingModel>;
  /** Where vectors of queries come from, kept ones included. */
  queries: QueryVectors;
  /** What is known of spaces from searches before; the database refuses what is no longer true. */
  known: KnownSpaces;
}

/** What the database says of spaces that are others by now (object_not_in_prerequisite_state). */
const MOVED = '55000';
const MAX_TURNS = 10;

/** @throws SearchRequestError, UnknownSourceError, SpaceMismatchError */
export async function search(
  options: SearchOptions,
  request: SearchRequest,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  const started = performance.now();
  const wanted = checked(request);
  const { connection } = options;
  const isExplained = request.explain === true;
  const key = JSON.stringify(request.sources ?? null);
  let spaces = options.known.get(key) ?? (await activeSpaces(connection, request.sources));
  for (let turn = 0; ; turn++) {
    try {
      const { hits, searches } = await searchSpaces(
        options,
        { ...wanted, isExplained, isOfAll: request.sources === undefined },
        spaces,
        signal,
      );
      remember(options.known, key, spaces);
      if (hits.length > 0) await addBeside(connection, wanted, hits);
      return {
        hits,
        ...(isExplained && { explain: { searches } }),
        took_ms: Math.round((performance.now() - started) * 100) / 100,
        mode: wanted.mode,
        space: Object.fromEntries(spaces.map((space) => [space.name, space.model_id])),
      };
    } catch (error) {
      options.known.delete(key);
      // A space that was switched meanwhile refuses the query's vector, or is gone: the other one is asked (I7).
      const before = spaces;
      spaces = await activeSpaces(connection, request.sources);
      // It may have moved and moved back.
      const hadMoved = error instanceof QueryError && error.sqlState === MOVED;
      if (!hasMoved(before, spaces) && !(hadMoved && turn < MAX_TURNS)) throw error;
    }
  }
}

interface Asked extends Wanted {
  isExplained: boolean;
  /** Whether no sources are named. */
  isOfAll: boolean;
}

async function searchSpaces(
  options: SearchOptions,
  asked: Asked,
  spaces: readonly ActiveSpace[],
  signal: AbortSignal | undefined,
): Promise<{ hits: SearchHit[]; searches: ExplainedSearch[] }> {
  const { limit, offset } = asked;
  const byModel = Map.groupBy(spaces, (space) => (asked.mode === 'text' ? '' : space.model_id));
  if (byModel.size === 1) {
    const { hits, explained } = await searchModel(options, asked, spaces, signal);
    return { hits, searches: [explained] };
  }
  // Merged hits are cut afterwards, so each group gives all that could be among them.
  const each = { ...asked, limit: limit + offset, offset: 0, isOfAll: false };
  const hits: SearchHit[] = [];
  const searches: ExplainedSearch[] = [];
  for (const group of byModel.values()) {
    const found = await searchModel(options, each, group, signal);
    hits.push(...found.hits);
    searches.push(found.explained);
  }
  hits.sort((a, b) => b.score - a.score);
  return { hits: hits.slice(offset, offset + limit), searches };
}

/** Spaces of one model; by words of any. */
async function searchModel(
  { connection, modelOf, queries }: SearchOptions,
  { query, mode, isExplained, isOfAll, limit, offset, filter, tiers, expert }: Asked,
  spaces: readonly ActiveSpace[],
  signal: AbortSignal | undefined,
): Promise<{ hits: SearchHit[]; explained: ExplainedSearch }> {
  const began = performance.now();
  const [space] = spaces;
  const names = spaces.map(({ name }) => name);
  const model = mode === 'text' || space === undefined ? null : await modelOf(modelSpace(space));
  const isKept = model !== null && isExplained && queries.isKept(model, query);
  const purpose = { sources: names, cause: 'query' } as const;
  const vector =
    model === null ? null : encodeVector(await queries.of(model, query, signal, purpose));
  const embedded = performance.now();
  const choices = {
    mode,
    filter,
    limit,
    offset,
    spaces: Object.fromEntries(spaces.map(({ name, id }) => [name, id])),
    ...(model !== null && { model: space?.model_id }),
    ...(tiers !== undefined && { tiers }),
    ...(expert !== undefined && { expert }),
  };
  const { rows } = await runSearch(connection, isExplained ? EXPLAIN : SEARCH, [
    isOfAll ? null : names,
    query,
    vector,
    choices,
  ]);
  return {
    hits: rows.filter((row) => row.record_key !== null).map(toHit),
    explained: {
      model: model === null ? null : (space?.model_id ?? null),
      query_vector: model === null ? 'none' : isKept ? 'kept' : 'made',
      embed_ms: embedded - began,
      database_ms: performance.now() - embedded,
      database: rows[0]?.report ?? null,
    },
  };
}

/* Also without a hit there is a report. */
const EXPLAIN = `
select run.report, hit.* from evervec.explain_search($1::text[], $2, $3::vector.vector, $4::jsonb) run
left join lateral unnest(run.hits) hit on true`;
