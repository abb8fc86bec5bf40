/** What is known about documents beside their text: compared, put together, written. Makes no version. */
import { isDeepStrictEqual } from 'node:util';
import type { Connection } from '../database/index.ts';
import type { DocumentFields } from './document.ts';

/** As the database has them. */
export type KnownFields = {
  [Name in keyof DocumentFields]-?: Exclude<DocumentFields[Name], undefined>;
};

const FIELDS = ['title', 'author', 'published', 'type', 'tags', 'tier', 'metadata'] as const;

/** Whether `told` says anything that is not `known`. */
export function hasOtherFields(told: DocumentFields, known: KnownFields): boolean {
  return FIELDS.some(
    (name) => told[name] !== undefined && !isDeepStrictEqual(told[name], known[name]),
  );
}

/** What is told now over what was known. */
export function merged(told: DocumentFields, known: KnownFields): KnownFields {
  const { title, author, published, type, tags, tier, metadata } = told;
  return {
    title: title ?? known.title,
    author: author === undefined ? known.author : author,
    published: published === undefined ? known.published : published,
    type: type === undefined ? known.type : type,
    tags: tags ?? known.tags,
    tier: tier ?? known.tier,
    metadata: metadata ?? known.metadata,
  };
}

const UPDATE = `
update evervec.documents document set title = new.title, author = new.author, published = new.published,
  type = new.type, tags = array(select jsonb_array_elements_text(new.tags)), tier = new.tier, metadata = new.metadata,
  updated_at = now()
from unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::text[], $6::jsonb[], $7::text[], $8::jsonb[])
  as new (id, title, author, published, type, tags, tier, metadata)
where document.id = new.id`;

export async function writeFields(
  tx: Connection,
  documents: readonly (KnownFields & { id: string })[],
): Promise<void> {
  if (documents.length === 0) return;
  await tx.query(UPDATE, [
    documents.map(({ id }) => id),
    documents.map(({ title }) => title),
    documents.map(({ author }) => author),
    documents.map(({ published }) => published),
    documents.map(({ type }) => type),
    documents.map(({ tags }) => JSON.stringify(tags)),
    documents.map(({ tier }) => tier),
    documents.map(({ metadata }) => JSON.stringify(metadata)),
  ]);
}

const KNOWN = `
select title, author, published::text as published, type, tags, tier, metadata
from evervec.documents where id = $1 for update`;

/**
 * Changes what is known about a document. Only another title is embedded again.
 * @returns whether anything is another than it was
 */
export async function changeFields(
  tx: Connection,
  id: string,
  told: DocumentFields,
): Promise<boolean> {
  const [known] = (await tx.query<KnownFields>(KNOWN, [id])).rows;
  if (known === undefined || !hasOtherFields(told, known)) return false;
  await writeFields(tx, [{ id, ...merged(told, known) }]);
  return true;
}
