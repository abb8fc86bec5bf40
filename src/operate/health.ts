/** Whether the queue is well, by one reason after the other: for monitors, and for people who look at one command. */
import type { Connection } from '../database/index.ts';
import { listStuck, type QueueStatus, queueStatus } from '../queue/index.ts';
import { checkBudget } from './check-budget.ts';

export type HealthLevel = 'good' | 'warning' | 'bad';

export interface HealthCheck {
  /** What was looked at: `workers`, `queue age`. */
  what: string;
  level: HealthLevel;
  found: string;
  /** What to do; absent when all is well. */
  remedy?: string;
}

export interface QueueHealth {
  /** False when a check is bad. */
  healthy: boolean;
  level: HealthLevel;
  checks: HealthCheck[];
}

export interface HealthLimits {
  /** Seconds that a change may wait before that is bad. Records of a backfill may wait. */
  maxAgeS: number;
  /** Seconds that work may wait while no worker runs: one that is started by cron is not there all the time. */
  withoutWorkerS: number;
  /** Seconds that a transaction may stay open, since vacuum waits for it; twelve times as long is bad. */
  openTransactionS: number;
  /** Seconds that a record may fail, however often it changes meanwhile. */
  failingS: number;
}

export const HEALTH_LIMITS: HealthLimits = {
  maxAgeS: 300,
  withoutWorkerS: 60,
  openTransactionS: 300,
  failingS: 3_600,
};

/** @throws like any query; the caller says that the database is at fault */
export async function queueHealth(
  connection: Connection,
  limits: HealthLimits = HEALTH_LIMITS,
): Promise<QueueHealth> {
  const started = performance.now();
  const status = await queueStatus(connection);
  const tookMs = performance.now() - started;
  const ages = await readAges(connection);
  return judged([
    { what: 'database', level: 'good', found: `answers in ${tookMs.toFixed(0)} ms` },
    checkSwitch(status),
    checkLanes(status),
    checkBudget(status),
    checkWorkers(status, ages, limits),
    checkAge(ages, limits),
    await checkStuck(connection, status),
    checkParked(status),
    await checkProviders(connection),
    await checkFailing(connection, limits),
    await checkFailures(connection),
    await checkVacuum(connection, limits),
  ]);
}

/** The worst level counts. */
export function judged(checks: HealthCheck[]): QueueHealth {
  const levels = new Set(checks.map((check) => check.level));
  const level = (['bad', 'warning'] as const).find((one) => levels.has(one)) ?? 'good';
  return { healthy: level !== 'bad', level, checks };
}

function checkSwitch({ stopped, stopped_at, stopped_by }: QueueStatus): HealthCheck {
  const what = 'switch';
  if (!stopped) return { what, level: 'good', found: 'started' };
  return {
    what,
    level: 'bad',
    found: `stopped at ${stopped_at} by ${stopped_by}`,
    remedy: 'Start it again: "evervec queue start".',
  };
}

function checkLanes({ lanes }: QueueStatus): HealthCheck {
  const what = 'lanes';
  const paused = Object.keys(lanes).filter((name) => lanes[name]?.paused);
  if (paused.length === 0) return { what, level: 'good', found: 'all are open' };
  return {
    what,
    level: 'warning',
    found: `paused: ${paused.join(', ')}`,
    remedy: 'Open them again: "evervec queue resume".',
  };
}

interface Ages {
  /** Seconds that the oldest change has waited, in the log or ready in an open lane; null when none waits. */
  changes: number | null;
  /** The same of all work. */
  all: number | null;
}

/* The log is read from its beginning, which is about its oldest part: it has no order. */
const AGES = `
with logged as (
  select min(logged_at) as at from (select logged_at from evervec.changes limit 1000) entry
), ready as (
  select min(evervec.oldest_ready(id)) filter (where bulk_of is null) as urgent, min(evervec.oldest_ready(id)) as any
  from evervec.lanes where not paused and budget_day is distinct from evervec.ledger_day()
)
select extract(epoch from now() - least(logged.at, ready.urgent))::float8 as changes,
  extract(epoch from now() - least(logged.at, ready.any))::float8 as all
from logged cross join ready`;

async function readAges(connection: Connection): Promise<Ages> {
  const { rows } = await connection.query<Ages>(AGES);
  return rows[0] ?? { changes: null, all: null };
}

function checkWorkers({ workers }: QueueStatus, ages: Ages, limits: HealthLimits): HealthCheck {
  const what = 'workers';
  const live = workers.filter((worker) => !worker.is_silent);
  if (live.length > 0) return { what, level: 'good', found: `${live.length} running` };
  if (ages.all === null) return { what, level: 'good', found: 'none is running, nothing waits' };
  return {
    what,
    level: ages.all > limits.withoutWorkerS ? 'bad' : 'warning',
    found: `none is running, work has waited ${seconds(ages.all)}`,
    remedy: 'Start one: "evervec worker".',
  };
}

function checkAge({ changes }: Ages, { maxAgeS }: HealthLimits): HealthCheck {
  const what = 'queue age';
  if (changes === null) return { what, level: 'good', found: 'no change waits' };
  const found = `the oldest change has waited ${seconds(changes)}`;
  if (changes <= maxAgeS) return { what, level: 'good', found };
  return {
    what,
    level: 'bad',
    found: `${found}, more than ${seconds(maxAgeS)}`,
    remedy: 'See "evervec queue metrics" for the pace; start more workers or raise concurrency.',
  };
}

const STUCK_LIMIT = 1_000;

async function checkStuck(connection: Connection, { workers }: QueueStatus): Promise<HealthCheck> {
  const what = 'stuck jobs';
  const stuck = await listStuck(connection, STUCK_LIMIT);
  if (stuck.length === 0) return { what, level: 'good', found: 'none' };
  const hasWorker = workers.some((worker) => !worker.is_silent);
  return {
    what,
    level: hasWorker ? 'warning' : 'bad',
    found: `${atLeast(stuck.length, STUCK_LIMIT)} leased, and nobody works on them`,
    remedy: hasWorker
      ? 'Workers take them back when the lease is over; at once: "evervec queue reset-stuck".'
      : 'Start a worker: it takes them back.',
  };
}

function checkParked({ counts, at_least }: QueueStatus): HealthCheck {
  const what = 'parked jobs';
  if (counts.parked === 0) return { what, level: 'good', found: 'none' };
  return {
    what,
    level: 'warning',
    found: `${at_least.includes('parked') ? 'at least ' : ''}${counts.parked} failed too often and were set aside`,
    remedy: 'See "evervec queue failed"; when mended, "evervec queue retry".',
  };
}

const PROVIDERS = `
select name, state, failures, coalesce(last_error, 'unknown') as error from evervec.providers
where state <> 'closed' order by failures desc, name`;

/** Failures in a row that a provider's own hiccup does not explain: by then its pauses have grown to some seconds. */
const MANY_FAILURES = 3;

async function checkProviders(connection: Connection): Promise<HealthCheck> {
  const what = 'providers';
  const { rows } = await connection.query<{ name: string; failures: number; error: string }>(
    PROVIDERS,
  );
  const [worst] = rows;
  if (worst === undefined) return { what, level: 'good', found: 'none is waited for' };
  return {
    what,
    level: worst.failures >= MANY_FAILURES ? 'bad' : 'warning',
    found: `${worst.name} is waited for after ${worst.failures} failures in a row: ${worst.error}`,
    remedy: 'Work goes on by itself when it answers; "evervec check" tries it.',
  };
}

const FAILING = `
select count(*)::integer as count from (
  select first_failed_at from evervec.lanes lane cross join lateral (
    select first_failed_at from evervec.jobs job where job.lane_id = lane.id and job.state = 2 limit 10000
  ) job
) waiting where first_failed_at < now() - $1 * interval '1 second'`;

/** A record that changes all the time starts anew each time and is never parked; neither is one whose provider is down. */
async function checkFailing(
  connection: Connection,
  { failingS }: HealthLimits,
): Promise<HealthCheck> {
  const what = 'failing jobs';
  const { rows } = await connection.query<{ count: number }>(FAILING, [failingS]);
  const count = rows[0]?.count ?? 0;
  if (count === 0) return { what, level: 'good', found: `none for more than ${seconds(failingS)}` };
  return {
    what,
    level: 'warning',
    found: `${count} have not worked out for more than ${seconds(failingS)} and are tried again`,
    remedy: 'See "evervec queue recent --failures" for their errors.',
  };
}

const FAILURES = `
select coalesce(sum(done), 0)::float8 as done,
  coalesce(sum(retried + parked + postponed), 0)::float8 as failed
from evervec.metrics where bucket > now() - interval '10 minutes'`;

async function checkFailures(connection: Connection): Promise<HealthCheck> {
  const what = 'failures';
  const { rows } = await connection.query<{ done: number; failed: number }>(FAILURES);
  const { done = 0, failed = 0 } = rows[0] ?? {};
  const found = `${failed} tries failed or were put off in the last 10 minutes, ${done} records were done`;
  if (failed <= done) return { what, level: 'good', found };
  return {
    what,
    level: done === 0 ? 'bad' : 'warning',
    found,
    remedy: 'See "evervec queue recent --failures"; "evervec check" tries the model.',
  };
}

/*
 * What vacuum waits for: transactions of this database (those of others don't count), prepared ones, and slots. Whose
 * start may not be seen, for want of privileges, is judged by its age in transactions.
 */
const HOLDERS = `
select who, held_s, xids from (
  select format('pid %s%s', pid, ' (' || nullif(application_name, '') || ')') as who,
    extract(epoch from now() - xact_start)::float8 as held_s,
    greatest(age(backend_xmin), age(backend_xid)) as xids
  from pg_stat_activity
  where pid <> pg_backend_pid() and (datname = current_database() or datname is null)
    and backend_type <> 'autovacuum worker'
  union all
  select 'prepared transaction', extract(epoch from now() - prepared)::float8, age(transaction)
  from pg_prepared_xacts where database = current_database()
  union all
  select format('replication slot %s', slot_name), null, age(xmin) from pg_replication_slots
) holder
where xids is not null order by held_s desc nulls last, xids desc`;

const MANY_XIDS = 5_000_000;

async function checkVacuum(
  connection: Connection,
  { openTransactionS }: HealthLimits,
): Promise<HealthCheck> {
  const what = 'vacuum';
  const { rows } = await connection.query<{ who: string; held_s: number | null; xids: number }>(
    HOLDERS,
  );
  const holder = rows.find(({ held_s, xids }) =>
    held_s === null ? xids > MANY_XIDS : held_s > openTransactionS,
  );
  if (holder === undefined) return { what, level: 'good', found: 'no old transaction is open' };
  const { who, held_s, xids } = holder;
  return {
    what,
    level: (held_s ?? 0) > 12 * openTransactionS ? 'bad' : 'warning',
    found: `${who} holds it back, since ${held_s === null ? `${xids} transactions` : seconds(held_s)}`,
    remedy:
      'End it; set idle_in_transaction_session_timeout. Meanwhile every queue query slows down.',
  };
}

function atLeast(count: number, limit: number): string {
  return count >= limit ? `at least ${count}` : String(count);
}

function seconds(value: number): string {
  return value < 120 ? `${value.toFixed(0)} s` : `${(value / 60).toFixed(0)} min`;
}
