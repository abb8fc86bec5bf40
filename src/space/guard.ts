/**
 * Who may read a sidecar: of a source with tiers, whoever sees the row sees its chunks, in the same transaction. Row level
 * security asks the row itself, under the reader's own policies: a copied tier would be late, or make the writer of the row
 * write its chunks too (I1). Owners, who are the pipeline, see all.
 */
import { type Connection, quoteQualified } from '../database/index.ts';

interface Guarded {
  space_id: number;
  table_schema: string;
  table_name: string;
  /** Joins row `t` to chunk `c`. */
  join: string;
  has_tiers: boolean;
  /** As `has_tiers` says. */
  is_guarded: boolean;
}

const SPACES = `
select space.id as space_id, source.table_schema, source.table_name, source.definition ->> 'join' as join,
  source.definition ? 'tier' as has_tiers,
  (source.definition ? 'tier') = coalesce(sidecar.relrowsecurity, false)
    and (source.definition ? 'tier') = exists (select from pg_policy where polrelid = sidecar.oid and polname = 'tiers') as is_guarded
from evervec.spaces space join evervec.sources source on source.id = space.source_id
join pg_class own on own.oid = 'evervec.sources'::regclass
left join pg_class sidecar on sidecar.relname = 'chunks_' || space.id and sidecar.relnamespace = own.relnamespace
where source.log_id = (select log_id from evervec.sources where id = $1) order by space.id`;

/**
 * Guards all sidecars of a source, those of its second space included, or opens them again, as its definition says. Touches none
 * that is as it should be: for that it would wait for whoever reads it or builds its index, and every search behind it.
 * @param hasMoved whether its rows are found elsewhere, or by another key, than when they were guarded
 */
export async function guardSidecars(
  tx: Connection,
  sourceId: number,
  hasMoved = false,
): Promise<void> {
  const { rows } = await tx.query<Guarded>(SPACES, [sourceId]);
  for (const space of rows)
    if (!space.is_guarded || (space.has_tiers && hasMoved)) await guard(tx, space);
}

async function guard(tx: Connection, space: Guarded): Promise<void> {
  const { space_id, table_schema, table_name, join, has_tiers } = space;
  const sidecar = `evervec.chunks_${space_id}`;
  await tx.query(`drop policy if exists tiers on ${sidecar}`);
  await tx.query(`alter table ${sidecar} ${has_tiers ? 'enable' : 'disable'} row level security`);
  if (!has_tiers) return;
  const key = join.replaceAll('c.record_key', `chunks_${space_id}.record_key`);
  await tx.query(
    `create policy tiers on ${sidecar} for select
    using (exists (select from ${quoteQualified(table_schema, table_name)} t where ${key}))`,
  );
}

/** Whether the sidecars of a source are guarded as its definition says. */
export async function areGuarded(connection: Connection, sourceId: number): Promise<boolean> {
  const { rows } = await connection.query<Guarded>(SPACES, [sourceId]);
  return rows.every(({ is_guarded }) => is_guarded);
}

const GRANTS = `
with readable as (
  select sidecar.relacl, sidecar.relowner
  from evervec.spaces space join evervec.sources source on source.id = space.source_id
  join pg_class own on own.oid = 'evervec.sources'::regclass
  join pg_class sidecar on sidecar.relname = 'chunks_' || space.id and sidecar.relnamespace = own.relnamespace
  where source.log_id = (select log_id from evervec.sources where id = $1) and space.id <> $2
  union all
  select rows.relacl, rows.relowner
  from evervec.sources source join pg_class rows on rows.oid = 'evervec.documents'::regclass
  where source.id = $1 and source.definition ? 'tier' and source.table_name = rows.relname
    and source.table_schema = (select nspname from pg_namespace where oid = rows.relnamespace)
)
select distinct case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end as reader
from readable cross join aclexplode(relacl) granted
where granted.privilege_type = 'SELECT' and granted.grantee <> relowner`;

/**
 * Whoever may read the other sidecars of a source may read this one: SQL that searches goes on after a switch. Of documents,
 * whoever may read those: grants may have come before the first.
 */
export async function copyGrants(tx: Connection, sourceId: number, spaceId: number): Promise<void> {
  const { rows } = await tx.query<{ reader: string }>(GRANTS, [sourceId, spaceId]);
  for (const { reader } of rows)
    await tx.query(`grant select on evervec.chunks_${spaceId} to ${reader}`);
}
