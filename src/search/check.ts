/** Whether a request can be run: what is wrong with it is said before anything is asked or paid for. */
import { SearchRequestError } from '../errors/index.ts';
import { checkExpert } from './expert.ts';
import type { FilterCondition, FilterValue, SearchMode, SearchRequest } from './request.ts';

const MAX_QUERY_CHARS = 10_000;
const MAX_LIMIT = 1_000;
const MAX_OFFSET = 10_000;

/** With its defaults. */
export type Wanted = Required<
  Pick<SearchRequest, 'query' | 'mode' | 'limit' | 'offset' | 'filter'>
> &
  Pick<SearchRequest, 'tiers' | 'expert'>;

/** @throws SearchRequestError */
export function checked(request: SearchRequest): Wanted {
  const { mode = 'hybrid', limit = 10, offset = 0, filter = {}, tiers, expert } = request;
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
  if (expert !== undefined) checkExpert(expert);
  return {
    query,
    mode,
    limit,
    offset,
    filter,
    ...(tiers !== undefined && { tiers }),
    ...(expert !== undefined && { expert }),
  };
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
