-- Archive, restore, and reconcile as SQL users, pg_cron and the workers ask for them.

-- Records without vectors by their source's rule: they stay findable by words and cost nothing more.
create table evervec.archived (
  source_id integer not null references evervec.sources on delete cascade,
  record_key text collate "C" not null,
  archived_at timestamptz not null default now(),
  -- Brought back by hand: the rule leaves it alone as if it had been touched then.
  restored_at timestamptz,
  primary key (source_id, record_key)
);

-- When each source was last compared with its rows, and what came of it.
create table evervec.reconciles (
  source_id integer primary key references evervec.sources on delete cascade,
  -- Asked for in SQL, and not yet begun.
  asked_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  -- rows, missing, outdated, orphaned, faulty
  report jsonb
);

create function evervec.find_source(source text) returns evervec.sources
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  found_source evervec.sources;
begin
  select * into found_source from evervec.sources where sources.name = source;
  if not found then
    raise exception 'there is no source "%"', source using errcode = 'undefined_object',
      hint = 'select name from evervec.sources';
  end if;
  return found_source;
end $$;
revoke all on function evervec.find_source from public;

-- The condition on a row `t` that its source's rule holds, `days` in place of the rule's where given. SQL.
create function evervec.archive_condition(source evervec.sources, days integer) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  rule constant jsonb := source.definition -> 'archive';
begin
  if rule is null then
    raise exception 'source "%" has no rule for its archive', source.name using errcode = 'object_not_in_prerequisite_state',
      hint = 'add archive: { when: ''…'' } to it in evervec.config.ts, and run evervec setup';
  end if;
  if days is not null and (days < 0 or rule ->> 'column' is null) then
    raise exception '% days make no sense for source "%"', days, source.name using errcode = 'invalid_parameter_value',
      hint = 'days are 0 or more, and its rule needs after: { column, days }';
  end if;
  return format('coalesce((%s), false)', rule ->> 'when') || case when rule ? 'column' then
    format(' and t.%I < now() - make_interval(days => %s)', rule ->> 'column', coalesce(days, (rule ->> 'days')::integer))
    else '' end;
end $$;

-- Archives up to `most` records: their vectors go, their words stay. What a worker has in hand just now it does again,
-- and finds it archived. Returns how many; fewer than `most` means that there are no more.
create function evervec.archive_some(source text, days integer, most integer) returns bigint
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
    evervec.archive_condition(wanted, days), wanted.id,
    coalesce(days, (wanted.definition -> 'archive' ->> 'days')::integer), most) into keys;
  if keys is null then return 0; end if;
  insert into evervec.archived (source_id, record_key) select wanted.id, key from unnest(keys) key order by 1, 2
  on conflict (source_id, record_key) do update set archived_at = now(), restored_at = null;
  for space in select id from evervec.spaces where source_id = wanted.id loop
    execute format('update evervec.%I set embedding = null where record_key = any ($1) and embedding is not null',
      'chunks_' || space.id) using keys;
  end loop;
  update evervec.jobs set generation = nextval('evervec.generation_seq')
  where source_id = wanted.id and record_key = any (keys) and state = 1;
  return cardinality(keys);
end $$;
revoke all on function evervec.archive_some from public;

-- Archives all records of a source that match its rule; `days` in place of the rule's.
create function evervec.archive(source text, days integer default null, actor text default current_user) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  done bigint := 0;
  step bigint;
begin
  loop
    step := evervec.archive_some(source, days, 10000);
    done := done + step;
    exit when step < 10000;
  end loop;
  insert into evervec.audit_log (actor, action, target, detail)
  values (actor, 'archive', 'source ' || source, jsonb_build_object('days', days, 'records', done));
  return done;
end $$;
revoke all on function evervec.archive from public;

-- How many records `archive` would take.
create function evervec.count_archivable(source text, days integer default null) returns bigint
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
    evervec.archive_condition(wanted, days), wanted.id,
    coalesce(days, (wanted.definition -> 'archive' ->> 'days')::integer)) into counted;
  return counted;
end $$;
revoke all on function evervec.count_archivable from public;

-- Brings archived records back through the queue, behind what changes: those with `keys`, or all of the source.
create function evervec.restore(source text, keys text[] default null, actor text default current_user) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant evervec.sources := evervec.find_source(source);
  restored bigint;
begin
  with back as (
    update evervec.archived set restored_at = now()
    where source_id = wanted.id and restored_at is null
    and (restore.keys is null or record_key = any (restore.keys))
    returning record_key
  ), logged as (
    insert into evervec.changes (source_id, keys, priority)
    select wanted.id, array_agg(record_key), 100 from (
      select record_key, (row_number() over () - 1) / 1000 as slice from back
    ) sliced group by slice
  )
  select count(*) into restored from back;
  insert into evervec.audit_log (actor, action, target, detail)
  values (actor, 'restore', 'source ' || source, jsonb_build_object('records', restored));
  perform pg_notify('evervec', '');
  return restored;
end $$;
revoke all on function evervec.restore from public;

-- Asks for a comparison of a source with its rows. A worker does it, since rendering a row to text is the program's.
create function evervec.reconcile(source text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant evervec.sources := evervec.find_source(source);
begin
  insert into evervec.reconciles (source_id, asked_at) values (wanted.id, now())
  on conflict (source_id) do update set asked_at = excluded.asked_at;
  perform pg_notify('evervec', 'maintain');
end $$;
revoke all on function evervec.reconcile from public;
