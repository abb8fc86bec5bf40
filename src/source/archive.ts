/**
 * The archive: records that lost their vectors by their source's rule. The rule itself is applied in SQL
 * (`evervec.archive`); here is what a worker has to know of a record, and the views of what is and is not archived.
 */
import { type Connection, quoteIdentifier, quoteQualified } from '../database/index.ts';
import { keyMatchSql, keySql } from './column-sql.ts';
import type { SourceDefinition } from './definition.ts';

const SETTLE = `
with entry as materialized (
  select record_key, restored_at is null as is_archived from evervec.archived
  where source_id = $1 and record_key = any ($2::text[])
), still as materialized (
  select entry.* from entry cross join lateral (
    select from {table} t where {match} and coalesce(({when}), false) limit 1
  ) matching
), forgotten as (
  delete from evervec.archived where source_id = $1 and $3
  and record_key = any (array(select record_key from entry except select record_key from still))
)
select record_key from still where is_archived`;

/**
 * Of `keys`, those that stay archived: the rule is still true of their rows.
 * @param logId of the source: its spaces have one archive
 * @param forgets whether the others are forgotten, and are records like any other from then on
 */
export async function settleArchived(
  connection: Connection,
  logId: number,
  source: SourceDefinition,
  keys: readonly string[],
  forgets = true,
): Promise<ReadonlySet<string>> {
  if (source.archive === null) return new Set();
  const { key, schema, name } = source.table;
  const parts: Record<string, string> = {
    table: quoteQualified(schema, name),
    match: keyMatchSql('t', key, 'entry.record_key'),
    when: source.archive.when,
  };
  const statement = SETTLE.replace(/\{(\w+)\}/g, (_, part: string) => parts[part] ?? '');
  const { rows } = await connection.query<{ record_key: string }>(statement, [
    logId,
    keys,
    forgets,
  ]);
  return new Set(rows.map((row) => row.record_key));
}

/** A source that has no rule any more has no archive: its records come back through the queue. */
export async function emptyArchive(tx: Connection, logId: number, source: string): Promise<void> {
  await tx.query(`select evervec.restore($1, null, 'setup')`, [source]);
  await tx.query('delete from evervec.archived where source_id = $1', [logId]);
}

const VIEWS = ['active', 'historical'] as const;

function viewName(source: string, view: (typeof VIEWS)[number]): string {
  return `evervec.${quoteIdentifier(`${source}_${view}`)}`;
}

/**
 * `evervec.<source>_historical` has the rows that are archived or that the rule is true of now, `_active` all others,
 * under the rights of whoever reads them. Only where there is a rule: a view holds on to the columns it shows.
 */
export async function createViews(
  tx: Connection,
  logId: number,
  source: SourceDefinition,
): Promise<void> {
  if (source.archive === null) return;
  const { when, after } = source.archive;
  const { key, schema, name } = source.table;
  const age =
    after === null
      ? ''
      : ` and t.${quoteIdentifier(after.column)} < now() - make_interval(days => ${after.days})`;
  const isHistorical = `(coalesce(((${when})${age}), false) or exists (
    select from evervec.archived entry
    where entry.source_id = ${logId} and entry.restored_at is null
    and entry.record_key = ${keySql('t', key)} collate "C"))`;
  for (const view of VIEWS)
    await tx.query(`create view ${viewName(source.name, view)} with (security_invoker = true) as
select t.* from ${quoteQualified(schema, name)} t where ${view === 'active' ? 'not ' : ''}${isHistorical}`);
}

export async function dropViews(tx: Connection, source: string): Promise<void> {
  for (const view of VIEWS) await tx.query(`drop view if exists ${viewName(source, view)}`);
}
