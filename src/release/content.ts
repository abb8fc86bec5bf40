/**
 * Reads what a release is made of: records of the searched space with their chunks and vectors, in one snapshot, in batches by key. Only rows
 * that the plan's tiers and collections let through leave this module. Writes nothing.
 */
import { type Connection, quoteIdentifier, quoteQualified } from '../database/index.ts';
import type { IndexRecord } from '../format/index.ts';
import { type Column, keyJoinSql, type SourceDefinition, textSql } from '../source/index.ts';
import { decodeHalves, sidecarName, type Space } from '../space/index.ts';
import { collectionColumn, type ReleasePlan } from './plan.ts';
import { safeUrl } from './safe-url.ts';

/** Some 5,000 chunks, 15 MB at once. */
const RECORDS_AT_ONCE = 500;

export interface ContentSource {
  readonly source: SourceDefinition;
  readonly space: Pick<Space, 'id' | 'dimensions'>;
  readonly plan: ReleasePlan;
  /** Of the source's row: records that wait for work are left out where it is given. */
  readonly leaveOut?: { readonly sourceId: number; readonly logId: number } | undefined;
}

export interface ContentRecord extends IndexRecord {
  /** ISO 8601 in UTC; null where the plan has no column for it. */
  readonly updatedAt: string | null;
  readonly chunks: readonly ContentChunk[];
}

export type ContentChunk = IndexRecord['chunks'][number] & { readonly vector: Float32Array };

interface RowRead {
  key: string;
  is_shown: boolean | null;
  title: string | null;
  url: (string | null)[] | null;
  published_at: string | null;
  updated_at: string | null;
  tags: (string | null)[] | null;
  columns: Record<string, unknown> | null;
}

interface ChunkRead {
  key: string;
  chunk_index: number;
  text: string;
  start_offset: number;
  end_offset: number;
  section: string | null;
  page: number | null;
  vector: Buffer;
}

/** What a value's text depends on, pinned for the transaction: two databases give the same bytes. */
const PINNED = `
set local time zone 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres';
set local extra_float_digits = 1; set local bytea_output = 'hex'`;

/**
 * @param tx in a transaction of isolation `repeatable read`: what is read is of one moment
 * @yields batches of records with vectors, in the order of their keys
 */
export async function* readContent(
  tx: Connection,
  content: ContentSource,
): AsyncGenerator<ContentRecord[]> {
  await tx.query(PINNED);
  const statement = pageSql(content);
  let after: string | null = null;
  for (;;) {
    const page: RowRead[] = (await tx.query<RowRead>(statement, [...values(content), after])).rows;
    const shown = page.filter((row) => row.is_shown === true);
    if (shown.length > 0) yield await withChunks(tx, content, shown);
    after = page.at(-1)?.key ?? null;
    if (page.length < RECORDS_AT_ONCE) return;
  }
}

function values({ plan, leaveOut }: ContentSource): unknown[] {
  const { tiers, collections } = plan;
  return [tiers, collections, leaveOut?.sourceId ?? null, leaveOut?.logId ?? null];
}

/*
 * $1 tiers, $2 collections, $3 and $4 the source whose waiting records are left out, $5 the last key. The page is of all records, so that its
 * last key is known whatever is shown of it; of a row that may not be shown no value is read.
 */
function pageSql({ source, space, plan }: ContentSource): string {
  const { key, schema, name } = source.table;
  const text = (column: Column | null) => (column === null ? 'null' : textSql('t', column));
  const urls = plan.url?.columns.map((column) => textSql('t', column)) ?? [];
  const pairs = plan.columns.map(
    (column) => `'${column.name.replaceAll("'", "''")}', t.${quoteIdentifier(column.name)}`,
  );
  return `
with page as materialized (
  select distinct c.record_key from ${sidecarName(space.id)} c
  where c.embedding is not null and ($5::text is null or c.record_key > $5)
  order by c.record_key limit ${RECORDS_AT_ONCE}
)
select c.record_key as key, shown.* from page c
left join lateral (
  select true as is_shown, ${text(plan.title)} as title,
    ${urls.length === 0 ? 'null::json' : `to_json(array[${urls.join(', ')}])`} as url,
    ${text(plan.publishedAt)} as published_at, ${text(plan.updatedAt)} as updated_at,
    ${plan.tags === null ? 'null::json' : `to_json(t.${quoteIdentifier(plan.tags.name)})`} as tags,
    ${pairs.length === 0 ? 'null::jsonb' : `jsonb_build_object(${pairs.join(', ')})`} as columns
  from ${quoteQualified(schema, name)} t where ${keyJoinSql('t', key, 'c.record_key')}
    and ${conditionsSql(source, plan)}
  -- Nothing keeps a table and its children from having the same key.
  limit 1
) shown on true
order by c.record_key`;
}

/** Each parameter has its type said, since not every statement uses each. */
function conditionsSql(source: SourceDefinition, { tiers, collections }: ReleasePlan): string {
  const of = (column: Column, parameter: string) =>
    `t.${quoteIdentifier(column.name)}::text = any (${parameter}::text[])`;
  // What has tiers is shown by them alone: a plan that names none shows nothing.
  const tier = source.tier === null ? '$1::text[] is null' : of(source.tier, '$1');
  const collection =
    collections === null ? '$2::text[] is null' : of(collectionColumn(source), '$2');
  if (source.tier === null && tiers !== null) return 'false';
  return `${tier} and ${collection}
    and not exists (select from evervec.jobs job where job.source_id = $3::integer and job.record_key = c.record_key)
    and not exists (select from evervec.changes change where change.source_id = $4::integer
      and (change.keys is null or c.record_key = any (change.keys)))`;
}

/* halfvec on both kinds of database: the embedded one stores 32 bits, and shall give the same release. */
const chunksSql = (sidecar: string) => `
select record_key as key, chunk_index, text, start_offset, end_offset, section, page,
  vector.halfvec_send(embedding::vector.halfvec) as vector
from ${sidecar} where record_key = any ($1::text[]) and embedding is not null order by record_key, chunk_index`;

async function withChunks(
  tx: Connection,
  { space, plan }: ContentSource,
  rows: readonly RowRead[],
): Promise<ContentRecord[]> {
  const read = await tx.query<ChunkRead>(chunksSql(sidecarName(space.id)), [
    rows.map(({ key }) => key),
  ]);
  const chunks = Map.groupBy(read.rows, ({ key }) => key);
  return rows.map((row) => toRecord(row, chunks.get(row.key) ?? [], plan));
}

function toRecord(row: RowRead, chunks: readonly ChunkRead[], plan: ReleasePlan): ContentRecord {
  const { url } = plan;
  return {
    key: row.key,
    title: row.title,
    url: url === null ? null : safeUrl(url.render(row.url ?? []), url.takesPaths),
    publishedAt: row.published_at,
    updatedAt: row.updated_at,
    tags: row.tags?.filter((tag) => tag !== null) ?? [],
    columns: row.columns,
    chunks: chunks.map((chunk) => ({
      index: chunk.chunk_index,
      text: chunk.text,
      start: chunk.start_offset,
      end: chunk.end_offset,
      section: chunk.section,
      page: chunk.page,
      vector: decodeHalves(chunk.vector),
    })),
  };
}
