/**
 * Takes documents in: new ones, new versions of those that are there, and what turns out to be there already. Document,
 * version and, by the triggers of the source, the change for the queue are one transaction's: all of a batch or
 * nothing of it.
 */
import { randomUUID } from 'node:crypto';
import { type Connection, encodeTexts } from '../database/index.ts';
import { DocumentError } from '../errors/index.ts';
import { checkNew, hashOf, type NewDocument } from './document.ts';
import { hasOtherFields, type KnownFields, merged, writeFields } from './fields.ts';

/**
 * What becomes of a document that is there already, by its origin or by its bytes. By default another content of the
 * same origin is a new version, and the same bytes of another origin are left out.
 */
export type OnDuplicate = 'skip' | 'version' | 'error';

export interface SaveOptions {
  onDuplicate?: OnDuplicate | undefined;
  /** Who did it, for the versions. */
  by: string;
  /** Why, for the versions. */
  summary?: string | undefined;
}

export interface Saved {
  id: string;
  version: number;
  /**
   * `added`; `version`: its content is another now; `updated`: only what is known about it is; `unchanged`; `skipped`:
   * it is there under another origin, or was to be left alone.
   */
  outcome: 'added' | 'version' | 'updated' | 'unchanged' | 'skipped';
}

interface Known extends KnownFields {
  id: string;
  collection: string;
  origin: string | null;
  raw_hash: string;
  text_hash: string;
  version: number;
}

/** Locked in one order, so that two imports wait for each other and never both. */
const FIND = `
select id, collection, origin, encode(raw_hash, 'hex') as raw_hash, encode(text_hash, 'hex') as text_hash, version,
  title, author, published::text as published, type, tags, tier, metadata
from evervec.documents where id in (
  select d.id from unnest($1::text[], $2::text[]) as wanted (collection, origin)
  join evervec.documents d on d.collection = wanted.collection and d.origin = wanted.origin
  union
  select d.id from unnest($1::text[], $3::text[]) as wanted (collection, raw_hash)
  join evervec.documents d on d.collection = wanted.collection and d.raw_hash = decode(wanted.raw_hash, 'hex')
) order by id for update`;

/**
 * @param documents checked already but for their content and names; in order, of which a later one may be another
 *   version of an earlier one
 * @returns (n) what became of each
 * @throws DocumentError (field, duplicate); then nothing of them is written
 */
export async function saveDocuments(
  tx: Connection,
  documents: readonly NewDocument[],
  options: SaveOptions,
): Promise<Saved[]> {
  for (const document of documents) checkNew(document);
  await lockNames(tx, documents);
  await keepCollections(tx, documents);
  const saved: Saved[] = [];
  for (const round of rounds(documents.map(trimmed)))
    saved.push(...(await saveRound(tx, round, options)));
  return saved;
}

/** A source's text has no blanks around it, and offsets of chunks are in that. */
function trimmed(document: NewDocument): NewDocument {
  const { text, pages } = document.content;
  const lead = text.length - text.trimStart().length;
  const moved = pages?.map((start) => Math.max(0, start - lead)) ?? null;
  return { ...document, content: { ...document.content, text: text.trim(), pages: moved } };
}

const LOCK = `
select pg_advisory_xact_lock(key) from (select unnest($1::bigint[]) as key order by 1) names`;

/**
 * Two that bring the same document in at once, which neither finds: the second waits for the first one's end, and then
 * finds it. In one order, so that they never wait for each other.
 */
async function lockNames(tx: Connection, documents: readonly NewDocument[]): Promise<void> {
  const names = new Set(documents.flatMap(namesOf));
  const keys = [...names].map((name) => hashOf(name).readBigInt64BE().toString());
  await tx.query(LOCK, [[...new Set(keys)]]);
}

const MAKE_COLLECTIONS = `
insert into evervec.collections (name) select unnest($1::text[]) on conflict do nothing`;
const KEEP_COLLECTIONS = `
select from evervec.collections where name = any ($1) order by name for key share`;

/**
 * Makes the collections, and keeps them until the transaction's end: before any of their documents is locked, since who
 * deletes a collection locks in that order.
 */
async function keepCollections(tx: Connection, documents: readonly NewDocument[]): Promise<void> {
  const names = [...new Set(documents.map(({ collection }) => collection))].sort();
  for (;;) {
    await tx.query(MAKE_COLLECTIONS, [names]);
    // One that was there is gone when it was being deleted.
    if ((await tx.query(KEEP_COLLECTIONS, [names])).rows.length === names.length) return;
  }
}

/** What it is known by. */
function namesOf({ collection, origin, content }: NewDocument): string[] {
  const names = [`${collection} ${content.rawHash.toString('hex')}`];
  return origin === null ? names : [...names, `${collection} origin ${origin}`];
}

/** Cuts where a document could be one that comes before it: that has to be written first. */
function rounds(documents: readonly NewDocument[]): NewDocument[][] {
  const all: NewDocument[][] = [];
  let seen = new Set<string>();
  for (const document of documents) {
    const names = namesOf(document);
    const round = all.at(-1);
    if (round === undefined || names.some((name) => seen.has(name))) {
      seen = new Set();
      all.push([document]);
    } else round.push(document);
    for (const name of names) seen.add(name);
  }
  return all;
}

/** A document of the round, and what is to be done with it. */
interface Plan {
  saved: Saved;
  document: NewDocument;
  before: Known | null;
}

async function saveRound(
  tx: Connection,
  documents: readonly NewDocument[],
  options: SaveOptions,
): Promise<Saved[]> {
  const known = await findKnown(tx, documents);
  const plans = documents.map((document) => planOne(document, known, options.onDuplicate));
  const of = (outcome: Saved['outcome']) => plans.filter(({ saved }) => saved.outcome === outcome);
  const added = of('added');
  const versions = of('version');
  if (added.length > 0) await insertDocuments(tx, added);
  if (versions.length > 0) await updateContents(tx, versions);
  await writeFields(
    tx,
    [...versions, ...of('updated')].flatMap(({ document, before }) =>
      before !== null && hasOtherFields(document, before)
        ? [{ id: before.id, ...merged(document, before) }]
        : [],
    ),
  );
  await updateImports(tx, [...versions, ...of('updated'), ...of('unchanged')]);
  await recordVersions(
    tx,
    [...added, ...versions].map(({ saved }) => saved.id),
    options,
  );
  return plans.map(({ saved }) => saved);
}

interface Index {
  byOrigin: ReadonlyMap<string, Known>;
  byBytes: ReadonlyMap<string, Known>;
}

async function findKnown(tx: Connection, documents: readonly NewDocument[]): Promise<Index> {
  const { rows } = await tx.query<Known>(FIND, [
    documents.map(({ collection }) => collection),
    documents.map(({ origin }) => origin),
    documents.map(({ content }) => content.rawHash.toString('hex')),
  ]);
  return {
    byOrigin: new Map(rows.map((row) => [`${row.collection} ${row.origin}`, row])),
    byBytes: new Map(rows.map((row) => [`${row.collection} ${row.raw_hash}`, row])),
  };
}

/** @throws DocumentError (duplicate) */
function planOne(
  document: NewDocument,
  { byOrigin, byBytes }: Index,
  onDuplicate: OnDuplicate | undefined,
): Plan {
  const { collection, origin, content } = document;
  const same = origin === null ? undefined : byOrigin.get(`${collection} ${origin}`);
  const before = same ?? byBytes.get(`${collection} ${content.rawHash.toString('hex')}`) ?? null;
  const plan = (outcome: Saved['outcome'], version = before?.version ?? 1): Plan => ({
    saved: { id: before?.id ?? randomUUID(), version, outcome },
    document,
    before,
  });
  if (before === null) return plan('added');
  if (onDuplicate === 'error')
    throw new DocumentError(
      `It is there already: ${before.id}${before.origin === null ? '' : ` (${before.origin})`}.`,
      { fault: 'duplicate', remedy: 'Leave it out, or take duplicates as versions or skip them.' },
    );
  const policy = onDuplicate ?? (same === undefined ? 'skip' : 'version');
  if (policy === 'skip') return plan('skipped');
  const isSameText = before.text_hash === hashOf(content.text).toString('hex');
  if (!isSameText) return plan('version', before.version + 1);
  return plan(hasOtherFields(document, before) ? 'updated' : 'unchanged');
}

const INSERT = `
insert into evervec.documents (id, collection, title, author, published, type, tags, tier, metadata, origin, format,
  raw_hash, text, text_hash, pages, parser, import_hash)
select id, collection, title, author, published, type, array(select jsonb_array_elements_text(tags)), tier, metadata,
  origin, format, raw_hash, text, text_hash,
  case when pages is not null then array(select jsonb_array_elements(pages)::integer) end, parser, import_hash
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::jsonb[], $8::text[], $9::jsonb[],
  $10::text[], $11::text[], $12::bytea[], $13::text[], $14::bytea[], $15::jsonb[], $16::text[], $17::bytea[])
  as new (id, collection, title, author, published, type, tags, tier, metadata, origin, format, raw_hash, text, text_hash,
  pages, parser, import_hash)`;

async function insertDocuments(tx: Connection, plans: readonly Plan[]): Promise<void> {
  const documents = plans.map(({ document }) => document);
  await tx.query(INSERT, [
    plans.map(({ saved }) => saved.id),
    documents.map(({ collection }) => collection),
    documents.map(({ title }) => title),
    documents.map(({ author }) => author ?? null),
    documents.map(({ published }) => published ?? null),
    documents.map(({ type }) => type ?? null),
    documents.map(({ tags }) => JSON.stringify(tags ?? [])),
    documents.map(({ tier }) => tier),
    documents.map(({ metadata }) => JSON.stringify(metadata ?? {})),
    documents.map(({ origin }) => origin),
    ...contentValues(documents),
    documents.map(({ importHash }) => importHash ?? null),
  ]);
}

const UPDATE_IMPORT = `
update evervec.documents document set import_hash = new.import_hash
from unnest($1::uuid[], $2::bytea[]) as new (id, import_hash)
where document.id = new.id and document.import_hash is distinct from new.import_hash`;

async function updateImports(tx: Connection, plans: readonly Plan[]): Promise<void> {
  const told = plans.filter(({ document }) => document.importHash !== undefined);
  if (told.length === 0) return;
  await tx.query(UPDATE_IMPORT, [
    told.map(({ saved }) => saved.id),
    told.map(({ document }) => document.importHash),
  ]);
}

/** Six columns: format, raw_hash, text, text_hash, pages, parser. */
function contentValues(documents: readonly NewDocument[]): unknown[] {
  const contents = documents.map(({ content }) => content);
  return [
    contents.map(({ format }) => format),
    contents.map(({ rawHash }) => rawHash),
    encodeTexts(contents.map(({ text }) => text)),
    contents.map(({ text }) => hashOf(text)),
    contents.map(({ pages }) => (pages === null ? null : JSON.stringify(pages))),
    contents.map(({ parser }) => parser),
  ];
}

const UPDATE_CONTENT = `
update evervec.documents document set format = new.format, raw_hash = new.raw_hash, text = new.text,
  text_hash = new.text_hash, parser = new.parser, version = document.version + 1, updated_at = now(),
  pages = case when new.pages is not null then array(select jsonb_array_elements(new.pages)::integer) end
from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::jsonb[], $7::text[])
  as new (id, format, raw_hash, text, text_hash, pages, parser)
where document.id = new.id`;

async function updateContents(tx: Connection, plans: readonly Plan[]): Promise<void> {
  await tx.query(UPDATE_CONTENT, [
    plans.map(({ saved }) => saved.id),
    ...contentValues(plans.map(({ document }) => document)),
  ]);
}

const RECORD = `
insert into evervec.document_versions
  (document_id, version, title, metadata, format, raw_hash, text, text_hash, pages, parser, changed_by, summary)
select id, version, title, metadata, format, raw_hash, text, text_hash, pages, parser, $2, $3
from evervec.documents where id = any ($1::uuid[])`;

/** Writes down what these documents are now as a version of theirs. */
export async function recordVersions(
  tx: Connection,
  ids: readonly string[],
  { by, summary }: Pick<SaveOptions, 'by' | 'summary'>,
): Promise<void> {
  if (ids.length > 0) await tx.query(RECORD, [ids, by, summary ?? null]);
}
