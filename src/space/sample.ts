/** Vectors of a space to ask it with: what its index finds can be told from them without a model. */
import type { Connection } from '../database/index.ts';
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

/** How many of `found` are as near as the last of `wanted`. By distance and not by name: of equal ones either is right. */
export function countNear(found: readonly number[], wanted: readonly number[]): number {
  const limit = wanted.at(-1) ?? 0;
  return found.filter((distance) => distance <= limit + 1e-6).length;
}
