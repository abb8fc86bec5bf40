/** Whether a request can be run: what is wrong with it is said before anything is asked or paid for. */
import { SearchRequestError } from '../errors/index.ts';
import { checkExpert } from './expert.ts';
import { MAX_NEIGHBORS } from './beside-hits.ts';
import { type FilterFault, filterFault, isStorable } from './filter.ts';
import type { SearchMode, SearchRequest } from './request.ts';

const MAX_QUERY_CHARS = 10_000;
const MAX_LIMIT = 1_000;
const MAX_OFFSET = 10_000;

/** With its defaults. */
export type Wanted = Required<
  Pick<SearchRequest, 'query' | 'mode' | 'limit' | 'offset' | 'filter' | 'highlight' | 'neighbors'>
> &
  Pick<SearchRequest, 'tiers' | 'expert'>;

/** @throws SearchRequestError */
export function checked(request: SearchRequest): Wanted {
  const { mode = 'hybrid', limit = 10, offset = 0, filter = {}, tiers, expert } = request;
  const { highlight = false, neighbors = 0 } = request;
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
  if (request.sources?.some((name) => !isStorable(name)))
    refuse('The name of a source has a character that no name has.', 'Use names from /v1/sources.');
  if (!Number.isInteger(neighbors) || neighbors < 0 || neighbors > MAX_NEIGHBORS)
    refuse(`neighbors ${neighbors} is out of range.`, `Use 0 to ${MAX_NEIGHBORS}.`);
  const fault = filterFault(filter);
  if (fault !== null) refuse(...describe(fault));
  if (expert !== undefined) checkExpert(expert);
  return {
    query,
    mode,
    limit,
    offset,
    filter,
    highlight,
    neighbors,
    ...(tiers !== undefined && { tiers }),
    ...(expert !== undefined && { expert }),
  };
}

function describe({ path, message }: FilterFault): [message: string, remedy: string] {
  const at = path.length === 0 ? 'The filter' : `In the filter, "${path.join('.')}"`;
  return [
    `${at} ${message}.`,
    'Filter by field and value or condition, {"status": "open", "seats": {"$gte": 6}}; join filters with $and, $or, $not.',
  ];
}
