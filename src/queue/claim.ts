/**
 * Leases ready jobs of one lane. Which lane, and in which order, is decided here and nowhere else: lanes by their
 * shares, then by priority; jobs by priority, then newer first. A reserved claim goes the other way round, so that what is
 * old or of little urgency moves too, however much is ahead of it.
 */
import type { Connection } from '../database/index.ts';
import { WITHIN_BUDGET } from './budget-pause.ts';
import { type Claim, type JobRow, toLeasedJob } from './jobs.ts';

interface Order {
  /** Of jobs within a lane; the index of ready jobs serves both, one of them backwards. */
  jobs: string;
  /** Which of the lanes with work: an expression that is least for the one to take. */
  lanes: string;
}

const URGENT: Order = {
  jobs: 'job.priority, job.recency desc, job.id desc',
  lanes: `(draw.at >= share_from and draw.at < share_from + coalesce(head.share, 0)) desc,
    head.lane_priority, head.priority, head.recency desc`,
};
/** The lanes take turns. */
const RESERVED: Order = {
  jobs: 'job.priority desc, job.recency, job.id',
  lanes: 'place = floor(draw.at * lanes) desc, place',
};

/*
 * draw:   0 ≤ at < 1, spread evenly over the claims of all workers: multiples of the golden ratio, by the token.
 * head:   the open lanes that have work, and a slot where they are limited, with what they would give first.
 * free:   slots as this statement sees them; `slot` locks one that nobody took meanwhile, which the token tells.
 * picked: materialized and matched through an array: by plain join the planner, after ANALYZE on an empty queue,
 *         scans the table per batch (25,600 → 1,700 jobs/s). By its place in the table: a row that became
 *         newer than this statement's snapshot before it was locked is not found, and stays ready for the next claim.
 */
const claimSql = (order: Order) => `
with claim as materialized (
  select nextval('evervec.claim_seq') as token
), draw as materialized (
  select token * 0.6180339887498949::float8 - floor(token * 0.6180339887498949::float8) as at from claim
), head as materialized (
  select lane.id, lane.priority as lane_priority, lane.share, lane.concurrency is not null as is_limited,
    first.priority, first.recency
  from evervec.lanes lane cross join lateral (
    select job.priority, job.recency from evervec.jobs job
    where job.state = 0 and job.lane_id = lane.id and job.ready_at <= now()
    and ($2::integer[] is null or job.source_id = any ($2))
    order by ${order.jobs} limit 1
  ) first
  where not lane.paused and ${WITHIN_BUDGET} and not exists (select from evervec.control where stopped)
  and (lane.concurrency is null or exists (
    select from evervec.lane_slots slot where slot.lane_id = lane.id
    and not exists (select from evervec.jobs held where held.state = 1 and held.claim_token = slot.claim_token)
  ))
), best as materialized (
  select head.id, head.is_limited from (
    select *, coalesce(sum(share) over (order by id rows between unbounded preceding and 1 preceding), 0) as share_from,
      row_number() over (order by id) - 1 as place, count(*) over () as lanes
    from head
  ) head cross join draw
  order by ${order.lanes} limit 1
), free as materialized (
  select slot.lane_id, slot.slot, slot.claim_token
  from evervec.lane_slots slot join best on best.is_limited and best.id = slot.lane_id
  where not exists (select from evervec.jobs held where held.state = 1 and held.claim_token = slot.claim_token)
), locked_slot as materialized (
  select slot.ctid as tid from evervec.lane_slots slot join free using (lane_id, slot)
  where slot.claim_token is not distinct from free.claim_token
  limit 1 for update of slot skip locked
), picked as materialized (
  select job.ctid as tid from evervec.jobs job
  where job.state = 0 and job.ready_at <= now()
  and job.lane_id = (select id from best where not is_limited or exists (select from locked_slot))
  and ($2::integer[] is null or job.source_id = any ($2))
  order by ${order.jobs}
  limit $1 for update skip locked
), taken_slot as (
  update evervec.lane_slots set claim_token = claim.token
  from claim where lane_slots.ctid = (select tid from locked_slot)
)
update evervec.jobs set
  state = 1, claim_token = claim.token, claim_generation = generation,
  lease_until = now() + $3 * interval '1 millisecond', worker_id = $4::uuid
from claim, unnest(array(select tid from picked)) as target (tid)
where jobs.ctid = target.tid
returning jobs.id, source_id, record_key, origin, attempts, crashes, claim.token`;

const CLAIM_URGENT = claimSql(URGENT);
const CLAIM_RESERVED = claimSql(RESERVED);

export interface ClaimRequest {
  workerId: string;
  /** Most jobs to lease. */
  limit: number;
  leaseMs: number;
  /** From these sources only; null means all. */
  sourceIds: readonly number[] | null;
}

/**
 * @param isReserved takes the least urgent and oldest of a lane, the lanes in turns
 * @returns null when no job is ready in an open lane
 */
export async function claim(
  connection: Connection,
  request: ClaimRequest,
  isReserved = false,
): Promise<Claim | null> {
  const { rows } = await connection.query<JobRow & { token: string }>(
    isReserved ? CLAIM_RESERVED : CLAIM_URGENT,
    [request.limit, request.sourceIds, request.leaseMs, request.workerId],
  );
  const [first] = rows;
  return first === undefined ? null : { token: first.token, jobs: rows.map(toLeasedJob) };
}
