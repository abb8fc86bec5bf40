/** What evaluations found, kept to be compared: figures and names, no text of a query or a document. */
import type { Connection } from '../database/index.ts';
import type { SearchMode } from '../search/index.ts';

/** Means over the queries, 0 to 1. */
export interface Quality {
  ndcg10: number;
  /** Of the first ten. */
  mrr10: number;
  recall100: number;
}

/** A mode as it is, or with re-ranking. */
export type MeasuredMode = SearchMode | `${SearchMode}+rerank`;
export type Measured = Partial<Record<MeasuredMode, Quality>>;

export interface Run {
  subject: 'folder' | 'source';
  /** Of the folder without what is before it, or the source's. */
  name: string;
  split: string | null;
  model: string;
  /** Evervec's. */
  version: string;
  documents: number | null;
  queries: number;
  settings: Record<string, unknown>;
  modes: Measured;
}

export interface KeptRun extends Run {
  id: number;
  at: string;
}

const SAVE = `
insert into evervec.evaluations (subject, name, split, model, version, documents, queries, settings, modes)
values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb)`;

export async function saveRun(connection: Connection, run: Run): Promise<void> {
  const { subject, name, split, model, version, documents, queries, settings, modes } = run;
  await connection.query(SAVE, [
    subject,
    name,
    split,
    model,
    version,
    documents,
    queries,
    settings,
    modes,
  ]);
}

const LIST = `
select id::float8 as id, evaluated_at as at, subject, name, split, model, version, documents::float8 as documents, queries,
  settings, modes
from evervec.evaluations where $1::text is null or name = $1 order by id desc limit $2`;

/**
 * The latest first.
 * @param name of a folder or a source; default all
 * @param limit 1 and more
 */
export async function listRuns(
  connection: Connection,
  { name, limit = 50 }: { name?: string | undefined; limit?: number } = {},
): Promise<KeptRun[]> {
  const { rows } = await connection.query<Omit<KeptRun, 'at'> & { at: Date }>(LIST, [
    name ?? null,
    limit,
  ]);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** The run before `run` that its figures can be compared with: of the same collection, as much of it, and the same settings. */
export function before(run: KeptRun, runs: readonly KeptRun[]): KeptRun | null {
  const what = ({ subject, name, split, queries, settings }: Run) =>
    JSON.stringify([subject, name, split, queries, Object.entries(settings).sort()]);
  const earlier = runs.filter((one) => one.id < run.id && what(one) === what(run));
  return earlier.sort((a, b) => b.id - a.id)[0] ?? null;
}
