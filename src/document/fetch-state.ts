/**
 * Which documents come from URLs, when each is fetched again, and how that went. Who fetches one holds it for a while, so
 * that two workers don't fetch the same. Fetches nothing.
 */
import type { Connection } from '../database/index.ts';
import { newRefreshState, type RefreshState } from './refresh-policy.ts';

export interface FetchedDocument {
  id: string;
  collection: string;
  origin: string;
  title: string;
  tier: string;
  url: string;
  state: RefreshState;
  /** By the database's clock, ms since the epoch. */
  now: number;
}

interface Row {
  id: string;
  collection: string;
  origin: string;
  title: string;
  tier: string;
  url: string;
  checked_at: number | null;
  due_at: number | null;
  failures: number;
  paused_at: number | null;
  etag: string | null;
  last_modified: string | null;
  now: number;
}

const millis = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

/** One that is stopped in the middle is fetched again by another after this. */
const LEASE = `interval '10 minutes'`;

const TAKE = `
with taken as (
  update evervec.document_fetches held set leased_until = now() + ${LEASE}
  where document_id in (
    select document_id from evervec.document_fetches
    where (leased_until is null or leased_until < now()) and ({condition})
    order by due_at nulls last limit $1 for update skip locked
  ) returning *
)
select taken.document_id as id, document.collection, coalesce(document.origin, taken.url) as origin, document.title,
  document.tier, taken.url, ${millis('taken.checked_at')} as checked_at, ${millis('taken.due_at')} as due_at,
  taken.failures, ${millis('taken.paused_at')} as paused_at, taken.etag, taken.last_modified,
  ${millis('now()')} as now
from taken join evervec.documents document on document.id = taken.document_id`;

/** Takes documents whose time has come. @param most 1 or more */
export async function takeDue(connection: Connection, most: number): Promise<FetchedDocument[]> {
  return await take(connection, 'due_at <= now()', [most]);
}

/** Takes these documents, due or not, paused or not; those that somebody fetches just now are not among them. */
export async function takeNamed(
  connection: Connection,
  ids: readonly string[],
): Promise<FetchedDocument[]> {
  return await take(connection, 'document_id = any ($2::uuid[])', [ids.length, ids]);
}

async function take(
  connection: Connection,
  condition: string,
  values: unknown[],
): Promise<FetchedDocument[]> {
  const { rows } = await connection.query<Row>(TAKE.replace('{condition}', condition), values);
  return rows.map(({ checked_at, due_at, failures, paused_at, etag, last_modified, ...row }) => ({
    ...row,
    state: {
      checkedAt: checked_at,
      dueAt: due_at,
      failures,
      pausedAt: paused_at,
      etag,
      lastModified: last_modified,
    },
  }));
}

const time = (parameter: string) => `to_timestamp(${parameter}::float8 / 1000)`;

const SAVE = `
insert into evervec.document_fetches as held
  (document_id, url, etag, last_modified, checked_at, due_at, failures, paused_at, error)
select id, $2, $3, $4, ${time('$5')}, ${time('$6')}, $7, ${time('$8')}, $9
from evervec.documents where id = $1
on conflict (document_id) do update set url = excluded.url, etag = excluded.etag,
  last_modified = excluded.last_modified, checked_at = excluded.checked_at, due_at = excluded.due_at,
  failures = excluded.failures, paused_at = excluded.paused_at, error = excluded.error, leased_until = null`;

/**
 * Writes down how it went, and gives the document back. One that was deleted meanwhile has nothing to write down.
 * @param error code of the failure; null where it went well
 */
export async function saveFetch(
  connection: Connection,
  { id, url }: { id: string; url: string },
  state: RefreshState,
  error: string | null,
): Promise<void> {
  const { etag, lastModified, checkedAt, dueAt, failures, pausedAt } = state;
  await connection.query(SAVE, [
    id,
    url,
    etag,
    lastModified,
    checkedAt,
    dueAt,
    failures,
    pausedAt,
    error,
  ]);
}

/** By the database's clock, ms since the epoch. */
export async function databaseTime(connection: Connection): Promise<number> {
  const { rows } = await connection.query<{ now: number }>(`select ${millis('now()')} as now`);
  return rows[0]?.now ?? 0;
}

/** Of a document that is fetched for the first time. */
export async function firstState(connection: Connection): Promise<RefreshState> {
  return newRefreshState(await databaseTime(connection));
}

export interface FetchStatus {
  id: string;
  collection: string;
  title: string;
  url: string;
  checked_at: string | null;
  due_at: string | null;
  failures: number;
  paused_at: string | null;
  error: string | null;
}

const iso = (column: string) =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as ${column.slice('held.'.length)}`;

const STATUS = `
select document.id, document.collection, document.title, held.url, ${iso('held.checked_at')}, ${iso('held.due_at')},
  held.failures, ${iso('held.paused_at')}, held.error
from evervec.document_fetches held join evervec.documents document on document.id = held.document_id
order by held.paused_at is null, held.failures desc, held.due_at, document.id`;

/** All documents from URLs: paused ones first, then those that fail. */
export async function listFetches(connection: Connection): Promise<FetchStatus[]> {
  return (await connection.query<FetchStatus>(STATUS)).rows;
}

const OLDER = `
select document_id as id from evervec.document_fetches
where paused_at is null and (checked_at is null or checked_at < now() - make_interval(days => $1::integer))`;

/** @returns ids of those whose last good fetch is longer ago than that; paused ones are not among them */
export async function olderThan(connection: Connection, days: number): Promise<string[]> {
  return (await connection.query<{ id: string }>(OLDER, [days])).rows.map(({ id }) => id);
}
