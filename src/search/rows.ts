/** What the database's functions of search answer: rows that become hits, or a refusal in its own words. */
import type { Connection } from '../database/index.ts';
import { QueryError, SearchRequestError } from '../errors/index.ts';
import type { SearchHit, SearchReport } from './request.ts';

export interface HitRow {
  source: string;
  record_key: string;
  score: number;
  vector_score: number | null;
  text_score: number | null;
  chunk_index: number;
  chunk_text: string;
  start_offset: number;
  end_offset: number;
  section: string | null;
  record: Record<string, unknown>;
  page: number | null;
  chunk_count: number;
  /** Of an explained search, in each row. */
  report?: SearchReport | null;
}

export const SEARCH = `
select * from evervec.search($1::text[], $2, $3::vector.vector, $4::jsonb)`;

/** What the SQL function refuses is the caller's request, told in its own words. */
const REFUSALS = new Set([
  '22023',
  '42703',
  '42704',
  '42804',
  '22P02',
  '22007',
  '22008',
  '22003',
  '22P05',
  '42883',
]);

/** @throws SearchRequestError for what the database refuses as asked */
export async function runSearch(connection: Connection, statement: string, values: unknown[]) {
  try {
    return await connection.query<HitRow>(statement, values);
  } catch (error) {
    if (error instanceof QueryError && REFUSALS.has(error.sqlState ?? ''))
      throw new SearchRequestError(`The search can't be run as asked: ${error.detail}.`, {
        remedy:
          error.hint ?? 'Check the filter: its columns, operators and the type of its values.',
        cause: error,
        isUsage: true,
      });
    throw error;
  }
}

export function toHit(row: HitRow): SearchHit {
  return {
    source: row.source,
    key: row.record_key,
    score: row.score,
    scores: { vector: row.vector_score, text: row.text_score },
    chunk: {
      index: row.chunk_index,
      text: row.chunk_text,
      start: row.start_offset,
      end: row.end_offset,
      section: row.section,
      page: row.page,
      of: row.chunk_count,
    },
    record: row.record,
  };
}
