/** What was done: a row per finished batch and per failed try, and the sums per minute that statistics come from. */
import type { Connection } from '../database/index.ts';
import { QueryError } from '../errors/index.ts';

/** What one worker did of one source in one claim. */
export interface FinishedBatch {
  sourceId: number;
  jobs: number;
  done: number;
  /** Tries that failed and will be made again. */
  retried: number;
  /** Tries that failed and were the last. */
  parked: number;
  /** Put off without a try counted: the provider or the database was at fault. */
  postponed: number;
  tookMs: number;
  /** How long ago it ended, ms: the database's clock is the only one. */
  ageMs: number;
}

export interface FailedTry {
  sourceId: number;
  recordKey: string;
  /** Class and code, no text (I11). */
  error: string;
  attempt: number;
  isParked: boolean;
  ageMs: number;
}

const RECORD = `
with batch as (
  select source.name as source, lane.name as lane, jobs, done, retried, parked, postponed, took_ms,
    now() - age_ms * interval '1 millisecond' as at
  from unnest($2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $15::integer[], $7::float8[], $8::float8[])
    as given (source_id, jobs, done, retried, parked, postponed, took_ms, age_ms)
  join evervec.sources source on source.id = given.source_id
  join evervec.lanes lane on lane.id = source.lane_id
), batches as (
  insert into evervec.job_history (at, kind, worker_id, source, lane, jobs, done, failed, postponed, took_ms)
  select at, 'batch', $1::uuid, source, lane, jobs, done, retried + parked, postponed, took_ms from batch
), failures as (
  insert into evervec.job_history (at, kind, worker_id, source, lane, record_key, error, attempt, is_parked)
  select now() - age_ms * interval '1 millisecond', 'failure', $1::uuid, source.name, lane.name,
    record_key, error, attempt, is_parked
  from unnest($9::integer[], $10::text[], $11::text[], $12::smallint[], $13::boolean[], $14::float8[])
    as given (source_id, record_key, error, attempt, is_parked, age_ms)
  join evervec.sources source on source.id = given.source_id
  join evervec.lanes lane on lane.id = source.lane_id
)
insert into evervec.metrics as metric (bucket, source, batches, done, retried, parked, postponed, total_ms, max_ms)
select date_bin('1 minute', at, 'epoch'), source, count(*), sum(done), sum(retried), sum(parked), sum(postponed),
  sum(took_ms), max(took_ms)
from batch group by 1, 2 order by 1, 2
on conflict (bucket, source) do update set
  batches = metric.batches + excluded.batches, done = metric.done + excluded.done,
  retried = metric.retried + excluded.retried, parked = metric.parked + excluded.parked,
  postponed = metric.postponed + excluded.postponed,
  total_ms = metric.total_ms + excluded.total_ms, max_ms = greatest(metric.max_ms, excluded.max_ms)`;

/** SQLSTATE of a row that no partition takes. */
const NO_PARTITION = '23514';

/** Writes what a worker gathered, in one statement. Whoever comes first on a day makes the day's partition. */
export async function recordWork(
  connection: Connection,
  workerId: string,
  batches: readonly FinishedBatch[],
  failures: readonly FailedTry[],
): Promise<void> {
  const values = [
    workerId,
    batches.map((batch) => batch.sourceId),
    batches.map((batch) => batch.jobs),
    batches.map((batch) => batch.done),
    batches.map((batch) => batch.retried),
    batches.map((batch) => batch.parked),
    batches.map((batch) => batch.tookMs),
    batches.map((batch) => batch.ageMs),
    failures.map((failure) => failure.sourceId),
    failures.map((failure) => failure.recordKey),
    failures.map((failure) => failure.error),
    failures.map((failure) => failure.attempt),
    failures.map((failure) => failure.isParked),
    failures.map((failure) => failure.ageMs),
    batches.map((batch) => batch.postponed),
  ];
  try {
    await connection.query(RECORD, values);
  } catch (error) {
    if (!(error instanceof QueryError) || error.sqlState !== NO_PARTITION) throw error;
    await connection.query('select evervec.ensure_history()');
    await connection.query(RECORD, values);
  }
}

export interface HistoryEntry {
  at: string;
  kind: 'batch' | 'failure';
  source: string;
  lane: string;
  worker: string | null;
  /** Of a batch. */
  jobs: number | null;
  done: number | null;
  failed: number | null;
  /** Put off without a try counted. */
  postponed: number | null;
  took_ms: number | null;
  /** Of a failure. */
  key: string | null;
  error: string | null;
  attempt: number | null;
  parked: boolean | null;
}

const RECENT = `
select at, kind, source, lane, worker_id as worker, jobs, done, failed, postponed, took_ms::float8 as took_ms,
  record_key as key, error, attempt, is_parked as parked
from evervec.job_history
where ($1::text[] is null or source = any ($1)) and ($2::text is null or kind = $2)
order by at desc limit $3`;

/** The last batches and failures, the latest first. */
export async function listRecent(
  connection: Connection,
  options: { sources: readonly string[] | null; kind: 'batch' | 'failure' | null; limit: number },
): Promise<HistoryEntry[]> {
  const { sources, kind, limit } = options;
  const { rows } = await connection.query<Omit<HistoryEntry, 'at'> & { at: Date }>(RECENT, [
    sources,
    kind,
    limit,
  ]);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
