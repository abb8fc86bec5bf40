/**
 * Runs a search: embeds the query with the model of each source's space, and asks the database's own
 * `evervec.search`, where ranking, filters and visibility are. Sources of different models are asked
 * apart and their hits merged by score.
 */
import type { Connection } from '../database/index.ts';
import type { EmbeddingModel, QueryVectors } from '../embed/index.ts';
import { QueryError, SearchRequestError, UnknownSourceError } from '../errors/index.ts';
import type {
  FilterCondition,
  FilterValue,
  SearchAnswer,
  SearchHit,
  SearchMode,
  SearchRequest,
} from './request.ts';

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
}

const MAX_QUERY_CHARS = 10_000;
const MAX_LIMIT = 1_000;
const MAX_OFFSET = 10_000;

interface HitRow {
  source: string;
  record_key: string;
  score: number;
  vector_score: number | null;
  text_score: number | null;
  chunk_index: number;
  chunk_text: string;
  start_offset: number;
  end_offset: number;
  section: string | null;
  record: Record<string, unknown>;
  page: number | null;
  chunk_count: number;
}

/** @throws SearchRequestError, UnknownSourceError, SpaceMismatchError */
export async function search(
  options: SearchOptions,
  request: SearchRequest,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  const started = performance.now();
  const wanted = checked(request);
  const { connection } = options;
  let spaces = await activeSpaces(connection, request.sources);
  for (;;) {
    try {
      const hits = await searchSpaces(options, wanted, spaces, signal);
      return {
        hits,
        took_ms: Math.round((performance.now() - started) * 100) / 100,
        mode: wanted.mode,
        space: Object.fromEntries(spaces.map((space) => [space.name, space.model_id])),
      };
    } catch (error) {
      // A space that was switched meanwhile refuses the query's vector, or is gone: the other one is asked (I7).
      const before = spaces;
      spaces = await activeSpaces(connection, request.sources);
      if (!hasMoved(before, spaces)) throw error;
    }
  }
}

function hasMoved(before: readonly ActiveSpace[], now: readonly ActiveSpace[]): boolean {
  return before.some(
    ({ name, id }) => !now.some((space) => space.name === name && space.id === id),
  );
}

async function searchSpaces(
  { connection, modelOf, queries }: SearchOptions,
  { query, mode, limit, offset, filter, tiers }: Wanted,
  spaces: readonly ActiveSpace[],
  signal: AbortSignal | undefined,
): Promise<SearchHit[]> {
  const byModel = Map.groupBy(spaces, (space) => (mode === 'text' ? '' : space.model_id));
  const hits: SearchHit[] = [];
  for (const [modelId, group] of byModel) {
    const [space] = group;
    const vector =
      mode === 'text' || space === undefined
        ? null
        : asText(
            await queries.of(await modelOf(modelSpace(space)), query, signal, {
              sources: group.map(({ name }) => name),
              cause: 'query',
            }),
          );
    const choices = {
      mode,
      filter,
      // Merged hits are cut afterwards, so each group gives all that could be among them.
      limit: byModel.size > 1 ? limit + offset : limit,
      offset: byModel.size > 1 ? 0 : offset,
      ...(mode === 'text' ? {} : { model: modelId }),
      ...(tiers !== undefined && { tiers }),
    };
    const { rows } = await runSearch(connection, [
      group.map((space) => space.name),
      query,
      vector,
      choices,
    ]);
    hits.push(...rows.map(toHit));
  }
  if (byModel.size > 1) {
    hits.sort((a, b) => b.score - a.score);
    hits.splice(0, offset);
    hits.length = Math.min(hits.length, limit);
  }
  return hits;
}

/** As pgvector reads it. */
function asText(vector: Float32Array): string {
  return `[${vector.join(',')}]`;
}

const SEARCH = `
select * from evervec.search($1::text[], $2, $3::text::vector.vector, $4::jsonb)`;

/** What the SQL function refuses is the caller's request, told in its own words. */
const REFUSALS = new Set([
  '22023',
  '42703',
  '42704',
  '42804',
  '22P02',
  '22007',
  '22008',
  '22003',
  '22P05',
  '42883',
]);

/** @throws SearchRequestError for what the SQL function refuses */
export async function runSearch(connection: Connection, values: unknown[]) {
  try {
    return await connection.query<HitRow>(SEARCH, values);
  } catch (error) {
    if (error instanceof QueryError && REFUSALS.has(error.sqlState ?? ''))
      throw new SearchRequestError(`The search can't be run as asked: ${error.detail}.`, {
        remedy:
          error.hint ?? 'Check the filter: its columns, operators and the type of its values.',
        cause: error,
        isUsage: true,
      });
    throw error;
  }
}

export function toHit(row: HitRow): SearchHit {
  return {
    source: row.source,
    key: row.record_key,
    score: row.score,
    scores: { vector: row.vector_score, text: row.text_score },
    chunk: {
      index: row.chunk_index,
      text: row.chunk_text,
      start: row.start_offset,
      end: row.end_offset,
      section: row.section,
      page: row.page,
      of: row.chunk_count,
    },
    record: row.record,
  };
}

interface ActiveSpace {
  /** Of the source. */
  name: string;
  id: number;
  model_id: string;
  model_settings: unknown;
  dimensions: number;
}

function modelSpace({ model_id, model_settings, dimensions }: ActiveSpace) {
  return { modelId: model_id, modelSettings: model_settings, dimensions };
}

async function activeSpaces(
  connection: Connection,
  names: readonly string[] | undefined,
): Promise<ActiveSpace[]> {
  const { rows } = await connection.query<ActiveSpace>(
    `select source.name, space.id, space.model_id, space.model_settings, space.dimensions
    from evervec.sources source join evervec.spaces space on space.id = source.active_space_id
    where source.name = any ($1) or ($1::text[] is null and source.standby_of is null) order by source.name`,
    [names ?? null],
  );
  for (const name of names ?? []) {
    if (rows.some((row) => row.name === name)) continue;
    throw new UnknownSourceError(`There is no source "${name}" in this database.`, {
      remedy: `Known are ${rows.map((row) => row.name).join(', ') || 'none yet'}; "evervec setup" adds those of the configuration.`,
      isUsage: true,
    });
  }
  if (rows.length === 0)
    throw new UnknownSourceError('This database has no source to search.', {
      remedy: 'Run "evervec setup" and "evervec backfill".',
      isUsage: true,
    });
  return rows;
}

type Wanted = Required<Omit<SearchRequest, 'sources' | 'tiers' | 'rerank'>> &
  Pick<SearchRequest, 'tiers'>;

function checked(request: SearchRequest): Wanted {
  const { mode = 'hybrid', limit = 10, offset = 0, filter = {}, tiers } = request;
  // Postgres has no NUL in text, and no lone surrogates.
  const query = request.query.replaceAll('\0', ' ').toWellFormed();
  const refuse = (message: string, remedy: string): never => {
    throw new SearchRequestError(message, { remedy, isUsage: true });
  };
  const isBlank = query.trim() === '';
  if (isBlank) refuse('The query is empty.', 'Give a few words to look for.');
  if (query.length > MAX_QUERY_CHARS)
    refuse(
      `The query has ${query.length} characters, at most ${MAX_QUERY_CHARS} are taken.`,
      'Search with the passage that matters.',
    );
  const modes: SearchMode[] = ['hybrid', 'vector', 'text'];
  if (!modes.includes(mode)) refuse(`mode "${mode}" is unknown.`, `Use ${modes.join(', ')}.`);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    refuse(`limit ${limit} is out of range.`, `Use 1 to ${MAX_LIMIT}.`);
  if (!Number.isInteger(offset) || offset < 0 || offset > MAX_OFFSET)
    refuse(`offset ${offset} is out of range.`, `Use 0 to ${MAX_OFFSET}.`);
  if (request.sources?.length === 0)
    refuse('sources is empty.', 'Name sources, or leave it out to search all.');
  for (const [column, condition] of Object.entries(filter))
    for (const value of Object.values(isCondition(condition) ? condition : { condition }))
      if ([value].flat().some((one) => !isJsonValue(one)))
        refuse(
          `The filter on "${column}" has ${[value].flat().includes(undefined) ? 'no value' : 'a value that JSON does not know'}.`,
          'Use strings, finite numbers, booleans or null; a number beyond 2^53 as a string.',
        );
  return { query, mode, limit, offset, filter, ...(tiers !== undefined && { tiers }) };
}

function isCondition(condition: FilterValue | FilterCondition): condition is FilterCondition {
  return typeof condition === 'object' && condition !== null && !Array.isArray(condition);
}

/** JSON would leave `undefined` out, and with it the condition: everything would match. */
function isJsonValue(value: unknown): boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    typeof value === 'object' ||
    (typeof value === 'number' && Number.isFinite(value))
  );
}
