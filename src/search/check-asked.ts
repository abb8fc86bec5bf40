/** Whether a query, a mode, a limit and a filter can be run: the same for the server and for a page. Pure. */
import { SearchRequestError } from '../errors/index.ts';
import { type FilterFault, filterFault } from './filter.ts';

const MAX_QUERY_CHARS = 10_000;
const MODES = ['hybrid', 'vector', 'text'];

/** @returns the query as it is searched for; @throws SearchRequestError */
export function checkQuery(asked: string): string {
  // Postgres has no NUL in text, and no lone surrogates.
  const query = asked.replaceAll('\0', ' ').toWellFormed();
  if (query.trim() === '') refuse('The query is empty.', 'Give a few words to look for.');
  if (query.length > MAX_QUERY_CHARS)
    refuse(
      `The query has ${query.length} characters, at most ${MAX_QUERY_CHARS} are taken.`,
      'Search with the passage that matters.',
    );
  return query;
}

/** @throws SearchRequestError */
export function checkMode(mode: string): void {
  if (!MODES.includes(mode)) refuse(`mode "${mode}" is unknown.`, `Use ${MODES.join(', ')}.`);
}

/** @throws SearchRequestError */
export function checkLimit(limit: number, most: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    refuse(`limit ${limit} is out of range.`, `Use 1 to ${most}.`);
}

/** @throws SearchRequestError for a filter of the wrong shape */
export function checkFilter(filter: unknown): void {
  const fault = filterFault(filter);
  if (fault !== null) refuse(...describe(fault));
}

/** @throws SearchRequestError */
export function refuse(message: string, remedy: string): never {
  throw new SearchRequestError(message, { remedy, isUsage: true });
}

function describe({ path, message }: FilterFault): [message: string, remedy: string] {
  const at = path.length === 0 ? 'The filter' : `In the filter, "${path.join('.')}"`;
  return [
    `${at} ${message}.`,
    'Filter by field and value or condition, {"status": "open", "seats": {"$gte": 6}}; join filters with $and, $or, $not.',
  ];
}
