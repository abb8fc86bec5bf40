/**
 * Writes what a worker computed into a sidecar, in the worker's transaction: new and changed chunks in,
 * surplus ones out. What did not change is not touched, and a chunk that only moved keeps its vector (I5).
 */
import type { Connection } from '../database/index.ts';
import { sidecarName, type Space } from './sidecar.ts';
import { encodeVectors } from './vectors.ts';

export interface NewChunk {
  index: number;
  start: number;
  end: number;
  section: string | null;
  text: string;
  /** Of what was embedded; equal hash means equal vector within a space. */
  hash: Buffer;
  /** Whether the sidecar has a vector of this record for the same hash, which is then kept. */
  isKept: boolean;
  /** Unit length; null where the vector is kept, or none is wanted. */
  embedding: Float32Array | null;
}

export interface StoredChunk {
  index: number;
  start: number;
  end: number;
  section: string | null;
  /** Hex. */
  hash: string;
  hasVector: boolean;
}

const STORED = `
select record_key, chunk_index, start_offset, end_offset, section,
  encode(text_hash, 'hex') as hash, embedding is not null as has_vector
from {sidecar} where record_key = any ($1::text[])`;

/** What the sidecar holds of these records: key → chunks. */
export async function storedChunks(
  connection: Connection,
  spaceId: number,
  keys: readonly string[],
): Promise<Map<string, StoredChunk[]>> {
  const { rows } = await connection.query<{
    record_key: string;
    chunk_index: number;
    start_offset: number;
    end_offset: number;
    section: string | null;
    hash: string;
    has_vector: boolean;
  }>(STORED.replace('{sidecar}', sidecarName(spaceId)), [keys]);
  const stored = new Map<string, StoredChunk[]>();
  for (const row of rows) {
    const chunks = stored.get(row.record_key) ?? [];
    if (chunks.length === 0) stored.set(row.record_key, chunks);
    chunks.push({
      index: row.chunk_index,
      start: row.start_offset,
      end: row.end_offset,
      section: row.section,
      hash: row.hash,
      hasVector: row.has_vector,
    });
  }
  return stored;
}

/*
 * moved: the vector of an old chunk with the same hash; the statement's snapshot still shows it where this very
 *        statement overwrites its row.
 */
const UPSERT = `
insert into {sidecar} as chunk
  (record_key, chunk_index, start_offset, end_offset, section, text, text_hash, embedding, words)
select new.record_key, new.chunk_index, new.start_offset, new.end_offset, new.section, new.text, new.text_hash,
  coalesce(new.embedding, moved.embedding), to_tsvector($9::regconfig, new.text)
from unnest($1::text[], $2::integer[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::bytea[],
  $8::vector.{type}[])
  as new (record_key, chunk_index, start_offset, end_offset, section, text, text_hash, embedding)
left join lateral (
  select embedding from {sidecar} old
  where old.record_key = new.record_key and old.text_hash = new.text_hash and old.embedding is not null limit 1
) moved on new.embedding is null
on conflict (record_key, chunk_index) do update set
  start_offset = excluded.start_offset, end_offset = excluded.end_offset, section = excluded.section,
  text = excluded.text, text_hash = excluded.text_hash, embedding = excluded.embedding, words = excluded.words`;

const TRIM = `
delete from {sidecar} chunk using unnest($1::text[], $2::integer[]) as kept (record_key, count)
where chunk.record_key = kept.record_key and chunk.chunk_index >= kept.count`;

export interface RecordWrite {
  key: string;
  /** How many chunks the record has now; those beyond are removed. */
  count: number;
  /** Chunks that are new or differ from what is stored. */
  changed: NewChunk[];
  /** Whether the sidecar holds chunks of it beyond `count`. */
  hasSurplus: boolean;
}

/** @param elementOid of the space's vector type in this database */
export async function writeRecords(
  tx: Connection,
  space: Space,
  records: readonly RecordWrite[],
  elementOid: number,
): Promise<void> {
  const fill = (statement: string) =>
    statement.replaceAll('{sidecar}', sidecarName(space.id)).replaceAll('{type}', space.vectorType);
  const rows = records.flatMap((record) =>
    record.changed.map((chunk) => ({ key: record.key, chunk })),
  );
  if (rows.length > 0)
    await tx.query(fill(UPSERT), [
      rows.map(({ key }) => key),
      rows.map(({ chunk }) => chunk.index),
      rows.map(({ chunk }) => chunk.start),
      rows.map(({ chunk }) => chunk.end),
      rows.map(({ chunk }) => chunk.section),
      rows.map(({ chunk }) => chunk.text),
      rows.map(({ chunk }) => chunk.hash),
      encodeVectors(
        rows.map(({ chunk }) => chunk.embedding),
        space.vectorType,
        elementOid,
      ),
      space.language,
    ]);
  const surplus = records.filter((record) => record.hasSurplus);
  if (surplus.length > 0)
    await tx.query(fill(TRIM), [
      surplus.map((record) => record.key),
      surplus.map((record) => record.count),
    ]);
}

/** Takes the vectors of records away; their words stay. */
export async function clearVectors(
  tx: Connection,
  spaceId: number,
  keys: readonly string[],
): Promise<void> {
  if (keys.length > 0)
    await tx.query(
      `update ${sidecarName(spaceId)} set embedding = null
      where record_key = any ($1::text[]) and embedding is not null`,
      [keys],
    );
}

/** Every key that the sidecar holds, queued for another look: after a truncate nobody knows which rows are left. */
export async function queueSidecar(tx: Connection, sourceId: number, spaceId: number) {
  await tx.query(
    `insert into evervec.changes (source_id, keys)
    select $1, array_agg(record_key) from (
      select record_key, (row_number() over () - 1) / 1000 as slice
      from (select distinct record_key from ${sidecarName(spaceId)}) held
    ) sliced group by slice`,
    [sourceId],
  );
}
