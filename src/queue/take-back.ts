/** Takes back what a backfill queued. */
import type { Connection, Database } from '../database/index.ts';
import { inPages, lanesOf, PAGE } from './pages.ts';
import { JobState } from './jobs.ts';

/* What is leased is being paid for already; a record that changed since is no backfill's any more. */
const TAKE_BACK = `
with picked as materialized (
  select ctid as tid from evervec.jobs
  where lane_id = $1 and state = $2 and source_id = $3 and origin = 'backfill'
  limit ${PAGE} for update skip locked
)
delete from evervec.jobs using unnest(array(select tid from picked)) as target (tid) where ctid = target.tid`;

/** The source then counts as never queued whole, as it was before. */
const FORGET_QUEUED = `
update evervec.sources set queued_fingerprint = null, backfill = null where id = $1`;

/** @returns how many records of the source nobody had begun, and are not queued any more */
export async function takeBackBackfill(
  database: Database,
  source: { id: number; name: string },
  actor: string,
): Promise<number> {
  const lanes = await lanesOf(database, [source.id]);
  const steps = lanes.flatMap((lane) =>
    [JobState.ready, JobState.waiting, JobState.parked].map((state) => ({
      count: 'jobs',
      run: async (tx: Connection) => {
        const { rowCount } = await tx.query(TAKE_BACK, [lane, state, source.id]);
        if (rowCount > 0) await tx.query(FORGET_QUEUED, [source.id]);
        return rowCount;
      },
    })),
  );
  const target = `source ${source.name}`;
  const action = { actor, action: 'backfill rollback', target, detail: {} };
  return (await inPages(database, action, steps))['jobs'] ?? 0;
}
