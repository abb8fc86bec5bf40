/**
 * Who works on a task: taken under a lease, kept by a heartbeat, given back or ended. Whatever a holder writes names its
 * token, so that one whose lease was taken by another writes nothing (I4).
 */
import type { Connection } from '../../database/index.ts';
import { NO_COUNTS, type TaskCounts, type TaskError, type TaskKind } from './task.ts';
import type { TaskOptions, TaskProgress, TaskResult } from './task.ts';

export interface ClaimedTask {
  id: string;
  token: string;
  kind: TaskKind;
  made_by: string;
  options: TaskOptions;
  attempts: number;
  progress: TaskProgress;
}

const OPEN = `(state = 'waiting' or (state = 'running' and lease_until < now()))`;

/** One that was taken up so often and never ended may be what kills those who take it up. */
const END_DEADLY = `
with ended as (
  update evervec.tasks set state = 'failed', finished_at = now(), claim_token = null, lease_until = null, error = $2
  where id in (
    select id from evervec.tasks where ${OPEN} and attempts >= $1
    for update skip locked
  ) returning id
)
delete from evervec.task_files where task_id in (select id from ended)`;

const CLAIM = `
update evervec.tasks set state = 'running', claim_token = gen_random_uuid(), attempts = attempts + 1,
  lease_until = now() + $1 * interval '1 millisecond', started_at = coalesce(started_at, now())
where id = (
  select id from evervec.tasks where ${OPEN} order by created_at, id limit 1 for update skip locked
)
returning id, claim_token as token, kind, made_by, options, attempts, finished, counts, results`;

type Row = Omit<ClaimedTask, 'progress'> & {
  finished: number;
  counts: Partial<TaskCounts>;
  results: TaskResult[];
};

const GIVEN_UP: TaskError = {
  code: 'EVERVEC_TASK_GIVEN_UP',
  message: 'Each process that worked on it ended over it.',
  remedy: 'Send what is left in smaller parts, and see the log of the server.',
};

/**
 * Takes the oldest task that nobody holds.
 * @returns null where there is none
 */
export async function claimTask(
  connection: Connection,
  { leaseMs, maxAttempts }: { leaseMs: number; maxAttempts: number },
): Promise<ClaimedTask | null> {
  await connection.query(END_DEADLY, [maxAttempts, JSON.stringify(GIVEN_UP)]);
  const [row] = (await connection.query<Row>(CLAIM, [leaseMs])).rows;
  if (row === undefined) return null;
  const { finished, counts, results, ...task } = row;
  return { ...task, progress: { finished, counts: { ...NO_COUNTS, ...counts }, results } };
}

export type HeldTask = Pick<ClaimedTask, 'id' | 'token'>;

const NOTE = `
update evervec.tasks set finished = $3, counts = $4, results = coalesce($5, results),
  lease_until = now() + $6 * interval '1 millisecond'
where id = $1 and claim_token = $2`;

/**
 * Renews the lease and writes down how far it is. In the transaction that takes items in, it is also the fence: the row stays locked, so that
 * nobody else takes the task up before that commits.
 * @param isSameResults leaves the stored results as they are
 * @returns whether it still is the holder's
 */
export async function noteProgress(
  connection: Connection,
  { id, token }: HeldTask,
  progress: TaskProgress,
  { leaseMs, isSameResults }: { leaseMs: number; isSameResults: boolean },
): Promise<boolean> {
  const results = isSameResults ? null : JSON.stringify(progress.results);
  const counts = JSON.stringify(progress.counts);
  const values = [id, token, progress.finished, counts, results, leaseMs];
  return (await connection.query(NOTE, values)).rowCount === 1;
}

const GIVE_BACK = `
update evervec.tasks set state = 'waiting', claim_token = null, lease_until = null, attempts = attempts - $3
where id = $1 and claim_token = $2`;

/** @param isCounted whether it counts as one of the attempts that failed */
export async function giveBackTask(
  connection: Connection,
  { id, token }: HeldTask,
  isCounted: boolean,
): Promise<void> {
  await connection.query(GIVE_BACK, [id, token, isCounted ? 0 : 1]);
}

const END = `
with ended as (
  update evervec.tasks set state = $3::text, finished = $4::integer, counts = $5, results = $6, error = $7,
    items = coalesce(items, case when $3::text = 'done' then $4::integer end),
    finished_at = now(), claim_token = null, lease_until = null
  where id = $1 and claim_token = $2 returning id
), dropped as (
  delete from evervec.task_files where task_id in (select id from ended)
)
select id from ended`;

/** Ends it, and drops the bytes that came in. @returns whether it still was the holder's */
export async function endTask(
  connection: Connection,
  { id, token }: HeldTask,
  state: 'done' | 'failed',
  { finished, counts, results }: TaskProgress,
  error: TaskError | null,
): Promise<boolean> {
  const told = error === null ? null : JSON.stringify(error);
  const { rowCount } = await connection.query(END, [
    id,
    token,
    state,
    finished,
    JSON.stringify(counts),
    JSON.stringify(results),
    told,
  ]);
  return rowCount === 1;
}
