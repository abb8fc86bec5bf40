-- What operators see and do: dead letters, stop and start, history, audit log, metrics, clean-up.

alter table evervec.jobs
  -- Who queued it, other than a change of its row: `backfill`, `reconcile`.
  add column origin text,
  -- Since when the record fails. Only success ends it, neither a change nor a retry: so a record that changes all
  -- the time, and hence never uses up its attempts, still shows.
  add column first_failed_at timestamptz,
  add column failed_at timestamptz;
update evervec.jobs set first_failed_at = now(), failed_at = now() where state = 3;

-- Waiting and parked jobs by lane, for counts and lists. Jobs that nothing goes wrong with are never in it.
create index jobs_failed on evervec.jobs (lane_id, state, failed_at, id) where state >= 2;

alter table evervec.lanes add column paused_at timestamptz;

create view evervec.dead_letters as
select job.id, source.name as source, lane.name as lane, job.record_key, job.last_error as error,
  job.attempts, job.crashes, coalesce(job.origin, 'change') as origin,
  job.enqueued_at, job.first_failed_at, job.failed_at
from evervec.jobs job
join evervec.sources source on source.id = job.source_id
join evervec.lanes lane on lane.id = job.lane_id
where job.state = 3;

-- The switch that every worker obeys: fold and claim lease nothing while `stopped`.
create table evervec.control (
  is_only_row boolean primary key default true check (is_only_row),
  stopped boolean not null default false,
  since timestamptz not null default now(),
  by text
);
insert into evervec.control default values;

-- When work that one worker does for all was last done.
create table evervec.maintenance (
  task text primary key,
  done_at timestamptz not null
);

alter table evervec.workers
  -- The oldest of the batches it works on, as its last heartbeat said.
  add column working_on text,
  add column working_since timestamptz;

-- One row per finished batch and one per failed try, never one per record that went well. Append only; dropped by
-- the day, never deleted by the row. Names and not ids: it outlives what it tells of.
create table evervec.job_history (
  at timestamptz not null default now(),
  kind text not null check (kind in ('batch', 'failure')),
  worker_id uuid,
  source text not null,
  lane text not null,
  -- of a batch
  jobs integer,
  done integer,
  failed integer,
  -- Put off without a try counted.
  postponed integer,
  took_ms real,
  -- of a failure: the error's class and code, never its text (I11)
  record_key text,
  error text,
  attempt smallint,
  is_parked boolean
) partition by range (at);
create index job_history_at on evervec.job_history (at);

-- Makes the partitions from yesterday to `days` ahead, by days in UTC. Attached and not created in place, since that
-- locks the history against reading and writing.
create function evervec.ensure_history(days integer default 7) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  day date;
  partition text;
begin
  perform pg_advisory_xact_lock(hashtextextended('evervec history', 0));
  for day in select today + n from generate_series(-1, days) n loop
    partition := format('evervec.%I', 'job_history_' || to_char(day, 'YYYYMMDD'));
    continue when to_regclass(partition) is not null;
    execute format('create table %s (like evervec.job_history including defaults including constraints)', partition);
    execute format('alter table evervec.job_history attach partition %s for values from (%L) to (%L)',
      partition, day || ' 00:00:00+00', day + 1 || ' 00:00:00+00');
  end loop;
end $$;
revoke all on function evervec.ensure_history from public;
select evervec.ensure_history();

-- Sums per minute and source: what statistics are made of, so that nobody counts jobs.
create table evervec.metrics (
  bucket timestamptz not null,
  source text not null,
  batches integer not null,
  done bigint not null,
  -- Failed tries that will be made again, and those that were the last.
  retried bigint not null,
  parked bigint not null,
  -- Put off without a try counted: the provider or the database was at fault.
  postponed bigint not null,
  total_ms float8 not null,
  max_ms float8 not null,
  primary key (bucket, source)
) with (fillfactor = 50);

create table evervec.audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  target text not null,
  detail jsonb not null
);
create index audit_log_at on evervec.audit_log (at);

-- Since when the oldest ready job of a lane waits, of those more urgent than `below`. Steps from one priority to the
-- next in the index of ready jobs, however many there are.
create function evervec.oldest_ready(lane integer, below integer default null) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
  with recursive step as (
    (select priority, ready_at from evervec.jobs where state = 0 and lane_id = lane
      order by priority, ready_at limit 1)
    union all
    select next.priority, next.ready_at from step cross join lateral (
      select job.priority, job.ready_at from evervec.jobs job
      where job.state = 0 and job.lane_id = lane and job.priority > step.priority
      order by job.priority, job.ready_at limit 1
    ) next
  )
  select min(ready_at) from step where below is null or priority < below
$$;

-- Jobs of a lane in a state, counted up to 10,000. Always through the state's own index: the table's statistics are
-- of another moment, and by them a scan of the whole table or of all its index may look cheaper.
create function evervec.count_jobs(lane integer, wanted_state integer) returns integer
language plpgsql stable set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  counted integer;
begin
  -- As literals, or no partial index would fit.
  execute format('select count(*) from (select from evervec.jobs where lane_id = %s and state = %s limit 10000) job',
    lane, wanted_state) into counted;
  return counted;
end $$;

-- A line per lane. A count of 10,000 means "that many or more" (docs/decisions/0006).
create view evervec.queue_status as
select lane.name as lane, lane.paused, lane.paused_at, lane.priority, control.stopped,
  evervec.count_jobs(lane.id, 0) as ready, evervec.count_jobs(lane.id, 1) as leased,
  evervec.count_jobs(lane.id, 2) as waiting, evervec.count_jobs(lane.id, 3) as parked,
  evervec.oldest_ready(lane.id) as oldest_ready_at
from evervec.lanes lane cross join evervec.control control;

-- Drops history, audit entries and sums older than `days`, and workers that nobody heard of for a day; makes the
-- next partitions. Waits 2 seconds for whoever reads the history, then fails and has done nothing.
create function evervec.cleanup(days integer, actor text default current_user) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  before constant timestamptz := now() - make_interval(days => days);
  partition record;
  partitions integer := 0;
  entries integer;
  sums integer;
  silent integer;
  report jsonb;
begin
  if days is null or days < 1 then
    raise exception 'days is %, not 1 or more', days using errcode = 'invalid_parameter_value';
  end if;
  perform evervec.ensure_history();
  for partition in
    select inhrelid::regclass as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'evervec.job_history'::regclass
    and (to_date(right(relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'UTC' <= before
  loop
    execute format('drop table %s', partition.name);
    partitions := partitions + 1;
  end loop;
  delete from evervec.audit_log where at < before;
  get diagnostics entries = row_count;
  delete from evervec.metrics where bucket < before;
  get diagnostics sums = row_count;
  delete from evervec.workers where heartbeat_at < now() - interval '1 day';
  get diagnostics silent = row_count;
  report := jsonb_build_object('days', days, 'history_days', partitions, 'audit_entries', entries,
    'metrics', sums, 'workers', silent);
  insert into evervec.audit_log (actor, action, target, detail) values (actor, 'cleanup', 'history', report);
  return report;
end $$;
revoke all on function evervec.cleanup from public;
