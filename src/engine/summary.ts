/** The sources as a list shows them. */
import type { Connection } from '../database/index.ts';
import { sidecarName } from '../space/index.ts';

export interface SourceSummary {
  name: string;
  table: string;
  model: string;
  /** Records and chunks that are searchable. */
  records: number;
  chunks: number;
  /** Whether both come from the planner's statistics, since there are too many to count each time. */
  is_estimate: boolean;
  is_filling: boolean;
  indexed: boolean;
}

const SOURCES = `
select source.name, source.table_schema || '.' || source.table_name as table, space.id as space_id,
  space.model_id as model, space.filled_at is null as is_filling, space.indexed_at is not null as indexed
from evervec.sources source join evervec.spaces space on space.id = source.active_space_id
where source.standby_of is null order by source.name`;

/** Chunks up to which they are counted, some 50 ms. */
const COUNTED = 200_000;

/* n_distinct below 0 is a share of the rows. */
const ESTIMATE = `
select greatest(class.reltuples, 0)::float8 as chunks, coalesce(
  (select case when n_distinct < 0 then -n_distinct * class.reltuples else n_distinct end from pg_stats
    where schemaname = namespace.nspname and tablename = class.relname and attname = 'record_key'),
  greatest(class.reltuples, 0))::float8 as records
from pg_class class join pg_namespace namespace on namespace.oid = class.relnamespace
where class.oid = $1::regclass`;

type Counts = Pick<SourceSummary, 'records' | 'chunks' | 'is_estimate'>;

export async function summarizeSources(connection: Connection): Promise<SourceSummary[]> {
  const { rows } = await connection.query<
    Omit<SourceSummary, 'records' | 'chunks'> & { space_id: number }
  >(SOURCES);
  const summaries: SourceSummary[] = [];
  for (const { space_id, ...row } of rows)
    summaries.push({ ...row, ...(await countChunks(connection, sidecarName(space_id))) });
  return summaries;
}

async function countChunks(connection: Connection, sidecar: string): Promise<Counts> {
  const estimated = await connection.query<{ records: number; chunks: number }>(
    ESTIMATE.replace('$1', `'${sidecar}'`),
  );
  const [estimate = { records: 0, chunks: 0 }] = estimated.rows;
  if (estimate.chunks > COUNTED)
    return {
      records: Math.round(estimate.records),
      chunks: Math.round(estimate.chunks),
      is_estimate: true,
    };
  const counted = await connection.query<{ records: number; chunks: number }>(
    `select count(distinct record_key)::integer as records, count(*)::integer as chunks from ${sidecar}`,
  );
  return { ...(counted.rows[0] ?? { records: 0, chunks: 0 }), is_estimate: false };
}
