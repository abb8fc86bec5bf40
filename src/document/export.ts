/** Documents as lines of JSON, out; `import/jsonl.ts` reads them back. */
import type { Connection } from '../database/index.ts';

const LINE = `
select collection, origin, title, author, published::text as published, type, tags, tier, metadata,
  encode(raw_hash, 'hex') as raw_hash, text
from evervec.documents where id = $1`;

/** A document as a line, without what another database would give it anew; null where it is gone. */
export async function exportLine(connection: Connection, id: string): Promise<string | null> {
  const { rows } = await connection.query(LINE, [id]);
  return rows[0] === undefined ? null : `${JSON.stringify(rows[0])}\n`;
}
