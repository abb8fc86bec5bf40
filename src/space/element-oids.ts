/** Object ids of pgvector's types, which an array in binary form names: each database has its own. */
import type { Database } from '../database/index.ts';

export interface ElementOids {
  /** Of the type that vectors are stored in. */
  vector: number;
  sparsevec: number;
}

const FIND = `
select type.typname as name, type.oid from pg_type type
join pg_extension extension on extension.extnamespace = type.typnamespace
where extension.extname = 'vector' and type.typname = any ($1)`;

export async function findElementOids(database: Database): Promise<ElementOids> {
  const { vectorType } = database.capabilities;
  const { rows } = await database.query<{ name: string; oid: number }>(FIND, [
    ['sparsevec', vectorType],
  ]);
  const oidOf = (type: string) => rows.find(({ name }) => name === type)?.oid ?? 0;
  return { vector: oidOf(vectorType), sparsevec: oidOf('sparsevec') };
}
