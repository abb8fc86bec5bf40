/**
 * Writes what a worker computed into a sidecar, in the worker's transaction: new and changed chunks in,
 * surplus ones out. What did not change is not touched, and a chunk that only moved keeps its vector (I5).
 */
import { type Connection, encodeArray, encodeTexts } from '../database/index.ts';
import { VectorGoneError } from '../errors/index.ts';
import type { ElementOids } from './element-oids.ts';
import { sidecarName, type Space } from './sidecar.ts';
import { encodeVectors } from './vectors.ts';
import type { CountedWords } from './text-counter.ts';
import { TSVECTOR_OID } from './words-encoding.ts';

export interface NewChunk {
  index: number;
  start: number;
  end: number;
  section: string | null;
  /** Of the record, from 1; null where it has none. */
  page: number | null;
  text: string;
  /** What was embedded before the text, and is found by its words, too; often nothing. */
  context: string;
  /** Of what was embedded, `context` and `text`; equal hash means equal vector within a space. */
  hash: Buffer;
  /** Whether the sidecar has a vector for the same hash, of this record or in a space that shares them of any: it is taken. */
  isKept: boolean;
  /** Unit length; null where the vector is kept, or none is wanted. */
  embedding: Float32Array | null;
  /** Of `context` and `text`; null where the database counts them. */
  words: CountedWords | null;
}

export interface StoredChunk {
  index: number;
  start: number;
  end: number;
  section: string | null;
  page: number | null;
  /** Hex. */
  hash: string;
  hasVector: boolean;
}

const STORED = `
select record_key, chunk_index, start_offset, end_offset, section, page,
  encode(text_hash, 'hex') as hash, embedding is not null as has_vector
from {sidecar} where record_key = any ($1::text[])`;

/** What the sidecar holds of these records: key → chunks. */
export async function storedChunks(
  connection: Connection,
  spaceId: number,
  keys: readonly string[],
): Promise<Map<string, StoredChunk[]>> {
  const { rows } = await connection.query<{
    record_key: string;
    chunk_index: number;
    start_offset: number;
    end_offset: number;
    section: string | null;
    page: number | null;
    hash: string;
    has_vector: boolean;
  }>(STORED.replace('{sidecar}', sidecarName(spaceId)), [keys]);
  const stored = new Map<string, StoredChunk[]>();
  for (const row of rows) {
    const chunks = stored.get(row.record_key) ?? [];
    if (chunks.length === 0) stored.set(row.record_key, chunks);
    chunks.push({
      index: row.chunk_index,
      start: row.start_offset,
      end: row.end_offset,
      section: row.section,
      page: row.page,
      hash: row.hash,
      hasVector: row.has_vector,
    });
  }
  return stored;
}

/*
 * moved: the vector of an old chunk with the same hash; the statement's snapshot still shows it where this very
 *        statement overwrites its row.
 * A vector of another record may be gone since it was seen: the chunks are counted that got none.
 * begun: the first chunks of a space say how long one is; upkeep looks again (src/space/weigh.ts). And for which length heavy words
 *        are marked; of two who write first, it is the shorter one.
 */
const LENGTH = `
with known as materialized (
  select average_words as average, nullif(heavy_for, 0) as heavy_for from evervec.spaces where id = {space}
), length as materialized (
  select coalesce(known.average, length.average) as average,
    case when known.average is null then length.average else known.heavy_for end as heavy_for, known.average is null as is_first
  from known cross join lateral (
    select case when known.average is null then (
      select greatest(1, avg(evervec.words_length(coalesce(words, to_tsvector($9::regconfig, context || text)))))
      from unnest($6::text[], $10::text[], $12::tsvector[]) as given (text, context, words))::real end as average
  ) length
), begun as (
  update evervec.spaces set average_words = coalesce(average_words, length.average), heavy_for = least(spaces.heavy_for, length.heavy_for)
  from length where id = {space} and is_first
)`;

const UPSERT = `
insert into {sidecar} as chunk
  (record_key, chunk_index, start_offset, end_offset, section, page, text, text_hash, embedding, words, weights, heavy_for)
select new.record_key, new.chunk_index, new.start_offset, new.end_offset, new.section, new.page, new.text,
  new.text_hash,
  coalesce(new.embedding, moved.embedding),
  case when parsed.is_marked then parsed.words else (select marked from evervec.with_heavy(parsed.words, length.heavy_for)) end,
  weighed.weights, coalesce(length.heavy_for, 0)
from length cross join unnest($1::text[], $2::integer[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::bytea[],
  $8::vector.{type}[], $10::text[], $11::integer[], $12::tsvector[], $13::vector.sparsevec[], $14::float8[], $15::float8[])
  as new (record_key, chunk_index, start_offset, end_offset, section, text, text_hash, embedding, context, page, words, weights, average,
    heavy_for)
-- Once for both columns. What is heavy for another average is so in another space.
cross join lateral (
  select case when new.words is not null and (new.heavy_for is null or new.heavy_for = length.heavy_for) then new.words
      else to_tsvector($9::regconfig, new.context || new.text) end as words,
    new.words is not null and new.heavy_for is not distinct from length.heavy_for as is_marked offset 0
) parsed
-- Of another average they would be another space's.
cross join lateral (
  select case when new.average = length.average and new.weights is not null then new.weights
    else (select weights from evervec.weights_of(parsed.words, length.average)) end as weights
) weighed
left join lateral (
  select embedding from {sidecar} old
  where new.embedding is null and {scope} old.text_hash = new.text_hash and old.embedding is not null limit 1
) moved on true
on conflict (record_key, chunk_index) do update set
  start_offset = excluded.start_offset, end_offset = excluded.end_offset, section = excluded.section,
  page = excluded.page, text = excluded.text, text_hash = excluded.text_hash, embedding = excluded.embedding,
  words = excluded.words, weights = excluded.weights, heavy_for = excluded.heavy_for`;

const COUNT_BARE = `
, written as ({upsert} returning embedding is null as is_bare)
select count(*)::integer as bare from written where is_bare`;

const TRIM = `
delete from {sidecar} chunk using unnest($1::text[], $2::integer[]) as kept (record_key, count)
where chunk.record_key = kept.record_key and chunk.chunk_index >= kept.count`;

export interface RecordWrite {
  key: string;
  /** How many chunks the record has now; those beyond are removed. */
  count: number;
  /** Chunks that are new or differ from what is stored. */
  changed: NewChunk[];
  /** Whether the sidecar holds chunks of it beyond `count`. */
  hasSurplus: boolean;
}

/** @throws VectorGoneError when a vector that was to be shared is no more */
export async function writeRecords(
  tx: Connection,
  space: Space,
  records: readonly RecordWrite[],
  oids: ElementOids,
): Promise<void> {
  const rows = records.flatMap((record) =>
    record.changed.map((chunk) => ({ key: record.key, chunk })),
  );
  if (rows.length > 0) await upsertChunks(tx, space, rows, oids);
  const surplus = records.filter((record) => record.hasSurplus);
  if (surplus.length > 0)
    await tx.query(TRIM.replaceAll('{sidecar}', sidecarName(space.id)), [
      surplus.map((record) => record.key),
      surplus.map((record) => record.count),
    ]);
}

async function upsertChunks(
  tx: Connection,
  space: Space,
  rows: readonly { key: string; chunk: NewChunk }[],
  oids: ElementOids,
): Promise<void> {
  const upsert = space.sharesTexts ? COUNT_BARE.replace('{upsert}', UPSERT) : UPSERT;
  const statement = (LENGTH + upsert)
    .replaceAll('{sidecar}', sidecarName(space.id))
    .replaceAll('{type}', space.vectorType)
    .replaceAll('{space}', String(space.id))
    .replaceAll('{scope}', space.sharesTexts ? '' : 'old.record_key = new.record_key and');
  const written = await tx.query<{ bare: number }>(statement, [
    rows.map(({ key }) => key),
    rows.map(({ chunk }) => chunk.index),
    rows.map(({ chunk }) => chunk.start),
    rows.map(({ chunk }) => chunk.end),
    rows.map(({ chunk }) => chunk.section),
    encodeTexts(rows.map(({ chunk }) => chunk.text)),
    rows.map(({ chunk }) => chunk.hash),
    encodeVectors(
      rows.map(({ chunk }) => chunk.embedding),
      space.vectorType,
      oids.vector,
    ),
    space.language,
    encodeTexts(rows.map(({ chunk }) => chunk.context)),
    rows.map(({ chunk }) => chunk.page),
    encodeArray(
      rows.map(({ chunk }) => chunk.words?.words ?? null),
      TSVECTOR_OID,
    ),
    encodeArray(
      rows.map(({ chunk }) => chunk.words?.weights ?? null),
      oids.sparsevec,
    ),
    rows.map(({ chunk }) => chunk.words?.average ?? null),
    rows.map(({ chunk }) => chunk.words?.heavyFor ?? null),
  ]);
  // Those of which no vector is wanted, as of archived records, have none either.
  const expected = rows.filter(({ chunk }) => chunk.embedding === null && !chunk.isKept).length;
  const bare = written.rows[0]?.bare ?? 0;
  if (bare > expected)
    throw new VectorGoneError(`${bare - expected} vectors to be shared are gone.`, {
      remedy: 'Nothing: the records are embedded again.',
      isRetryable: true,
    });
}

const KNOWN = `
select encode(text_hash, 'hex') as hash from {sidecar}
where text_hash = any ($1::bytea[]) and embedding is not null group by text_hash`;

/** Of `hashes` (hex), those of which a space that shares texts has a vector. */
export async function knownHashes(
  connection: Connection,
  space: Space,
  hashes: readonly Buffer[],
): Promise<ReadonlySet<string>> {
  if (!space.sharesTexts || hashes.length === 0) return new Set();
  const { rows } = await connection.query<{ hash: string }>(
    KNOWN.replace('{sidecar}', sidecarName(space.id)),
    [hashes],
  );
  return new Set(rows.map((row) => row.hash));
}

/**
 * Fails at once where the sidecar's index is being built, instead of waiting for it: whoever waits keeps a worker from
 * the changes of other spaces.
 * @throws QueryError (55P03), for which the worker puts the work off
 */
export async function requireFree(tx: Connection, spaceId: number): Promise<void> {
  await tx.query(`lock table ${sidecarName(spaceId)} in row exclusive mode nowait`);
}

/** Takes the vectors of records away; their words stay. */
export async function clearVectors(
  tx: Connection,
  spaceId: number,
  keys: readonly string[],
): Promise<void> {
  if (keys.length > 0)
    await tx.query(
      `update ${sidecarName(spaceId)} set embedding = null
      where record_key = any ($1::text[]) and embedding is not null`,
      [keys],
    );
}

/** Every key that the sidecar holds, queued for another look: after a truncate nobody knows which rows are left. */
export async function queueSidecar(tx: Connection, logId: number, spaceId: number) {
  await tx.query(
    `insert into evervec.changes (source_id, keys)
    select $1, array_agg(record_key) from (
      select record_key, (row_number() over () - 1) / 1000 as slice
      from (select distinct record_key from ${sidecarName(spaceId)}) held
    ) sliced group by slice`,
    [logId],
  );
}
