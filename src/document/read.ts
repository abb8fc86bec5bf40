/** Finds documents and tells what they are. Reads only. */
import type { Connection } from '../database/index.ts';
import { UnknownDocumentError } from '../errors/index.ts';

export interface DocumentSummary {
  id: string;
  collection: string;
  title: string;
  author: string | null;
  /** `2024-01-31` */
  published: string | null;
  type: string | null;
  tags: string[];
  tier: string;
  metadata: Record<string, unknown>;
  origin: string | null;
  format: string;
  parser: string;
  /** The newest. */
  version: number;
  /** The one that is searched; null until it is embedded first. */
  active_version: number | null;
  /** Of the newest version's text. */
  characters: number;
  pages: number | null;
  created_at: string;
  updated_at: string;
}

const SUMMARY = `
select id, collection, title, author, published::text as published, type, tags, tier, metadata, origin, format, parser,
  version, active_version, length(text) as characters, cardinality(pages) as pages,
  to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
  to_char(updated_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
from evervec.documents`;

/** Tiers that may be seen; undefined means all of them. A document of another one is as if it were not. */
export type Tiers = readonly string[] | undefined;

export interface ListDocuments {
  collection?: string | undefined;
  type?: string | undefined;
  tier?: string | undefined;
  /** All of them. */
  tags?: readonly string[] | undefined;
  /** Those that may be seen; default all. */
  tiers?: Tiers;
  /** 1 to 1,000; default 100. */
  limit?: number | undefined;
  /** Default 0. */
  offset?: number | undefined;
}

const WANTED = `
where ($1::text is null or collection = $1) and ($2::text is null or type = $2) and ($3::text is null or tier = $3)
  and tags @> $4::text[] and ($5::text[] is null or tier = any ($5))`;

const LIST = `${SUMMARY}${WANTED}
order by collection, title, id limit $6 offset $7`;

const COUNT = `
select count(*)::float8 as total from evervec.documents${WANTED}`;

/** @returns a page of them, by collection and title, and how many there are in all */
export async function listDocuments(
  connection: Connection,
  { collection, type, tier, tags = [], tiers, limit = 100, offset = 0 }: ListDocuments = {},
): Promise<{ documents: DocumentSummary[]; total: number }> {
  const wanted = [collection ?? null, type ?? null, tier ?? null, tags, tiers ?? null];
  const { rows } = await connection.query<DocumentSummary>(LIST, [...wanted, limit, offset]);
  const counted = await connection.query<{ total: number }>(COUNT, wanted);
  return { documents: rows, total: counted.rows[0]?.total ?? 0 };
}

export interface CollectionSummary {
  name: string;
  title: string | null;
  documents: number;
  /** Of their newest versions' texts. */
  characters: number;
}

const COLLECTIONS = `
select collection.name, collection.title, count(document.id)::float8 as documents,
  coalesce(sum(length(document.text)), 0)::float8 as characters
from evervec.collections collection left join evervec.documents document
  on document.collection = collection.name and ($1::text[] is null or document.tier = any ($1))
group by collection.name
having $1::text[] is null or count(document.id) > 0
order by collection.name`;

/** @param tiers where given, collections without a document that may be seen are left out */
export async function listCollections(
  connection: Connection,
  tiers?: Tiers,
): Promise<CollectionSummary[]> {
  const { rows } = await connection.query<CollectionSummary>(COLLECTIONS, [tiers ?? null]);
  return rows;
}

/** Of a document: what it is called whatever else becomes of it. */
export const DOCUMENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PART_OF_ID = /^[0-9a-f][0-9a-f-]{5,34}$/i;

const SEEN = '($2::text[] is null or tier = any ($2))';
const BY_ID = `select id, origin from evervec.documents where id = $1::uuid and ${SEEN}`;
const BY_ORIGIN = `select id, collection || '/' || origin as origin from evervec.documents
  where (origin = $1 or collection || '/' || origin = $1) and ${SEEN} limit 2`;
const BY_PART = `select id, origin from evervec.documents where id::text like $1 || '%' and ${SEEN} limit 2`;

/**
 * @param name an id, at least 6 characters that one alone begins with, an origin, or `collection/origin`
 * @returns its id
 * @throws UnknownDocumentError when there is none or not one alone
 */
export async function findDocument(
  connection: Connection,
  name: string,
  tiers?: Tiers,
): Promise<string> {
  const found = async (statement: string, value: string) =>
    (await connection.query<{ id: string }>(statement, [value, tiers ?? null])).rows;
  let rows = DOCUMENT_ID.test(name) ? await found(BY_ID, name) : await found(BY_ORIGIN, name);
  if (rows.length === 0 && PART_OF_ID.test(name)) rows = await found(BY_PART, name.toLowerCase());
  const [row, another] = rows;
  if (row !== undefined && another === undefined) return row.id;
  throw new UnknownDocumentError(
    row === undefined ? `There is no document "${name}".` : `"${name}" is the name of several.`,
    {
      remedy:
        '"evervec docs list" shows them; name one by its id, its origin or collection/origin.',
      isUsage: true,
    },
  );
}

export interface StoredDocument extends DocumentSummary {
  /** Of the version that is asked for. */
  text: string;
  /** UTF-16 offsets in `text`; null where there are no pages. */
  page_starts: number[] | null;
}

const TEXT = `
select text, pages as page_starts from evervec.document_versions where document_id = $1 and version = $2`;

const ONE = `${SUMMARY} where id = $1 and ${SEEN}`;

/**
 * All that is known about a document, without its text.
 * @throws UnknownDocumentError
 */
export async function readSummary(
  connection: Connection,
  name: string,
  tiers?: Tiers,
): Promise<DocumentSummary> {
  const id = await findDocument(connection, name, tiers);
  const { rows } = await connection.query<DocumentSummary>(ONE, [id, tiers ?? null]);
  // Deleted meanwhile, or of another tier now.
  return rows[0] ?? (await readSummary(connection, name, tiers));
}

/**
 * A document with the text of its newest version.
 * @throws UnknownDocumentError
 */
export async function readDocument(
  connection: Connection,
  name: string,
  tiers?: Tiers,
): Promise<StoredDocument> {
  const summary = await readSummary(connection, name, tiers);
  const [stored] = (
    await connection.query<Pick<StoredDocument, 'text' | 'page_starts'>>(TEXT, [
      summary.id,
      summary.version,
    ])
  ).rows;
  // Deleted meanwhile, or that version was not kept.
  if (stored === undefined) return await readDocument(connection, name, tiers);
  return { ...summary, ...stored };
}
