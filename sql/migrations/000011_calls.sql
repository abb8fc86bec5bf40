-- The ledger of model calls, and the pause that a day's budget makes.

-- The day that ledger and budget count by: UTC, by the database's clock. Those of workers may differ.
create function evervec.ledger_day() returns date language sql stable as $$
  select (pg_catalog.now() at time zone 'UTC')::pg_catalog.date
$$;

-- What models were asked for, in sums: see src/embed/ledger.ts for how they are written. Names and not ids, since it
-- outlives what it tells of. Nothing is ever taken away from it; clean-up leaves it alone.
create table evervec.calls (
  day date not null,
  -- Empty where a call was made for none.
  source text not null,
  -- As it is stamped on a space.
  model text not null,
  provider text not null,
  cause text not null check (cause in ('change', 'backfill', 'migration', 'retry', 'query')),
  -- US dollars per million tokens when it was called; 0 is free, null is unknown.
  price numeric check (price >= 0),
  -- Writers draw one, so that they do not wait for each other's commits; days that are over have 0 only.
  stripe smallint not null,
  calls bigint not null,
  -- Sent to the model, and those that were wanted and needed no call.
  texts bigint not null,
  saved bigint not null,
  -- That are or may be billed, and the part of them that the provider did not count.
  tokens bigint not null,
  estimated_tokens bigint not null,
  -- Calls without a usable answer, and those of them that are or may be billed.
  failed bigint not null,
  failed_billed bigint not null,
  money numeric generated always as (tokens * price * 0.000001) stored
) with (fillfactor = 50);
create unique index calls_key on evervec.calls (day, source, model, provider, cause, price, stripe) nulls not distinct;

-- Makes one row of the stripes of each sum, for days that nobody writes to any more.
create function evervec.roll_up_calls() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  rolled integer;
begin
  with gone as (
    delete from evervec.calls where stripe > 0 and day < evervec.ledger_day() - 1 returning *
  )
  insert into evervec.calls as kept (day, source, model, provider, cause, price, stripe,
    calls, texts, saved, tokens, estimated_tokens, failed, failed_billed)
  select day, source, model, provider, cause, price, 0, sum(calls), sum(texts), sum(saved), sum(tokens),
    sum(estimated_tokens), sum(failed), sum(failed_billed)
  from gone group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
  on conflict (day, source, model, provider, cause, price, stripe) do update set
    calls = kept.calls + excluded.calls, texts = kept.texts + excluded.texts, saved = kept.saved + excluded.saved,
    tokens = kept.tokens + excluded.tokens, estimated_tokens = kept.estimated_tokens + excluded.estimated_tokens,
    failed = kept.failed + excluded.failed, failed_billed = kept.failed_billed + excluded.failed_billed;
  get diagnostics rolled = row_count;
  return rolled;
end $$;
revoke all on function evervec.roll_up_calls from public;

alter table evervec.lanes
  -- The day whose budget was reached: nothing is taken from the lane on that day. The next one opens it by itself.
  add column budget_day date,
  -- The day for which an operator opened it nevertheless.
  add column budget_lifted date;

create or replace view evervec.queue_status as
select lane.name as lane, lane.paused, lane.paused_at, lane.priority, control.stopped,
  counts.ready, counts.leased, counts.waiting, counts.parked,
  evervec.oldest_ready(lane.id) as oldest_ready_at,
  lane.concurrency, lane.share,
  lane.budget_day is not distinct from evervec.ledger_day() as budget_paused
from evervec.lanes lane cross join evervec.control control cross join lateral (
  select evervec.count_jobs(lane.id, 0) as ready, evervec.count_jobs(lane.id, 1) as leased,
    evervec.count_jobs(lane.id, 2) as waiting, evervec.count_jobs(lane.id, 3) as parked
) counts
where lane.bulk_of is null or lane.paused or lane.budget_day is not distinct from evervec.ledger_day()
  or counts.ready + counts.leased + counts.waiting + counts.parked > 0;
