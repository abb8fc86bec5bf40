/** Which items of an import are here already as they come: asked before anything is extracted. Reads only. */
import type { Connection } from '../database/index.ts';

export interface ImportMark {
  collection: string;
  origin: string;
  rawHash: Buffer;
  importHash: Buffer;
}

const KNOWN = `
select wanted.position::integer as position, document.id, document.version
from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) with ordinality
  as wanted (collection, origin, raw_hash, import_hash, position)
join evervec.documents document on document.collection = wanted.collection and document.origin = wanted.origin
where document.raw_hash = wanted.raw_hash and document.import_hash = wanted.import_hash`;

/** @returns of the marks whose document is there with the same bytes and the same told about it: position → document */
export async function knownImports(
  connection: Connection,
  marks: readonly ImportMark[],
): Promise<Map<number, { id: string; version: number }>> {
  if (marks.length === 0) return new Map();
  const { rows } = await connection.query<{ position: number; id: string; version: number }>(
    KNOWN,
    [
      marks.map(({ collection }) => collection),
      marks.map(({ origin }) => origin),
      marks.map(({ rawHash }) => rawHash),
      marks.map(({ importHash }) => importHash),
    ],
  );
  return new Map(rows.map(({ position, id, version }) => [position - 1, { id, version }]));
}
