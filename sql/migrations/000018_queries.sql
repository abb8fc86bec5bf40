-- What assistants read around a hit, and what is known of queries: which records answer them, and how well searches did.

-- Chunks `reach` before and after those of (keys, indexes) of a source, these included, of rows that the caller sees, in no
-- order. Options as of a search: tiers. `version` tells one content of a record from another: of a document the number of
-- the version that is searched, of others a hash over its chunks.
create function evervec.chunks_near(
  source text, keys text[], indexes integer[], reach integer default 1, options jsonb default '{}'
) returns table (
  record_key text, chunk_index integer, chunk_text text, start_offset integer, end_offset integer, section text,
  page integer, version text
)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  wanted evervec.sources;
  tiers constant text[] := evervec.narrowed_tiers(
    case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end, options -> 'tiers');
  sidecar text;
  is_document boolean;
begin
  select * into wanted from evervec.sources s where s.name = source;
  if not found then
    raise exception 'there is no source "%"', source using errcode = 'undefined_object',
      hint = 'select name from evervec.sources';
  end if;
  if coalesce(reach, -1) not between 0 and 5 then
    raise exception 'reach is 0 to 5' using errcode = 'invalid_parameter_value';
  end if;
  if wanted.active_space_id is null or (tiers = '{}' and wanted.definition ? 'tier') then return; end if;
  sidecar := format('evervec.%I', 'chunks_' || wanted.active_space_id);
  is_document := to_regclass(format('%I.%I', wanted.table_schema, wanted.table_name)) = 'evervec.documents'::regclass;
  return query execute format($sql$
    with wanted as materialized (
      select near.record_key, near.chunk_index, %s as version
      from unnest($1, $2) near (record_key, chunk_index)
    )
    select distinct c.record_key, c.chunk_index, c.text, c.start_offset, c.end_offset, c.section, c.page,
      %s
    from wanted join %s c on c.record_key = wanted.record_key
      and c.chunk_index between wanted.chunk_index - $3 and wanted.chunk_index + $3
    join %I.%I t on %s %s $sql$,
    case when is_document then 'null' else format(
      '(select encode(sha256(string_agg(c.text_hash, '''' order by c.chunk_index)), ''hex'') from %s c
        where c.record_key = near.record_key)', sidecar) end,
    case when is_document then 't.active_version::text' else 'wanted.version' end,
    sidecar, wanted.table_schema, wanted.table_name, wanted.definition ->> 'join',
    case when tiers is null then '' else 'and ' || nullif(evervec.tiers_sql(wanted.definition), '') end)
    using keys, indexes, reach, tiers;
end $$;

-- Queries with records that answer them, noted from use: what searches are measured with. By the source's name, so that they
-- outlive a set-up that is made anew.
create table evervec.labels (
  source text not null,
  query text not null check (btrim(query) <> '' and length(query) <= 10000),
  record_key text not null collate "C",
  -- 0 does not answer it, 3 answers it best.
  grade smallint not null check (grade between 0 and 3),
  labelled_by text not null,
  labelled_at timestamptz not null default now()
);
-- A query may be longer than an index takes.
create unique index labels_key on evervec.labels (source, md5(query), record_key);

-- What evaluations found, one row each.
create table evervec.evaluations (
  id bigint generated always as identity primary key,
  evaluated_at timestamptz not null default now(),
  -- A folder with a collection, or a source with labelled queries.
  subject text not null check (subject in ('folder', 'source')),
  name text not null,
  split text,
  -- As it is stamped on a space.
  model text not null,
  -- Evervec's.
  version text not null,
  documents bigint,
  queries integer not null,
  -- What else makes figures differ: the length of a chunk, the re-ranker, a part of the queries.
  settings jsonb not null default '{}',
  -- Mode → figures, each a mean over the queries.
  modes jsonb not null
);
create index evaluations_of on evervec.evaluations (subject, name, id);
