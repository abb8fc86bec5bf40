/** Vectors of a space to ask it with: what its index finds can be told from them without a model. */
import type { Connection, Database } from '../database/index.ts';
import { sidecarName, type Space } from './sidecar.ts';

/** From pages all over the table, the same each time. @returns as pgvector reads them, at most `count` */
export async function sampleVectors(
  connection: Connection,
  space: Pick<Space, 'id'>,
  count: number,
): Promise<string[]> {
  const { rows } = await connection.query<{ vector: string }>(
    `select embedding::text as vector from ${sidecarName(space.id)} tablesample system (10) repeatable (7)
    where embedding is not null order by md5(record_key || chunk_index) limit $1`,
    [count],
  );
  return rows.map((row) => row.vector);
}

/*
 * One pass over the table for all of `asked`, whose rows are few: a pass for each would read the table as often, and reading
 * it is what takes the time. Within a radius, so that hardly any pair has to be kept.
 */
const NEAREST = `
with asked as materialized (
  select n, vector::vector.{type} as vector, radius
  from unnest($1::text[], $2::float8[]) with ordinality as given (vector, radius, n)
), near as (
  select asked.n, min(chunk.embedding operator(vector.<=>) asked.vector) as distance
  from {sidecar} chunk join asked on chunk.embedding operator(vector.<=>) asked.vector <= asked.radius
  group by asked.n, chunk.record_key
)
select (array_agg(distance order by distance))[1:$3] as distances
from asked left join near using (n) group by n order by n`;

/**
 * The distances of the `count` records that are truly nearest to each of `vectors`, ascending, in the order of these; those
 * beyond the vector's radius are left out. Reads the whole sidecar, with one process: the others are for whoever searches.
 * @param radii one of each vector, cosine distance (0 to 2)
 */
export async function nearestWithin(
  database: Database,
  space: Pick<Space, 'id' | 'vectorType'>,
  vectors: readonly string[],
  radii: readonly number[],
  count: number,
): Promise<number[][]> {
  const statement = NEAREST.replace('{sidecar}', sidecarName(space.id)).replace(
    '{type}',
    space.vectorType,
  );
  return await database.transaction(async (tx) => {
    await tx.query(`select set_config('max_parallel_workers_per_gather', '0', true)`);
    const { rows } = await tx.query<{ distances: (number | null)[] }>(statement, [
      vectors,
      radii,
      count,
    ]);
    return rows.map(({ distances }) => distances.filter((distance) => distance !== null));
  });
}

/** How many of `found` are as near as the last of `wanted`. By distance and not by name: of equal ones either is right. */
export function countNear(found: readonly number[], wanted: readonly number[]): number {
  const limit = wanted.at(-1) ?? 0;
  return found.filter((distance) => distance <= limit + 1e-6).length;
}
