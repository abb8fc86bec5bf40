-- Lanes of their own for work in bulk, limits and shares of lanes, and the order within one: by priority, then newer first.

alter table evervec.lanes
  -- Batches at once, over all workers; null is no limit. See `lane_slots`.
  add column concurrency smallint check (concurrency between 1 and 1000),
  -- Of all claims this one gets at least that part while it has work, however urgent the others are.
  add column share real check (share > 0 and share <= 1),
  -- Backfill and reconcile of the lane named here; its own changes never wait behind them.
  add column bulk_of integer unique references evervec.lanes on delete cascade;

insert into evervec.lanes (name, priority, bulk_of) select name || ':bulk', 100, id from evervec.lanes;

-- How far the last backfill has queued the rows, so that one that was cut short goes on: see src/engine/backfill.ts.
alter table evervec.sources add column backfill jsonb;

-- A batch of a limited lane holds one of its slots: the one that carries its claim's token. A slot is free when no job is
-- leased under that token any more; so nothing has to be given back, and a worker that died holds none once its lease is over.
create table evervec.lane_slots (
  lane_id integer not null references evervec.lanes on delete cascade,
  slot smallint not null,
  claim_token bigint,
  primary key (lane_id, slot)
);

alter table evervec.jobs
  -- Newer goes first: the time of the change or, in a backfill, what the source says of the row.
  add column recency timestamptz not null default now(),
  -- Of the text that failed, as in the sidecar: another one since then is worth another try.
  add column text_hash bytea;

update evervec.jobs job set lane_id = bulk.id, priority = 0
from evervec.lanes bulk where bulk.bulk_of = job.lane_id and job.priority = 100;

-- Read backwards for the most urgent and newest, forwards for the least urgent and oldest (the reserved share).
drop index evervec.jobs_ready;
create index jobs_ready on evervec.jobs (lane_id, priority desc, recency, id) where state = 0;

-- Of all keys in the entry, where the source has an expression for it; null is 0.
alter table evervec.changes add column priority smallint;

-- Since when the oldest ready job of a lane waits: the oldest among the 20 least recent of each priority. Steps from one
-- priority to the next in the index of ready jobs, however many there are.
drop view evervec.queue_status;
drop function evervec.oldest_ready;
create function evervec.oldest_ready(lane integer) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
  with recursive step as (
    (select priority from evervec.jobs where state = 0 and lane_id = lane order by priority desc limit 1)
    union all
    select next.priority from step cross join lateral (
      select job.priority from evervec.jobs job
      where job.state = 0 and job.lane_id = lane and job.priority < step.priority
      order by job.priority desc limit 1
    ) next
  )
  select min(ready_at) from step cross join lateral (
    select ready_at from evervec.jobs job where job.state = 0 and job.lane_id = lane and job.priority = step.priority
    order by job.recency, job.id limit 20
  ) oldest
$$;

-- A line per lane, those of bulk work only where they have any. A count of 10,000 means "that many or more"
-- (docs/decisions/0006).
create view evervec.queue_status as
select lane.name as lane, lane.paused, lane.paused_at, lane.priority, control.stopped,
  counts.ready, counts.leased, counts.waiting, counts.parked,
  evervec.oldest_ready(lane.id) as oldest_ready_at,
  lane.concurrency, lane.share
from evervec.lanes lane cross join evervec.control control cross join lateral (
  select evervec.count_jobs(lane.id, 0) as ready, evervec.count_jobs(lane.id, 1) as leased,
    evervec.count_jobs(lane.id, 2) as waiting, evervec.count_jobs(lane.id, 3) as parked
) counts
where lane.bulk_of is null or lane.paused or counts.ready + counts.leased + counts.waiting + counts.parked > 0;

create or replace view evervec.dead_letters as
select job.id, source.name as source, lane.name as lane, job.record_key, job.last_error as error,
  job.attempts, job.crashes, coalesce(job.origin, 'change') as origin,
  job.enqueued_at, job.first_failed_at, job.failed_at, encode(job.text_hash, 'hex') as text_hash
from evervec.jobs job
join evervec.sources source on source.id = job.source_id
join evervec.lanes lane on lane.id = job.lane_id
where job.state = 3;
