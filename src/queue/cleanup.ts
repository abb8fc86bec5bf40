/** Retention: what was done and who did it is kept for some days, then dropped. The work itself is in SQL, for pg_cron. */
import type { Connection, Database } from '../database/index.ts';
import { QueueRequestError } from '../errors/index.ts';

export interface CleanupReport {
  days: number;
  /** Days of history that were dropped. */
  history_days: number;
  audit_entries: number;
  metrics: number;
  /** Workers that nobody had heard of for a day. */
  workers: number;
}

export const RETENTION_DAYS = 30;
const MAX_DAYS = 36_500;

/**
 * Drops what is older than `days`, and makes the next days' partitions.
 * @throws QueueRequestError for days that are no whole number from 1
 */
export async function cleanUp(
  connection: Connection,
  days: number,
  actor: string,
): Promise<CleanupReport> {
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS)
    throw new QueueRequestError(`${days} is no number of days to keep.`, {
      remedy: `Give a whole number from 1 to ${MAX_DAYS}.`,
      isUsage: true,
    });
  const { rows } = await connection.query<{ report: CleanupReport }>(
    'select evervec.cleanup($1, $2) as report',
    [days, actor],
  );
  return rows[0]?.report as CleanupReport;
}

const IS_DUE = `
select not exists (
  select from evervec.maintenance where task = 'cleanup' and done_at > now() - $1 * interval '1 hour'
) as is_due`;

/* A second worker waits here for the first one's commit, and then finds that it is not due. */
const TAKE_TURN = `
insert into evervec.maintenance as maintenance (task, done_at) values ('cleanup', now())
on conflict (task) do update set done_at = excluded.done_at
where maintenance.done_at <= now() - $1 * interval '1 hour'`;

/**
 * Cleans up if nobody has within `everyHours`: any number of workers may ask, one does it.
 * @returns null when it was not due
 */
export async function cleanUpIfDue(
  database: Database,
  policy: { everyHours: number; days: number },
  actor: string,
): Promise<CleanupReport | null> {
  const { rows } = await database.query<{ is_due: boolean }>(IS_DUE, [policy.everyHours]);
  if (rows[0]?.is_due !== true) return null;
  return await database.transaction(async (tx) => {
    const { rowCount } = await tx.query(TAKE_TURN, [policy.everyHours]);
    return rowCount === 1 ? await cleanUp(tx, policy.days, actor) : null;
  });
}
