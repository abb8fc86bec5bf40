/** The vector of a query in each of several sources, by the models of their spaces; those of a search just made are kept. */
import type { Connection } from '../database/index.ts';
import type { QueryVectors } from '../embed/index.ts';
import type { Models, SpaceModel } from './models.ts';

const SPACES = `
select source.name, space.model_id as "modelId", space.model_settings as "modelSettings", space.dimensions
from evervec.sources source join evervec.spaces space on space.id = source.active_space_id
where source.name = any ($1)`;

/** @returns source → vector */
export async function queryVectors(
  connection: Connection,
  models: Models,
  queries: QueryVectors,
  query: string,
  sources: readonly string[],
): Promise<Map<string, Float32Array>> {
  const { rows } = await connection.query<SpaceModel & { name: string }>(SPACES, [sources]);
  const vectors = new Map<string, Float32Array>();
  for (const space of rows)
    vectors.set(space.name, await queries.of(await models.of(space), query));
  return vectors;
}
