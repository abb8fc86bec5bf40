/** Reads the chunks around a hit, as they are now and as far as the caller sees their rows. */
import type { Connection } from '../database/index.ts';
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
}

const NEAR = `
select * from evervec.chunks_near($1, $2::text[], $3::integer[], $4::integer, $5::jsonb)`;

/** @returns hit → its record; hits whose rows are gone since are left out */
export async function readNearby(
  connection: Connection,
  hits: readonly SearchHit[],
  reach: number,
  tiers: readonly string[] | undefined,
): Promise<Map<SearchHit, NearRecord>> {
  const records = new Map<SearchHit, NearRecord>();
  for (const [source, group] of Map.groupBy(hits, (hit) => hit.source)) {
    const { rows } = await connection.query<ChunkRow>(NEAR, [
      source,
      group.map(({ key }) => key),
      group.map(({ chunk }) => chunk.index),
      reach,
      tiers === undefined ? {} : { tiers },
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
    return { version: rows[0]?.version ?? null, chunks };
  // Written anew in between: what was found stands alone.
  return { version: null, chunks: new Map([[index, { index, start, end, text, section, page }]]) };
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
