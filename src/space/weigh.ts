/**
 * Keeps the weights of words true to how long chunks are on average: those of a sidecar from before there were weights are
 * made, and all anew when the average has moved. And the counts of common words true to how many chunks there are. Beside the work on records, in small transactions, and resumable; search goes on
 * meanwhile with what is there.
 */
import type { Connection, Database } from '../database/index.ts';
import { sidecarName } from './sidecar.ts';

/** A row that is in an HNSW index takes some milliseconds: a batch is over in a second or two. */
const BATCH = 200;
/** Of the average: less than that changes no ranking that one would notice. */
const MAX_DRIFT = 0.1;
const SAMPLE = 2_000;

/* Where no autovacuum runs, nobody else keeps the statistics that say how rare a word is. */
const LOOK = `
select abs(pg_relation_size(oid) / current_setting('block_size')::float8 - relpages) > 8 + 0.1 * relpages as has_grown,
  least(100, 100.0 * ${SAMPLE} / greatest(reltuples, 1)) as share
from pg_class where oid = '{sidecar}'::regclass`;

const BEGIN = `
with length as (
  select greatest(1, avg(evervec.words_length(words)))::real as average
  from (select words from {sidecar} tablesample system ({share}) limit ${SAMPLE}) looked
)
update evervec.spaces set average_words = coalesce(length.average, average_words), weighed_to = ''
from length where id = $1 and weighed_to is null
  and (weighed_at is null or abs(length.average / average_words - 1) > ${MAX_DRIFT})`;

const NEXT = `
select weighed_to, (
  select max(record_key) from (
    select record_key from {sidecar} where record_key > space.weighed_to order by record_key limit ${BATCH}
  ) batch
) as last from evervec.spaces space where id = $1 and weighed_to is not null`;

/* First, so that of two who weigh one goes on. */
const CLAIM = `
update evervec.spaces set weighed_to = $3, weighed_at = case when $3::text is null then now() else weighed_at end
where id = $1 and weighed_to = $2`;

/* What somebody writes at the moment gets its weights there. */
const WEIGH = `
update {sidecar} chunk set weights = weighed.weights
from (
  select record_key, chunk_index, words from {sidecar} where record_key > $2 and record_key <= $3
  order by 1, 2 for update skip locked
) batch, evervec.spaces space, evervec.weights_of(batch.words, space.average_words) weighed
where chunk.record_key = batch.record_key and chunk.chunk_index = batch.chunk_index and space.id = $1`;

/* Where it has grown or shrunk by a tenth since it was counted, or the analysis of a moment ago was the first. */
const COUNT = `
select evervec.keep_word_counts(space.id) from evervec.spaces space join pg_class on oid = '{sidecar}'::regclass
where space.id = $1 and indexed_at is not null and abs(
    coalesce((select sum((value ->> 'chunks')::float8) from jsonb_each(words_counted)), 0) - reltuples
  ) > ${MAX_DRIFT} * reltuples`;

const SPACES = 'select id from evervec.spaces where source_id = $1 order by id';

const UNDER_WAY = `
select exists (select from evervec.spaces where source_id = $1 and (weighed_to is not null or weighed_at is null)) as found`;

/** Whether a space of the source is being weighed, or never was: it should go on before its time has come. */
export async function isWeighing(connection: Connection, sourceId: number): Promise<boolean> {
  const { rows } = await connection.query<{ found: boolean }>(UNDER_WAY, [sourceId]);
  return rows[0]?.found === true;
}

/**
 * Looks at the average length of chunks of each space of the source, and weighs their words where it has moved by more than a
 * tenth, or where an earlier call did not come to its end.
 * @returns how many batches were weighed
 */
export async function weighWords(
  database: Database,
  sourceId: number,
  signal: AbortSignal,
): Promise<number> {
  let batches = 0;
  const { rows } = await database.query<{ id: number }>(SPACES, [sourceId]);
  for (const { id } of rows) {
    const share = await lookAt(database, id);
    await database.query(inSidecar(BEGIN, id).replace('{share}', String(share)), [id]);
    await database.query(inSidecar(COUNT, id), [id]);
    // A step at least: workers that run once are stopped soon after they began.
    while (await database.transaction((tx) => weighSome(tx, id))) {
      batches++;
      if (signal.aborted) break;
    }
  }
  return batches;
}

/** @returns which share of its pages, in percent, holds a sample */
async function lookAt(connection: Connection, spaceId: number): Promise<number> {
  const look = async () => {
    const { rows } = await connection.query<{ has_grown: boolean; share: number }>(
      inSidecar(LOOK, spaceId),
    );
    return rows[0] ?? { has_grown: false, share: 100 };
  };
  const before = await look();
  if (!before.has_grown) return before.share;
  await connection.query(`analyze ${sidecarName(spaceId)}`);
  return (await look()).share;
}

/** @returns whether there may be more */
async function weighSome(tx: Connection, spaceId: number): Promise<boolean> {
  const next = await tx.query<{ weighed_to: string; last: string | null }>(
    inSidecar(NEXT, spaceId),
    [spaceId],
  );
  const [place] = next.rows;
  if (place === undefined) return false;
  const claimed = await tx.query(CLAIM, [spaceId, place.weighed_to, place.last]);
  if (claimed.rowCount === 0 || place.last === null) return false;
  await tx.query(inSidecar(WEIGH, spaceId), [spaceId, place.weighed_to, place.last]);
  return true;
}

function inSidecar(statement: string, spaceId: number): string {
  return statement.replaceAll('{sidecar}', sidecarName(spaceId));
}
