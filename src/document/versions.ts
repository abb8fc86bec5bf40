/** What documents were: their versions, the way back to one, and how long they are kept. */
import type { Connection } from '../database/index.ts';
import { DocumentError } from '../errors/index.ts';
import { recordVersions, type SaveOptions } from './save.ts';

export interface DocumentVersion {
  version: number;
  title: string;
  format: string;
  parser: string;
  characters: number;
  changed_by: string;
  summary: string | null;
  created_at: string;
  /** Whether it is the one that is searched. */
  is_active: boolean;
}

const LIST = `
select version.version, version.title, version.format, version.parser, length(version.text) as characters,
  version.changed_by, version.summary, version.version = document.active_version as is_active,
  to_char(version.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
from evervec.document_versions version join evervec.documents document on document.id = version.document_id
where version.document_id = $1 order by version.version desc`;

/** The newest first. */
export async function listVersions(connection: Connection, id: string): Promise<DocumentVersion[]> {
  const { rows } = await connection.query<DocumentVersion>(LIST, [id]);
  return rows.map((row) => ({ ...row, is_active: row.is_active === true }));
}

const TEXT = `
select text from evervec.document_versions where document_id = $1 and version = $2`;

/** @throws DocumentError (version) */
export async function versionText(
  connection: Connection,
  id: string,
  version: number,
): Promise<string> {
  const { rows } = await connection.query<{ text: string }>(TEXT, [id, version]);
  const [row] = rows;
  if (row === undefined) throw noVersion(id, version);
  return row.text;
}

const ROLL_BACK = `
update evervec.documents document set format = old.format, raw_hash = old.raw_hash, text = old.text,
  text_hash = old.text_hash, pages = old.pages, parser = old.parser, version = document.version + 1, updated_at = now()
from evervec.document_versions old
where document.id = $1 and old.document_id = document.id and old.version = $2 and old.text_hash <> document.text_hash
returning document.version`;

/**
 * Makes a new version with the content of an old one; what is known about the document stays. Its chunks keep the
 * vectors that they still have.
 * @returns the new version's number; null when the content is that one already
 * @throws DocumentError (version)
 */
export async function rollBack(
  tx: Connection,
  id: string,
  version: number,
  { by, summary }: Pick<SaveOptions, 'by' | 'summary'>,
): Promise<number | null> {
  const { rows } = await tx.query<{ version: number }>(ROLL_BACK, [id, version]);
  const [now] = rows;
  if (now === undefined) {
    await versionText(tx, id, version);
    return null;
  }
  await recordVersions(tx, [id], { by, summary: summary ?? `Rolled back to version ${version}` });
  return now.version;
}

const ACTIVATE = `
update evervec.documents document set active_version = written.version
from unnest($1::text[], $2::integer[]) as written (id, version)
where document.id = written.id::uuid and document.active_version is distinct from written.version`;

/**
 * Says of which versions the chunks are now, in the transaction that writes them (I7).
 * @param records ids, and versions as texts
 */
export async function activateVersions(
  tx: Connection,
  records: readonly { key: string; revision: string | null }[],
): Promise<void> {
  await tx.query(ACTIVATE, [
    records.map(({ key }) => key),
    records.map(({ revision }) => Number(revision)),
  ]);
}

const TRIM = `
delete from evervec.document_versions version using evervec.documents document
where document.id = version.document_id and document.id = any ($1::uuid[])
  and version.version <= document.version - $2::integer
  and version.version is distinct from document.active_version`;

/** Forgets all but the last `keep` versions of documents; the one that is searched stays in any case. */
export async function trimVersions(
  tx: Connection,
  ids: readonly string[],
  keep: number,
): Promise<number> {
  return (await tx.query(TRIM, [ids, keep])).rowCount;
}

function noVersion(id: string, version: number): DocumentError {
  return new DocumentError(`Document ${id} has no version ${version}.`, {
    fault: 'version',
    remedy: '"evervec docs versions" lists those that it has.',
  });
}
