/** What a search by meaning finds for a vector: through the same function as every search. Reads only; asks no model. */
import type { Connection } from '../database/index.ts';

/** How many of the nearest a recall is counted over. */
export const NEAREST = 10;

const SEARCH = `
select 1 - vector_score as distance
from evervec.search(array[$1], null, $2::text::vector.vector, $3::jsonb)`;

/**
 * @param vector as pgvector writes it
 * @param expert of the search: `{ exact: true }`, another view, or nothing for the default
 * @returns the distances of the nearest records (up to 10), ascending
 */
export async function nearest(
  connection: Connection,
  source: string,
  vector: string,
  expert: object,
): Promise<number[]> {
  const options = { mode: 'vector', limit: NEAREST, expert };
  const { rows } = await connection.query<{ distance: number }>(SEARCH, [source, vector, options]);
  return rows.map((row) => row.distance);
}
