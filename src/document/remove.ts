/** Deletes documents: with their versions, and by the triggers of the source with their chunks and jobs. */
import type { Connection } from '../database/index.ts';

/** From the commit on they are in no search (I2), whatever a worker is doing with them. @returns those that were there */
export async function deleteDocuments(tx: Connection, ids: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    'delete from evervec.documents where id = any ($1::uuid[]) returning id',
    [ids],
  );
  return rows.map(({ id }) => id);
}

/**
 * Deletes a collection with its documents.
 * @returns how many they were; null where there is no such collection
 */
export async function deleteCollection(tx: Connection, name: string): Promise<number | null> {
  // Locked first: an import that brings a document in waits, or is waited for.
  const { rows } = await tx.query('select from evervec.collections where name = $1 for update', [
    name,
  ]);
  if (rows.length === 0) return null;
  const { rowCount } = await tx.query('delete from evervec.documents where collection = $1', [
    name,
  ]);
  await tx.query('delete from evervec.collections where name = $1', [name]);
  return rowCount;
}

export interface KnownOrigin {
  id: string;
  origin: string;
}

/** Documents of a collection whose origin begins with `prefix`, by origin: what an import mirrors. */
export async function documentsUnder(
  connection: Connection,
  collection: string,
  prefix: string,
): Promise<KnownOrigin[]> {
  const { rows } = await connection.query<KnownOrigin>(
    `select id, origin from evervec.documents where collection = $1 and starts_with(origin, $2) order by origin`,
    [collection, prefix],
  );
  return rows;
}
