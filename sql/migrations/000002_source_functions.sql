-- Functions that SQL users call about sources.

-- Queues records of a source by key: for writes that no trigger sees.
create function evervec.enqueue(source text, keys text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted evervec.sources;
begin
  select * into wanted from evervec.sources where sources.name = enqueue.source;
  if not found then
    raise exception 'there is no source "%"', source using errcode = 'undefined_object',
      hint = 'select name from evervec.sources';
  end if;
  insert into evervec.changes (source_id, keys)
  select wanted.id, array_agg(record_key)
  from (
    select record_key, (row_number() over () - 1) / 1000 as slice from unnest(enqueue.keys) as record_key
    where record_key is not null
  ) sliced group by slice;
  perform pg_notify('evervec', '');
end $$;
revoke all on function evervec.enqueue from public;
