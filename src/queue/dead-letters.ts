/** Jobs that were parked: what they are, why, and how they come back. */
import type { Connection, Database } from '../database/index.ts';
import { QueueRequestError, UnknownJobError } from '../errors/index.ts';
import { recordAudit } from './audit.ts';
import { notifyWorkers } from './control.ts';
import { JobState } from './jobs.ts';
import { databaseNow, inPages, lanesOf, PAGE, throughIndexes } from './pages.ts';

export interface DeadLetter {
  id: string;
  source: string;
  lane: string;
  key: string;
  /** The error's class and code; `LeaseExpired` for a record whose workers never came back. */
  error: string;
  attempts: number;
  crashes: number;
  /** Who queued it: `change`, `backfill`, `reconcile`. */
  origin: string;
  /** Of the text that failed, hex; null where it failed before there was one. */
  text_hash: string | null;
  first_failed_at: string | null;
  failed_at: string | null;
}

/** Which parked jobs: all conditions given must hold. */
export interface DeadLetterFilter {
  /** Null means all. */
  sourceIds: readonly number[] | null;
  /** The error as it is listed, or its first word (its class). */
  error: string | null;
}

const MATCHES = `
  and ($1::integer[] is null or job.source_id = any ($1))
  and ($2::text is null or job.last_error = $2 or split_part(job.last_error, ' ', 1) = $2)`;

/* By lane, since that is what the index of failed jobs begins with. */
const LIST = `
select job.id, source.name as source, lane.name as lane, job.record_key as key,
  coalesce(job.last_error, 'unknown') as error, job.attempts, job.crashes,
  coalesce(job.origin, 'change') as origin, encode(job.text_hash, 'hex') as text_hash,
  job.first_failed_at, job.failed_at
from evervec.lanes lane cross join lateral (
  select * from evervec.jobs job where job.lane_id = lane.id and job.state = 3 ${MATCHES}
  order by job.failed_at desc, job.id desc limit $3
) job join evervec.sources source on source.id = job.source_id
order by job.failed_at desc, job.id desc limit $3`;

const ERRORS = `
select coalesce(job.last_error, 'unknown') as error, count(*)::integer as count
from evervec.lanes lane cross join lateral (
  select last_error from evervec.jobs job where job.lane_id = lane.id and job.state = 3 ${MATCHES}
  order by job.failed_at desc, job.id desc limit 10000
) job group by 1 order by count desc, 1 limit 100`;

type Row = Omit<DeadLetter, 'first_failed_at' | 'failed_at'> & {
  first_failed_at: Date | null;
  failed_at: Date | null;
};

/**
 * @returns the latest parked jobs, and how often each error occurs among the latest 10,000 of each lane
 */
export async function listDeadLetters(
  database: Database,
  filter: DeadLetterFilter,
  limit: number,
): Promise<{ jobs: DeadLetter[]; errors: { error: string; count: number }[] }> {
  const conditions = [filter.sourceIds, filter.error];
  return await database.transaction(async (tx) => {
    await throughIndexes(tx);
    const { rows } = await tx.query<Row>(LIST, [...conditions, limit]);
    const errors = await tx.query<{ error: string; count: number }>(ERRORS, conditions);
    const jobs = rows.map((row) => ({
      ...row,
      first_failed_at: row.first_failed_at?.toISOString() ?? null,
      failed_at: row.failed_at?.toISOString() ?? null,
    }));
    return { jobs, errors: errors.rows };
  });
}

/*
 * Locked rows are left out: a fold is making them ready this very moment. What was parked after the call began is
 * not touched, or a record that fails at once would be retried for ever.
 */
const RETRY = `
with picked as materialized (
  select job.ctid as tid from evervec.jobs job
  where job.lane_id = $3 and job.state = 3 and (job.failed_at is null or job.failed_at <= $4) ${MATCHES}
  order by job.failed_at, job.id limit ${PAGE} for update skip locked
)
update evervec.jobs set state = 0, ready_at = now(), attempts = 0, crashes = 0
from unnest(array(select tid from picked)) as target (tid) where ctid = target.tid`;

/** Makes parked jobs ready, with a fresh count of attempts. @returns how many */
export async function retryDeadLetters(
  database: Database,
  filter: DeadLetterFilter & { target: string },
  actor: string,
): Promise<number> {
  const { sourceIds, error, target } = filter;
  const start = await databaseNow(database);
  const action = { actor, action: 'retry', target, detail: error === null ? {} : { error } };
  const lanes = await lanesOf(database, sourceIds);
  let retried = 0;
  const step = (lane: number) => ({
    count: 'jobs',
    run: async (tx: Connection) => {
      const { rowCount } = await tx.query(RETRY, [sourceIds, error, lane, start]);
      if (rowCount > 0) await notifyWorkers(tx);
      retried += rowCount;
      return rowCount;
    },
  });
  await inPages(database, action, lanes.map(step));
  return retried;
}

/* In key order, as `fold` and `complete` lock. By state: no index is by id, and few jobs fail. */
const LOCK_JOBS = `
select source_id, record_key, id from evervec.jobs where state >= 2 and id = any ($1::bigint[])
order by source_id, record_key for update`;

const STATES = `
select id, state from evervec.jobs where id = any ($1::bigint[])`;

const RETRY_JOBS = `
update evervec.jobs set state = 0, ready_at = now(), attempts = 0, crashes = 0
where state >= 2 and id = any ($1::bigint[])`;

const MAX_IDS = 1_000;
const STATE_NAMES: Record<number, string> = { 0: 'ready', 1: 'being worked on' };

/**
 * Makes parked or waiting jobs ready: all of them or, when one can't be, none.
 * @throws UnknownJobError, QueueRequestError
 */
export async function retryJobs(
  database: Database,
  ids: readonly string[],
  actor: string,
): Promise<number> {
  const wanted = [...new Set(ids)];
  const wrong = wanted.find((id) => !/^[1-9]\d{0,17}$/.test(id));
  if (wrong !== undefined || wanted.length === 0 || wanted.length > MAX_IDS)
    throw new QueueRequestError(
      wrong === undefined ? `${wanted.length} ids were given.` : `"${wrong}" is no id of a job.`,
      { remedy: `Give 1 to ${MAX_IDS} ids, as "queue failed" lists them.`, isUsage: true },
    );
  return await database.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(LOCK_JOBS, [wanted]);
    if (rows.length < wanted.length) await refuseUnfit(tx, wanted);
    await tx.query(RETRY_JOBS, [wanted]);
    const target = `job ${wanted.slice(0, 5).join(', ')}${wanted.length > 5 ? ', …' : ''}`;
    await recordAudit(tx, { actor, action: 'retry', target, detail: { jobs: wanted.length } });
    await notifyWorkers(tx);
    return wanted.length;
  });
}

/** Says which of `ids` can't be retried and why. */
async function refuseUnfit(tx: Connection, ids: readonly string[]): Promise<never> {
  const { rows } = await tx.query<{ id: string; state: number }>(STATES, [ids]);
  const states = new Map(rows.map((row) => [row.id, row.state]));
  const id = ids.find((one) => (states.get(one) ?? 0) < JobState.waiting) ?? ids[0] ?? '';
  const state = states.get(id);
  const message =
    state === undefined
      ? `There is no job ${id}.`
      : `Job ${id} is ${STATE_NAMES[state] ?? 'changing just now'}: there is nothing to retry.`;
  throw new UnknownJobError(message, {
    remedy: 'See "queue failed" for those that can be. None was retried.',
    isUsage: true,
  });
}

const COUNT = `
select count(*)::integer as count from evervec.lanes lane cross join lateral (
  select from evervec.jobs job where job.lane_id = lane.id and job.state = 3 ${MATCHES} limit $3
) job`;

/** Parked jobs that match, counted up to `limit` per lane. */
export async function countDeadLetters(
  connection: Connection,
  filter: DeadLetterFilter,
  limit: number,
): Promise<number> {
  const { rows } = await connection.query<{ count: number }>(COUNT, [
    filter.sourceIds,
    filter.error,
    limit,
  ]);
  return rows[0]?.count ?? 0;
}
