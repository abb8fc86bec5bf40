/** A search for what is nearest to a vector that the caller brings, where no words are asked for. */
import type { Connection } from '../database/index.ts';
import { SearchRequestError } from '../errors/index.ts';
import type { Filter } from './filter.ts';
import type { SearchHit } from './request.ts';
import { encodeVector } from '../space/index.ts';
import { runSearch, SEARCH, toHit } from './rows.ts';

export interface VectorRequest {
  /** Of the model that the source's space is of: its width is checked, whose it is is not. */
  vector: readonly number[];
  /** Its name. */
  source: string;
  filter?: Filter;
  /** Default all. */
  tiers?: readonly string[];
  /** 1 to 1,000, default 10. */
  limit?: number;
}

/** pgvector's limit. */
const MAX_DIMENSIONS = 16_000;

/** @throws SearchRequestError */
export async function searchByVector(
  connection: Connection,
  { vector, source, filter = {}, tiers, limit = 10 }: VectorRequest,
): Promise<SearchHit[]> {
  const isVector =
    vector.length > 0 && vector.length <= MAX_DIMENSIONS && vector.every(Number.isFinite);
  if (!isVector || !Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new SearchRequestError(
      isVector ? `limit ${limit} is out of range.` : 'The vector is none.',
      { remedy: 'Use 1 to 16,000 finite numbers, and a limit of 1 to 1,000.', isUsage: true },
    );
  const choices = { mode: 'vector', filter, limit, ...(tiers && { tiers }) };
  const { rows } = await runSearch(connection, SEARCH, [
    [source],
    null,
    encodeVector(vector),
    choices,
  ]);
  return rows.map(toHit);
}
