/** Whether a request can be run: what is wrong with it is said before anything is asked or paid for. */
import { MAX_NEIGHBORS } from './beside-hits.ts';
import { checkFilter, checkLimit, checkMode, checkQuery, refuse } from './check-asked.ts';
import { checkExpert } from './expert.ts';
import { isStorable } from './filter.ts';
import type { SearchRequest } from './request.ts';

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
  const query = checkQuery(request.query);
  checkMode(mode);
  checkLimit(limit, MAX_LIMIT);
  if (!Number.isInteger(offset) || offset < 0 || offset > MAX_OFFSET)
    refuse(`offset ${offset} is out of range.`, `Use 0 to ${MAX_OFFSET}.`);
  if (request.sources?.length === 0)
    refuse('sources is empty.', 'Name sources, or leave it out to search all.');
  if (request.sources?.some((name) => !isStorable(name)))
    refuse('The name of a source has a character that no name has.', 'Use names from /v1/sources.');
  if (!Number.isInteger(neighbors) || neighbors < 0 || neighbors > MAX_NEIGHBORS)
    refuse(`neighbors ${neighbors} is out of range.`, `Use 0 to ${MAX_NEIGHBORS}.`);
  checkFilter(filter);
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
