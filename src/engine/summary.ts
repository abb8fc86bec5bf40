/** The sources as a list shows them. */
import type { Connection } from '../database/index.ts';
import { sidecarName } from '../space/index.ts';

export interface SourceSummary {
  name: string;
  table: string;
  model: string;
  /** Records and chunks with a vector. */
  records: number;
  chunks: number;
  is_filling: boolean;
  indexed: boolean;
}

const SOURCES = `
select source.name, source.table_schema || '.' || source.table_name as table, space.id as space_id,
  space.model_id as model, space.filled_at is null as is_filling, space.indexed_at is not null as indexed
from evervec.sources source join evervec.spaces space on space.id = source.active_space_id
order by source.name`;

export async function summarizeSources(connection: Connection): Promise<SourceSummary[]> {
  const { rows } = await connection.query<
    Omit<SourceSummary, 'records' | 'chunks'> & { space_id: number }
  >(SOURCES);
  const summaries: SourceSummary[] = [];
  for (const { space_id, ...row } of rows) {
    const counted = await connection.query<{ records: number; chunks: number }>(
      `select count(distinct record_key)::integer as records, count(*)::integer as chunks
      from ${sidecarName(space_id)} where embedding is not null`,
    );
    summaries.push({ ...row, ...(counted.rows[0] ?? { records: 0, chunks: 0 }) });
  }
  return summaries;
}
