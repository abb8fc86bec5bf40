/**
 * The sidecar of a space: one typed table with its chunks and vectors. Created and dropped here, written by
 * `writeRecords`, read by the SQL of search. It fills without indexes and gets them when it is full,
 * so that a bulk load is bounded by COPY-like inserts and one build, not by insertion into HNSW.
 */
import type { Connection, Database } from '../database/index.ts';
import { copyGrants, guardSidecars } from './guard.ts';
import { buildVectorIndex, type IndexedSpace, type IndexSettings } from './vector-index.ts';

export interface Space {
  id: number;
  sourceId: number;
  modelId: string;
  dimensions: number;
  vectorType: 'halfvec' | 'vector';
  chunkerId: string;
  language: string;
  fusionWeight: number;
  /** Whether equal texts of different records share a vector, found by an index on the texts' hashes. */
  sharesTexts: boolean;
  /** What the model was asked for with, but for its key; null where only its program can make it. */
  modelSettings: unknown;
  chunkSettings: ChunkSettings | null;
  /** How its next index is built; null as always. */
  indexSettings: IndexSettings | null;
  isFilled: boolean;
  isIndexed: boolean;
  /** When it was searched last; null while it is, or before it ever was. */
  retiredAt: Date | null;
  /** What the last check before a switch found. */
  checked: unknown;
}

export interface ChunkSettings {
  /** Absent: `text`. */
  by?: 'structure';
  /** Whether a title goes before each chunk; with `structure` something always does. */
  hasContext?: boolean;
  maxChars?: number;
  overlapChars?: number;
  maxTokens?: number;
}

export type NewSpace = Omit<Space, 'id' | 'isFilled' | 'isIndexed' | 'retiredAt' | 'checked'>;

interface SpaceRow {
  id: number;
  source_id: number;
  model_id: string;
  dimensions: number;
  vector_type: 'halfvec' | 'vector';
  chunker_id: string;
  language: string;
  fusion_weight: number;
  shares_texts: boolean;
  model_settings: unknown;
  chunk_settings: ChunkSettings | null;
  index_settings: IndexSettings | null;
  retired_at: Date | null;
  checked: unknown;
  is_filled: boolean;
  is_indexed: boolean;
}

const SELECT = `
select id, source_id, model_id, dimensions, vector_type, chunker_id, language::text, fusion_weight, shares_texts,
  model_settings, chunk_settings, index_settings, retired_at, checked,
  filled_at is not null as is_filled, indexed_at is not null as is_indexed
from evervec.spaces`;

function toSpace(row: SpaceRow): Space {
  return {
    id: row.id,
    sourceId: row.source_id,
    modelId: row.model_id,
    dimensions: row.dimensions,
    vectorType: row.vector_type,
    chunkerId: row.chunker_id,
    language: row.language,
    fusionWeight: row.fusion_weight,
    sharesTexts: row.shares_texts,
    modelSettings: row.model_settings,
    chunkSettings: row.chunk_settings,
    indexSettings: row.index_settings,
    retiredAt: row.retired_at,
    checked: row.checked,
    isFilled: row.is_filled,
    isIndexed: row.is_indexed,
  };
}

/** The spaces of all rows of a source: the one that is searched and, during a migration, the other. */
export async function spacesOfLog(connection: Connection, logId: number): Promise<Space[]> {
  const { rows } = await connection.query<SpaceRow>(
    `${SELECT} where source_id in (select id from evervec.sources where log_id = $1) order by id`,
    [logId],
  );
  return rows.map(toSpace);
}

export async function spacesOf(connection: Connection, sourceId: number): Promise<Space[]> {
  const { rows } = await connection.query<SpaceRow>(`${SELECT} where source_id = $1 order by id`, [
    sourceId,
  ]);
  return rows.map(toSpace);
}

/** The sidecar's table, as it stands in statements. */
export function sidecarName(spaceId: number): string {
  return `evervec.chunks_${spaceId}`;
}

const INSERT = `
insert into evervec.spaces
  (source_id, model_id, dimensions, vector_type, chunker_id, language, fusion_weight, shares_texts,
  model_settings, chunk_settings, index_settings, weighed_at)
values ($1, $2, $3, $4, $5, $6::regconfig, $7, $8, $9::text::jsonb, $10::text::jsonb, $11::text::jsonb, now())
returning id`;

/** Makes a space with its empty sidecar, and makes it the source's active one. */
export async function createSpace(tx: Connection, space: NewSpace): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(INSERT, [
    space.sourceId,
    space.modelId,
    space.dimensions,
    space.vectorType,
    space.chunkerId,
    space.language,
    space.fusionWeight,
    space.sharesTexts,
    toJson(space.modelSettings),
    toJson(space.chunkSettings),
    toJson(space.indexSettings),
  ]);
  const id = rows[0]?.id ?? 0;
  // Vectors are 0.8 to 1.5 kB: kept in line and uncompressed, a scan reads them without a detour. Weights of words are read by
  // the thousand, too, but have no bound: they come before what is long, or each one that is read has to be looked for behind it.
  // To compress texts and words takes longer than to write them.
  await tx.query(`create table ${sidecarName(id)} (
    record_key text collate "C" not null,
    chunk_index integer not null,
    start_offset integer not null,
    end_offset integer not null,
    section text,
    page integer,
    heavy_for real,
    text_hash bytea not null,
    weights vector.sparsevec,
    embedding vector.${space.vectorType}(${space.dimensions}),
    text text not null,
    words tsvector not null,
    primary key (record_key, chunk_index)
  )`);
  await tx.query(
    `alter table ${sidecarName(id)} alter column embedding set storage plain, alter column weights set storage main,
      alter column text set storage external, alter column words set storage external`,
  );
  // A worker of the version before doesn't know of heavy words.
  await tx.query(`create trigger evervec_heavy before insert on ${sidecarName(id)} for each row
    when (new.heavy_for is null) execute function evervec.mark_heavy(${id})`);
  if (space.sharesTexts)
    await tx.query(
      `create index chunks_${id}_hash on ${sidecarName(id)} (text_hash) where embedding is not null`,
    );
  // Answers that are kept depend on what is in it.
  await tx.query(
    `select evervec.watch('${sidecarName(id)}'::regclass, log_id) from evervec.sources where id = $1`,
    [space.sourceId],
  );
  await guardSidecars(tx, space.sourceId);
  await copyGrants(tx, space.sourceId, id);
  await tx.query('update evervec.sources set active_space_id = $2 where id = $1', [
    space.sourceId,
    id,
  ]);
  return id;
}

/** Writes down what a space was made with, where that was not kept. */
export async function describeSpace(
  tx: Connection,
  spaceId: number,
  { modelSettings, chunkSettings }: Pick<Space, 'modelSettings' | 'chunkSettings'>,
): Promise<void> {
  await tx.query(
    'update evervec.spaces set model_settings = $2::text::jsonb, chunk_settings = $3::text::jsonb where id = $1',
    [spaceId, toJson(modelSettings), toJson(chunkSettings)],
  );
}

/** As text: a driver would take a string for JSON itself, and null for its null. */
function toJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

export async function dropSpace(tx: Connection, spaceId: number): Promise<void> {
  await tx.query(`drop table if exists ${sidecarName(spaceId)}`);
  await tx.query('update evervec.sources set active_space_id = null where active_space_id = $1', [
    spaceId,
  ]);
  await tx.query('delete from evervec.spaces where id = $1', [spaceId]);
}

/** Takes all chunks and the indexes away: the space is filling again. */
export async function emptySpace(tx: Connection, spaceId: number): Promise<void> {
  await tx.query(`truncate ${sidecarName(spaceId)}`);
  for (const index of ['embedding', 'embedding_old', 'words'])
    await tx.query(`drop index if exists ${sidecarName(spaceId)}_${index}`);
  await tx.query(
    `update evervec.spaces set filled_at = null, indexed_at = null, built_with = null, average_words = null,
      heavy_for = null, weighed_at = now(), weighed_to = null, words_counted = null
    where id = $1`,
    [spaceId],
  );
  await tx.query('delete from evervec.word_counts where space_id = $1', [spaceId]);
}

/** Chunks below which an exact scan is as good: 5 ms at 10,000 × 384 in WebAssembly, 2 ms on a server. */
export const INDEX_FROM_CHUNKS = 10_000;

/**
 * Marks a space as filled, and builds its indexes if it has at least `INDEX_FROM_CHUNKS` chunks and none yet. Before that it
 * is vacuumed, which takes a second of 100,000 chunks: autovacuum, which comes for as many new rows, would take minutes
 * through an HNSW graph, beside whoever searches it. Where another builds already, it would wait and then go through that graph
 * itself, so it is left out.
 * @returns whether an index was built by this call
 */
export async function finishSpace(database: Database, spaceId: number): Promise<boolean> {
  const { rows } = await database.query<SpaceRow>(`${SELECT} where id = $1`, [spaceId]);
  const isBare = rows[0]?.is_indexed === false;
  if (isBare && (await isWorthIndexes(database, spaceId)))
    await database.query(`vacuum (skip_locked) ${sidecarName(spaceId)}`);
  return await database.transaction((tx) => indexWhenFull(tx, spaceId));
}

/**
 * The same without the vacuum, in a transaction.
 * Blocks writes to the sidecar (not to the user's table, which is never touched) while it builds; search goes on.
 * Two callers don't build twice: the second waits for the first and finds it done.
 */
export async function indexWhenFull(tx: Connection, spaceId: number): Promise<boolean> {
  const { rows } = await tx.query<SpaceRow>(`${SELECT} where id = $1 for update`, [spaceId]);
  const [space] = rows;
  if (space === undefined || space.is_indexed) return false;
  if (!space.is_filled)
    await tx.query('update evervec.spaces set filled_at = now() where id = $1', [spaceId]);
  if (!(await isWorthIndexes(tx, spaceId))) return false;
  await buildIndexes(tx, toSpace(space));
  await tx.query('update evervec.spaces set indexed_at = now() where id = $1', [spaceId]);
  return true;
}

async function isWorthIndexes(connection: Connection, spaceId: number): Promise<boolean> {
  const { rows } = await connection.query<{ count: string }>(
    `select count(*) from (select from ${sidecarName(spaceId)} limit ${INDEX_FROM_CHUNKS}) part`,
  );
  return Number(rows[0]?.count) >= INDEX_FROM_CHUNKS;
}

/**
 * For the build of the indexes alone. An HNSW graph that outgrows its memory is built many times slower (pgvector's
 * README, "Index Build Time").
 */
export const INDEX_SETTINGS: Readonly<Record<string, string>> = {
  maintenance_work_mem: '512MB',
  max_parallel_maintenance_workers: '4',
};

async function buildIndexes(tx: Connection, space: IndexedSpace): Promise<void> {
  const table = sidecarName(space.id);
  await allowForIndexes(tx, space.id);
  await buildVectorIndex(tx, space);
  // A list of what waits to be indexed would be read from end to end by each scan of a search (sql/migrations/000032_words_at_once.sql).
  await tx.query(
    `create index chunks_${space.id}_words on ${table} using gin (words) with (fastupdate = off)`,
  );
  await tx.query(`analyze ${table}`);
  await tx.query('select evervec.keep_word_counts($1)', [space.id]);
}

const IS_SEARCHED = `
select standby_of is not null or active.indexed_at is not null as is_searched
from evervec.spaces space join evervec.sources source on source.id = space.source_id
left join evervec.spaces active on active.id = source.active_space_id
where space.id = $1`;

/** While people search the source, by an index that is there or by that of the other space, the build has one processor and no more. */
async function allowForIndexes(tx: Connection, spaceId: number): Promise<void> {
  const { rows } = await tx.query<{ is_searched: boolean }>(IS_SEARCHED, [spaceId]);
  const settings = rows[0]?.is_searched
    ? { ...INDEX_SETTINGS, max_parallel_maintenance_workers: '0' }
    : INDEX_SETTINGS;
  for (const [name, value] of Object.entries(settings))
    await tx.query('select set_config($1, $2, true)', [name, value]);
}

/**
 * Builds the index over the vectors anew, as the space's settings say; as small a space as has none gets none. Blocks
 * writes to the sidecar while it builds; search goes on. Afterwards `dropOldIndex` is due.
 * @returns whether one was built
 */
export async function rebuildVectorIndex(tx: Connection, spaceId: number): Promise<boolean> {
  const { rows } = await tx.query<SpaceRow>(`${SELECT} where id = $1 for update`, [spaceId]);
  const [space] = rows;
  if (space?.is_indexed !== true) return false;
  await allowForIndexes(tx, spaceId);
  await buildVectorIndex(tx, toSpace(space));
  await tx.query(`analyze ${sidecarName(spaceId)}`);
  return true;
}
