-- A second space of a source beside the one that searches read: it fills with another model, or is kept after a switch.
--
-- Each space has a row of `sources` of its own, so that jobs, lanes, dead letters, backfill and reconcile of the two
-- never touch each other, and a model that does not answer holds up its own space only. Both rows take their changes
-- from one log. A switch exchanges the rows' names: a job, and what a worker holds of it, means the same space for ever.

alter table evervec.sources
  -- The id under which the table's triggers log: that of the first row, whichever is searched now.
  add column log_id integer,
  -- The source that is searched meanwhile; null for that one itself.
  add column standby_of integer unique references evervec.sources on delete cascade,
  -- When a standby goes by itself; null while it fills.
  add column keep_until timestamptz;
update evervec.sources set log_id = id;
alter table evervec.sources alter column log_id set not null;
create index sources_log on evervec.sources (log_id);

alter table evervec.spaces
  -- What its model and chunker were asked for with, so that whoever opens the database can work on it whatever the
  -- configuration says now: never a key. Null where the model is an object that only its program can make.
  add column model_settings jsonb,
  add column chunk_settings jsonb,
  -- What the last check before a switch found.
  add column checked jsonb,
  -- When it was searched last; null while it is, or before it ever was.
  add column retired_at timestamptz;

-- Archived is the record, whatever spaces there are: by the log's id, and taken out with the source by the program.
alter table evervec.archived drop constraint archived_source_id_fkey;

create or replace function evervec.enqueue(source text, keys text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant evervec.sources := evervec.find_source(source);
begin
  insert into evervec.changes (source_id, keys)
  select wanted.log_id, array_agg(record_key)
  from (
    select record_key, (row_number() over () - 1) / 1000 as slice from unnest(enqueue.keys) as record_key
    where record_key is not null
  ) sliced group by slice;
  perform pg_notify('evervec', '');
end $$;

create or replace function evervec.archive_some(source text, days integer, most integer) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant evervec.sources := evervec.find_source(source);
  keys text[];
  space record;
begin
  execute format($sql$
    select array_agg(record_key) from (
      select %1$s as record_key from %2$I.%3$I t
      where %4$s and not exists (
        select from evervec.archived a where a.source_id = %5$s and a.record_key = %1$s collate "C"
        and (a.restored_at is null or a.restored_at >= now() - make_interval(days => coalesce(%6$L::integer, 36500)))
      ) limit %7$s
    ) matching$sql$,
    wanted.definition ->> 'keyText', wanted.table_schema, wanted.table_name,
    evervec.archive_condition(wanted, days), wanted.log_id,
    coalesce(days, (wanted.definition -> 'archive' ->> 'days')::integer), most) into keys;
  if keys is null then return 0; end if;
  insert into evervec.archived (source_id, record_key) select wanted.log_id, key from unnest(keys) key order by 1, 2
  on conflict (source_id, record_key) do update set archived_at = now(), restored_at = null;
  for space in
    select s.id from evervec.spaces s join evervec.sources f on f.id = s.source_id where f.log_id = wanted.log_id order by 1
  loop
    execute format('update evervec.%I set embedding = null where record_key = any ($1) and embedding is not null',
      'chunks_' || space.id) using keys;
  end loop;
  update evervec.jobs set generation = nextval('evervec.generation_seq')
  where source_id in (select id from evervec.sources where log_id = wanted.log_id)
  and record_key = any (keys) and state = 1;
  return cardinality(keys);
end $$;

create or replace function evervec.count_archivable(source text, days integer default null) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant evervec.sources := evervec.find_source(source);
  counted bigint;
begin
  execute format($sql$
    select count(*) from %2$I.%3$I t
    where %4$s and not exists (
      select from evervec.archived a where a.source_id = %5$s and a.record_key = %1$s collate "C"
      and (a.restored_at is null or a.restored_at >= now() - make_interval(days => coalesce(%6$L::integer, 36500))))$sql$,
    wanted.definition ->> 'keyText', wanted.table_schema, wanted.table_name,
    evervec.archive_condition(wanted, days), wanted.log_id,
    coalesce(days, (wanted.definition -> 'archive' ->> 'days')::integer)) into counted;
  return counted;
end $$;

create or replace function evervec.restore(source text, keys text[] default null, actor text default current_user) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant evervec.sources := evervec.find_source(source);
  restored bigint;
begin
  with back as (
    update evervec.archived set restored_at = now()
    where source_id = wanted.log_id and restored_at is null
    and (restore.keys is null or record_key = any (restore.keys))
    returning record_key
  ), logged as (
    insert into evervec.changes (source_id, keys, priority)
    select wanted.log_id, array_agg(record_key), 100 from (
      select record_key, (row_number() over () - 1) / 1000 as slice from back
    ) sliced group by slice
  )
  select count(*) into restored from back;
  insert into evervec.audit_log (actor, action, target, detail)
  values (actor, 'restore', 'source ' || source, jsonb_build_object('records', restored));
  perform pg_notify('evervec', '');
  return restored;
end $$;

-- Exchanges a source and its standby, whose space is `to_space`, in one step: searches that begin after the commit read the other space. What a
-- worker holds of either goes on meaning the space that it was claimed for.
create function evervec.switch_space(source text, to_space integer, keep interval) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  old evervec.sources;
  new evervec.sources;
begin
  -- Both in the order of their ids, as everyone locks them.
  perform from evervec.sources s where s.log_id = (evervec.find_source(source)).log_id order by s.id for update;
  old := evervec.find_source(source);
  select * into new from evervec.sources s where s.standby_of = old.id and s.active_space_id = to_space;
  -- Also where somebody else was first: a second exchange would undo the first.
  if not found then
    raise exception 'space % is not the second one of source "%"', to_space, source
      using errcode = 'object_not_in_prerequisite_state', hint = 'evervec model status';
  end if;
  update evervec.sources set standby_of = null where id = new.id;
  -- Names are unique at every moment: one steps aside.
  update evervec.sources set name = new.name || ':', lane_id = new.lane_id, standby_of = new.id, keep_until = now() + keep
  where id = old.id;
  update evervec.sources set name = old.name, lane_id = old.lane_id, keep_until = null where id = new.id;
  update evervec.sources set name = new.name where id = old.id;
  update evervec.spaces set retired_at = now() where id = old.active_space_id;
  update evervec.spaces set retired_at = null where id = new.active_space_id;
  -- Their jobs follow: an urgent change must not wait where the other fills. In key order, as everyone locks them.
  with mine as materialized (
    select ctid as tid, source_id from evervec.jobs where source_id in (old.id, new.id)
    order by source_id, record_key for update
  ), lane as (
    select unnest(array[old.lane_id, new.lane_id]) as before, unnest(array[new.lane_id, old.lane_id]) as after
  ), moved as (
    select before, after from lane union all
    select b.id, a.id from lane join evervec.lanes b on b.bulk_of = before join evervec.lanes a on a.bulk_of = after
  )
  update evervec.jobs job set lane_id = moved.after from mine, moved
  where job.ctid = mine.tid and moved.before = job.lane_id;
end $$;
revoke all on function evervec.switch_space from public;
