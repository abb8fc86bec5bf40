/** Finds the records that are nearest to one of them, whose vectors the database has: no model is asked. */
import type { Connection } from '../database/index.ts';
import { QueryError, UnknownRecordError } from '../errors/index.ts';
import { checked } from './check.ts';
import type { SearchAnswer, SimilarRequest } from './request.ts';
import { runSearch, toHit } from './rows.ts';
import { activeSpaces } from './spaces.ts';

const SIMILAR = 'select * from evervec.similar($1, $2, $3::jsonb)';
const NO_DATA_FOUND = 'P0002';

/** @throws SearchRequestError, UnknownSourceError, UnknownRecordError */
export async function similar(
  connection: Connection,
  request: SimilarRequest,
): Promise<SearchAnswer> {
  const started = performance.now();
  const { source, key, ...options } = request;
  const { limit, offset, filter, tiers, expert } = checked({ query: key, ...options });
  const spaces = await activeSpaces(connection, [source]);
  const choices = { limit, offset, filter, ...(tiers && { tiers }), ...(expert && { expert }) };
  try {
    const { rows } = await runSearch(connection, SIMILAR, [source, key, choices]);
    return {
      hits: rows.map(toHit),
      took_ms: Math.round((performance.now() - started) * 100) / 100,
      mode: 'vector',
      space: Object.fromEntries(spaces.map((space) => [space.name, space.model_id])),
    };
  } catch (error) {
    if (error instanceof QueryError && error.sqlState === NO_DATA_FOUND)
      throw new UnknownRecordError(`There is no record of that key in source "${source}".`, {
        remedy: 'Take the key of a hit. It may also be archived, wait in the queue, or be hidden.',
        cause: error,
        isUsage: true,
      });
    throw error;
  }
}
