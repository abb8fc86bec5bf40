/**
 * Throws work away. The rows it was about are out of date from then on, until something queues them again: a change
 * of theirs, or `reconcile`.
 */
import type { Connection, Database } from '../database/index.ts';
import { QueueRequestError } from '../errors/index.ts';
import { JobState } from './jobs.ts';
import { databaseNow, inPages, lanesOf, PAGE } from './pages.ts';

/** What can be cleared. A leased job is its worker's. */
export const CLEARABLE_STATES = ['ready', 'waiting', 'parked'] as const;
export type ClearableState = (typeof CLEARABLE_STATES)[number];

export interface Cleared {
  /** Records in the change log: they count as ready. */
  logged: number;
  ready: number;
  waiting: number;
  parked: number;
}

/* What is locked is being folded or claimed: waiting for it while holding jobs could be a deadlock. */
const CLEAR_JOBS = `
with picked as materialized (
  select ctid as tid from evervec.jobs
  where state = $1 and lane_id = $2 and ($3::integer[] is null or source_id = any ($3)) and enqueued_at <= $4
  limit ${PAGE} for update skip locked
)
delete from evervec.jobs using unnest(array(select tid from picked)) as target (tid) where ctid = target.tid`;

/* An entry without keys says that a table was truncated; it stays. */
const CLEAR_LOG = `
with picked as materialized (
  select ctid as tid from evervec.changes
  where keys is not null and ($1::integer[] is null or source_id in (select log_id from evervec.sources where id = any ($1)))
  and logged_at <= $2
  limit 1000 for update skip locked
), gone as (
  delete from evervec.changes where ctid = any (array(select tid from picked)) returning keys
)
select coalesce(sum(greatest(cardinality(keys), 1)), 0)::integer as count from gone`;

/**
 * @param options `sourceIds` null means all sources; `target` names them in the audit log
 * @throws QueueRequestError for a state that can't be cleared, with nothing done
 */
export async function clearQueue(
  database: Database,
  options: { sourceIds: readonly number[] | null; states: readonly string[]; target: string },
  actor: string,
): Promise<Cleared> {
  const states = checkStates(options.states);
  const { sourceIds, target } = options;
  const start = await databaseNow(database);
  const lanes = await lanesOf(database, sourceIds);
  const jobs = states.flatMap((state) =>
    lanes.map((lane) => ({
      count: state,
      run: async (tx: Connection) =>
        (await tx.query(CLEAR_JOBS, [JobState[state], lane, sourceIds, start])).rowCount,
    })),
  );
  const log = {
    count: 'logged',
    run: async (tx: Connection) =>
      (await tx.query<{ count: number }>(CLEAR_LOG, [sourceIds, start])).rows[0]?.count ?? 0,
  };
  const steps = states.includes('ready') ? [log, ...jobs] : jobs;
  const action = { actor, action: 'clear', target, detail: { states } };
  const counts = await inPages(database, action, steps);
  return { logged: 0, ready: 0, waiting: 0, parked: 0, ...counts };
}

function checkStates(states: readonly string[]): ClearableState[] {
  const known: readonly string[] = CLEARABLE_STATES;
  const wrong = states.find((state) => !known.includes(state));
  if (wrong === undefined && states.length > 0) return [...new Set(states)] as ClearableState[];
  throw new QueueRequestError(
    wrong === undefined ? 'No state was given.' : `Jobs in state "${wrong}" can't be cleared.`,
    {
      remedy: `Give one or more of ${CLEARABLE_STATES.join(', ')}. What is leased is its worker's: stop the queue and wait for it.`,
      isUsage: true,
    },
  );
}
