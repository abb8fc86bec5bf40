/** Leases ready jobs: oldest first within the most urgent open lane. */
import type { Connection } from '../database/index.ts';
import { type Claim, type JobRow, toLeasedJob } from './jobs.ts';

/*
 * best:   the open lane whose first ready job is the most urgent, then the oldest.
 * picked: materialized and matched through an array: by plain join the planner, after ANALYZE on an empty queue,
 *         scans the table per batch (25,600 → 1,700 jobs/s). By its place in the table: a row that became
 *         newer than this statement's snapshot before it was locked is not found, and stays ready for the next claim.
 */
const CLAIM = `
with best as materialized (
  select lane.id from evervec.lanes lane
  cross join lateral (
    select job.priority, job.ready_at from evervec.jobs job
    where job.state = 0 and job.lane_id = lane.id and job.ready_at <= now()
    and ($2::integer[] is null or job.source_id = any ($2))
    order by job.priority, job.ready_at, job.id limit 1
  ) head
  where not lane.paused and not exists (select from evervec.control where stopped)
  order by lane.priority, head.priority, head.ready_at limit 1
), picked as materialized (
  select job.ctid as tid from evervec.jobs job
  where job.state = 0 and job.lane_id = (select id from best) and job.ready_at <= now()
  and ($2::integer[] is null or job.source_id = any ($2))
  order by job.priority, job.ready_at, job.id
  limit $1 for update skip locked
), claim as materialized (
  select nextval('evervec.claim_seq') as token
)
update evervec.jobs set
  state = 1, claim_token = claim.token, claim_generation = generation,
  lease_until = now() + $3 * interval '1 millisecond', worker_id = $4::uuid
from claim, unnest(array(select tid from picked)) as target (tid)
where jobs.ctid = target.tid
returning jobs.id, source_id, record_key, attempts, crashes, claim.token`;

export interface ClaimRequest {
  workerId: string;
  /** Most jobs to lease. */
  limit: number;
  leaseMs: number;
  /** From these sources only; null means all. */
  sourceIds: readonly number[] | null;
}

/** @returns null when no job is ready in an open lane */
export async function claim(connection: Connection, request: ClaimRequest): Promise<Claim | null> {
  const { rows } = await connection.query<JobRow & { token: string }>(CLAIM, [
    request.limit,
    request.sourceIds,
    request.leaseMs,
    request.workerId,
  ]);
  const [first] = rows;
  return first === undefined ? null : { token: first.token, jobs: rows.map(toLeasedJob) };
}
