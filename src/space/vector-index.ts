/**
 * The index over a sidecar's vectors: what kind it is, how it is built, and built anew. Which one serves a search, and with
 * what settings, is decided in SQL (`evervec.vector_scan_of`); what it was built with stands in `evervec.spaces.built_with`.
 */
import type { Connection } from '../database/index.ts';

export interface IndexSettings {
  /** Default `hnsw`. `ivfflat` is built several times faster, is smaller, and finds less at the same speed. */
  type?: 'hnsw' | 'ivfflat' | undefined;
  /**
   * Default `none`. `binary`, with `hnsw` alone: the index holds one bit a number, and four times the candidates are compared
   * by their true vectors. For models of 512 numbers and more.
   */
  quantize?: 'none' | 'binary' | undefined;
  /** `hnsw`: links of a node, 2 to 100; default 16. */
  m?: number | undefined;
  /** `hnsw`: nodes in view while it is built, 4 to 1,000 and 2 m or more; default 64. */
  efConstruction?: number | undefined;
  /** `ivfflat`: 1 to 32,768; default a thousandth of the chunks, from a million on their root. */
  lists?: number | undefined;
}

export interface IndexedSpace {
  id: number;
  dimensions: number;
  vectorType: 'halfvec' | 'vector';
  indexSettings: IndexSettings | null;
}

/** Chunks of one list up to a million of them (pgvector's README, "IVFFlat"). */
const CHUNKS_PER_LIST = 1_000;

/**
 * Builds it, in place of the one that is there: that one serves until the transaction ends, and goes with `dropOldIndex`. What a
 * check found was of that one. To drop it here would be to wait for everyone who has read the sidecar, a dump of hours too,
 * with all searches behind.
 */
export async function buildVectorIndex(tx: Connection, space: IndexedSpace): Promise<void> {
  const { id, indexSettings } = space;
  const settings = await resolved(tx, id, indexSettings ?? {});
  const name = `chunks_${id}_embedding`;
  await tx.query(
    `create index ${name}_next on evervec.chunks_${id} using ${methodOf(space, settings)}`,
  );
  await tx.query(`alter index if exists evervec.${name} rename to ${name}_old`);
  await tx.query(`alter index evervec.${name}_next rename to ${name}`);
  await tx.query(
    'update evervec.spaces set built_with = $2::text::jsonb, checked = null where id = $1',
    [id, JSON.stringify(settings)],
  );
}

/** Drops what `buildVectorIndex` left, if it left any. Waits for whoever still reads by it, and nobody waits behind. Not in a transaction. */
export async function dropOldIndex(database: Connection, spaceId: number): Promise<void> {
  await database.query(`drop index concurrently if exists evervec.chunks_${spaceId}_embedding_old`);
}

/** Writes down how the next build shall be. */
export async function noteIndexSettings(
  tx: Connection,
  spaceId: number,
  settings: IndexSettings | null,
): Promise<void> {
  await tx.query(
    `update evervec.spaces set index_settings = $2::text::jsonb
    where id = $1 and index_settings is distinct from $2::text::jsonb`,
    [spaceId, settings === null ? null : JSON.stringify(settings)],
  );
}

async function resolved(
  tx: Connection,
  spaceId: number,
  settings: IndexSettings,
): Promise<IndexSettings> {
  const { type = 'hnsw', quantize = 'none', lists } = settings;
  if (type === 'hnsw') return { ...settings, type, quantize };
  return { type, quantize: 'none', lists: lists ?? (await listsFor(tx, spaceId)) };
}

async function listsFor(tx: Connection, spaceId: number): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*)::float8 as count from evervec.chunks_${spaceId} where embedding is not null`,
  );
  const count = rows[0]?.count ?? 0;
  const lists = count > 1_000_000 ? Math.sqrt(count) : count / CHUNKS_PER_LIST;
  return Math.max(10, Math.round(lists));
}

function methodOf({ dimensions, vectorType }: IndexedSpace, settings: IndexSettings): string {
  const { type, quantize, m, efConstruction, lists } = settings;
  if (type === 'ivfflat')
    return `ivfflat (embedding vector.${vectorType}_cosine_ops) with (lists = ${lists})`;
  const column =
    quantize === 'binary'
      ? `((vector.binary_quantize(embedding)::bit(${dimensions})) vector.bit_hamming_ops)`
      : `(embedding vector.${vectorType}_cosine_ops)`;
  const options = Object.entries({ m, ef_construction: efConstruction })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} = ${value}`);
  return `hnsw ${column}${options.length > 0 ? ` with (${options.join(', ')})` : ''}`;
}
