/** Reads the chunks around a hit, and others of its record that match, as they are now and as far as the caller sees their rows. */
import type { Connection } from '../database/index.ts';
import { encodeVector } from '../space/index.ts';
import type { Piece } from './passages.ts';
import type { SearchHit } from './request.ts';

export interface NearChunk extends Piece {
  index: number;
}

/** A hit's record as it was read last. */
export interface NearRecord {
  version: string | null;
  /** By index. */
  chunks: Map<number, NearChunk>;
  /** Indexes of chunks that match the query beside the hit's, the best first. */
  matching: number[];
}

export interface NearRequest {
  query: string;
  /** Chunks either side. */
  reach: number;
  tiers: readonly string[] | undefined;
  /** The query's, of each source that is searched by meaning. */
  vectors: ReadonlyMap<string, Float32Array>;
}

interface ChunkRow {
  record_key: string;
  chunk_index: number;
  chunk_text: string;
  start_offset: number;
  end_offset: number;
  section: string | null;
  page: number | null;
  version: string | null;
  place: number | null;
}

const NEAR = `
select * from evervec.chunks_near($1, $2::text[], $3::integer[], $4::integer, $5::jsonb, $6::text[], $7,
  $8::vector.vector)`;

/** Each chunk of such a record is looked at: not of one that would take longer than the search. */
const MAX_CHUNKS = 2_000;
const MAX_RECORDS = 20;

/** @returns hit → its record; hits whose rows are gone since are left out */
export async function readNearby(
  connection: Connection,
  hits: readonly SearchHit[],
  { query, reach, tiers, vectors }: NearRequest,
): Promise<Map<SearchHit, NearRecord>> {
  const records = new Map<SearchHit, NearRecord>();
  for (const [source, group] of Map.groupBy(hits, (hit) => hit.source)) {
    const vector = vectors.get(source);
    const { rows } = await connection.query<ChunkRow>(NEAR, [
      source,
      group.map(({ key }) => key),
      group.map(({ chunk }) => chunk.index),
      reach,
      tiers === undefined ? {} : { tiers },
      // Of one with two chunks the neighbours are all there is.
      group
        .slice(0, MAX_RECORDS)
        .filter(({ chunk: { of } }) => of > 2 && of <= MAX_CHUNKS)
        .map(({ key }) => key),
      query.replaceAll('\0', ' ').toWellFormed(),
      vector === undefined ? null : encodeVector(vector),
    ]);
    const byKey = Map.groupBy(rows, (row) => row.record_key);
    for (const hit of group) {
      const found = byKey.get(hit.key);
      if (found !== undefined) records.set(hit, toRecord(hit, found));
    }
  }
  return records;
}

function toRecord(hit: SearchHit, rows: readonly ChunkRow[]): NearRecord {
  const chunks = new Map(rows.map((row) => [row.chunk_index, toChunk(row)]));
  const best = chunks.get(hit.chunk.index);
  const { index, start, end, text, section, page } = hit.chunk;
  if (best?.start === start && best.text === text)
    return { version: rows[0]?.version ?? null, chunks, matching: inPlace(rows) };
  // Written anew in between: what was found stands alone.
  const chunk = { index, start, end, text, section, page };
  return { version: null, chunks: new Map([[index, chunk]]), matching: [] };
}

function inPlace(rows: readonly ChunkRow[]): number[] {
  return rows
    .filter((row) => row.place !== null)
    .sort((a, b) => (a.place ?? 0) - (b.place ?? 0))
    .map((row) => row.chunk_index);
}

function toChunk(row: ChunkRow): NearChunk {
  return {
    index: row.chunk_index,
    start: row.start_offset,
    end: row.end_offset,
    text: row.chunk_text,
    section: row.section,
    page: row.page,
  };
}
