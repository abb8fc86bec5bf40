/**
 * What a request may ask for beside the hits themselves: where the query's words are in them, and the chunks around them.
 * A statement each, whatever the number of hits; what they show is what the caller may see.
 */
import type { Connection } from '../database/index.ts';
import { readMarks, unusedMarks } from './marks.ts';
import type { ChunkText, SearchHit, SearchRequest } from './request.ts';

export const MAX_NEIGHBORS = 5;

type Asked = Pick<SearchRequest, 'query' | 'highlight' | 'neighbors' | 'tiers'>;

export async function addBeside(
  connection: Connection,
  asked: Asked,
  hits: SearchHit[],
): Promise<void> {
  if (asked.highlight === true) await addHighlights(connection, asked.query, hits);
  if ((asked.neighbors ?? 0) > 0) await addNeighbors(connection, asked, hits);
}

const MARK = `
select marked from evervec.mark_words($1::text[], $2::text[], $3, $4::text[])
  with ordinality as given (marked, place) order by place`;

async function addHighlights(
  connection: Connection,
  query: string,
  hits: SearchHit[],
): Promise<void> {
  const marks = unusedMarks(hits.map((hit) => hit.chunk.text));
  const { rows } = await connection.query<{ marked: string | null }>(MARK, [
    hits.map((hit) => hit.source),
    hits.map((hit) => hit.chunk.text),
    query,
    marks,
  ]);
  for (const [index, hit] of hits.entries()) {
    const marked = rows[index]?.marked ?? null;
    hit.highlights = marked === null ? [] : readMarks(hit.chunk.text, marked, marks);
  }
}

interface NeighborRow {
  source: string;
  record_key: string;
  chunk_index: number;
  chunk_text: string;
  start_offset: number;
  end_offset: number;
  section: string | null;
  page: number | null;
}

const NEIGHBORS = `
select asked.source, n.* from (
  select source, array_agg(key) as keys, array_agg(index) as indexes, array_agg(text) as texts
  from unnest($1::text[], $2::text[], $3::integer[], $4::text[]) as hit (source, key, index, text) group by source
) asked
cross join lateral evervec.neighbors(asked.source, asked.keys, asked.indexes, asked.texts, $5, $6::jsonb) n
order by asked.source, n.record_key, n.chunk_index`;

async function addNeighbors(
  connection: Connection,
  { neighbors, tiers }: Asked,
  hits: SearchHit[],
): Promise<void> {
  const { rows } = await connection.query<NeighborRow>(NEIGHBORS, [
    hits.map((hit) => hit.source),
    hits.map((hit) => hit.key),
    hits.map((hit) => hit.chunk.index),
    hits.map((hit) => hit.chunk.text),
    neighbors,
    { ...(tiers !== undefined && { tiers }) },
  ]);
  const found = Map.groupBy(rows, (row) => JSON.stringify([row.source, row.record_key]));
  for (const hit of hits) {
    const chunks = (found.get(JSON.stringify([hit.source, hit.key])) ?? []).map(toChunk);
    hit.neighbors = {
      before: chunks.filter(({ index }) => index < hit.chunk.index),
      after: chunks.filter(({ index }) => index > hit.chunk.index),
    };
  }
}

function toChunk(row: NeighborRow): ChunkText {
  return {
    index: row.chunk_index,
    text: row.chunk_text,
    start: row.start_offset,
    end: row.end_offset,
    section: row.section,
    page: row.page,
  };
}
