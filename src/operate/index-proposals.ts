/**
 * Proposes indexes for the columns that searches are often narrowed by, on tables that are large and have none that fits. As
 * text: what is built on a user's table, and when, is the user's to decide.
 */
import type { Connection } from '../database/index.ts';

export interface IndexProposal {
  source: string;
  column: string;
  /** Searches that it would have served. */
  uses: number;
  /** Rows, as the planner guesses. */
  rows: number;
  /** What makes it. On a table with partitions it holds writers up while it runs: there `concurrently` is not to be had. */
  statement: string;
}

const MIN_USES = 100;
const DAYS = 30;
/** Below that a scan is as good. */
const MIN_ROWS = 10_000;

/*
 * An index fits whose first column it is and that is whole: of arrays and jsonb an inverted one, else one in order. An
 * inverted one serves any of its columns.
 */
const PROPOSE = `
with used as (
  select source.name as source, use.column_name as column, use.uses::float8 as uses, use.how,
    source.definition -> 'columns' -> use.column_name ->> 'is' as kind, class.oid, class.relkind,
    format('%I.%I', source.table_schema, source.table_name) as table_name, attribute.attnum,
    (select coalesce(sum(greatest(part.reltuples, 0)), 0) from pg_class part
      where part.oid = class.oid or part.oid in (select relid from pg_partition_tree(class.oid))) as rows
  from evervec.filter_uses use join evervec.sources source on source.id = use.source_id
  join pg_class class on class.oid = to_regclass(format('%I.%I', source.table_schema, source.table_name))
  join pg_attribute attribute on attribute.attrelid = class.oid and attribute.attname = use.column_name
    and not attribute.attisdropped
  where use.uses >= $1 and use.last_used > current_date - $2::integer and class.relkind in ('r', 'p')
)
select source, "column", uses, rows::float8 as rows,
  format('create index %son %s %s', case when relkind = 'r' then 'concurrently ' end, table_name,
    case when how = 'compare' then format('(%I)', "column")
      else format('using gin (%I%s)', "column", case when kind = 'jsonb' then ' jsonb_path_ops' end) end) as statement
from used
where rows >= $3 and kind in ('plain', 'array', 'jsonb') and (how = 'contain') = (kind <> 'plain')
and not exists (
  select from pg_index index join pg_class its on its.oid = index.indexrelid join pg_am on pg_am.oid = its.relam
  where index.indrelid = used.oid and index.indisvalid and index.indpred is null
  and case when how = 'compare' then amname = 'btree' and index.indkey[0] = attnum
    else amname = 'gin' and attnum = any (index.indkey::int2[]) end
)
order by uses desc, source, "column"`;

/** Often used first. Empty where none is missing. */
export async function proposeIndexes(connection: Connection): Promise<IndexProposal[]> {
  const values = [MIN_USES, DAYS, MIN_ROWS];
  return (await connection.query<IndexProposal>(PROPOSE, values)).rows;
}
