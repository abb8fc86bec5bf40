/** Labelled queries: which records of a source answer what was asked. Their texts are the users' and stand here alone (I11). */
import type { Connection } from '../database/index.ts';
import { LabelError } from '../errors/index.ts';
import type { JudgedQuery } from './beir.ts';

export interface Label {
  source: string;
  query: string;
  /** The record's. */
  key: string;
  /** 0 does not answer it, 3 answers it best. */
  grade: number;
}

export interface KeptLabel extends Label {
  /** As the audit log names who asks. */
  by: string;
  at: string;
}

export const MAX_GRADE = 3;
const MAX_QUERY_CHARS = 10_000;

/** @throws LabelError for what is no label */
export function checkLabel({ query, grade }: Pick<Label, 'query' | 'grade'>): string {
  const refuse = (message: string, remedy: string): never => {
    throw new LabelError(message, { remedy, isUsage: true });
  };
  if (!Number.isInteger(grade) || grade < 0 || grade > MAX_GRADE)
    refuse(`grade ${grade} is out of range.`, `Use 0 (no answer) to ${MAX_GRADE} (the best).`);
  // As a search takes it.
  const text = query.replaceAll('\0', ' ').toWellFormed().trim();
  if (text === '') refuse('The query is empty.', 'Give what was asked.');
  if (text.length > MAX_QUERY_CHARS)
    refuse(`The query has ${text.length} characters.`, `At most ${MAX_QUERY_CHARS} are taken.`);
  return text;
}

const SAVE = `
insert into evervec.labels as label (source, query, record_key, grade, labelled_by) values ($1, $2, $3, $4, $5)
on conflict (source, md5(query), record_key) do update
set grade = excluded.grade, labelled_by = excluded.labelled_by, labelled_at = now()`;

/** A label for the same query and record is replaced. */
export async function saveLabel(
  connection: Connection,
  { source, query, key, grade }: Label,
  by: string,
): Promise<void> {
  await connection.query(SAVE, [source, query, key, grade, by]);
}

const LIST = `
select source, query, record_key as key, grade, labelled_by as by, labelled_at as at from evervec.labels
where $1::text is null or source = $1 order by source, query, grade desc, record_key`;

/** @param source default all */
export async function listLabels(connection: Connection, source?: string): Promise<KeptLabel[]> {
  const { rows } = await connection.query<Omit<KeptLabel, 'at'> & { at: Date }>(LIST, [
    source ?? null,
  ]);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

const DELETE = `
delete from evervec.labels where source = $1 and ($2::text is null or query = $2) and ($3::text is null or record_key = $3)`;

/** @returns how many there were */
export async function deleteLabels(
  connection: Connection,
  { source, query, key }: { source: string; query?: string | undefined; key?: string | undefined },
): Promise<number> {
  return (await connection.query(DELETE, [source, query?.trim() ?? null, key ?? null])).rowCount;
}

/**
 * The queries of a source that some record answers, for the measures; the newest first.
 * @param limit at most so many
 */
export async function judgedQueries(
  connection: Connection,
  source: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<JudgedQuery[]> {
  const byQuery = Map.groupBy(await listLabels(connection, source), ({ query }) => query);
  const newest = (labels: readonly KeptLabel[]) =>
    labels
      .map(({ at }) => at)
      .sort()
      .at(-1) ?? '';
  return [...byQuery]
    .filter(([, labels]) => labels.some(({ grade }) => grade > 0))
    .sort(([, a], [, b]) => newest(b).localeCompare(newest(a)))
    .slice(0, limit)
    .map(([text, labels], i) => ({
      id: `${i + 1}`,
      text,
      judged: new Map(labels.map(({ key, grade }) => [key, grade])),
    }));
}
