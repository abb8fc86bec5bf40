/**
 * Actions on many jobs: in pages, a transaction each, so that no lock and no snapshot is held for long. The page and
 * the audit entry's counts commit together, so the entry always says what was done, also after a crash half-way.
 */
import type { Connection, Database } from '../database/index.ts';
import { amendAudit, recordAudit } from './audit.ts';

export const PAGE = 10_000;

export interface PagedAction {
  actor: string;
  action: string;
  target: string;
  /** What was asked for; the counts are added to it. */
  detail: Record<string, unknown>;
}

/**
 * Runs each of `steps` until it finds nothing more.
 * @param steps name of a count → one page of the work, which answers how many it did
 * @returns the counts
 */
export async function inPages(
  database: Database,
  { actor, action, target, detail }: PagedAction,
  steps: readonly { count: string; run: (tx: Connection) => Promise<number> }[],
): Promise<Record<string, number>> {
  const counts = Object.fromEntries(steps.map(({ count }) => [count, 0]));
  let entry: string | null = null;
  for (const { count, run } of steps) {
    let found: number;
    do {
      found = await database.transaction(async (tx) => {
        await throughIndexes(tx);
        const page = await run(tx);
        if (page === 0) return 0;
        const soFar = { ...counts, [count]: (counts[count] ?? 0) + page };
        if (entry === null)
          entry = await recordAudit(tx, {
            actor,
            action,
            target,
            detail: { ...detail, ...soFar },
          });
        else await amendAudit(tx, entry, soFar);
        return page;
      });
      counts[count] = (counts[count] ?? 0) + found;
    } while (found > 0);
  }
  return counts;
}

/**
 * For this transaction. The table's statistics are of another moment of the queue: by them, reading all of a large state
 * and sorting it looks cheaper than the first page of its index (440 ms instead of 6 at a million).
 */
export async function throughIndexes(tx: Connection): Promise<void> {
  await tx.query(
    `select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`,
  );
}

/** The database's time: what comes into a state after it is not the action's any more, or it might never end. */
export async function databaseNow(connection: Connection): Promise<Date> {
  const { rows } = await connection.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]?.now ?? new Date();
}

/** Ids of the lanes that jobs of these sources wait in; null means all. Indexes begin with the lane. */
export async function lanesOf(
  connection: Connection,
  sourceIds: readonly number[] | null,
): Promise<number[]> {
  const { rows } = await connection.query<{ id: number }>(
    `select lane.id from evervec.lanes lane where $1::integer[] is null or exists (
      select from evervec.sources source
      where source.lane_id in (lane.id, lane.bulk_of) and source.id = any ($1)
    ) order by lane.id`,
    [sourceIds],
  );
  return rows.map((row) => row.id);
}
