-- What assistants read around a hit, and what is known of queries: which records answer them, and how well searches did.

-- Chunks `reach` before and after those of (keys, indexes) of a source, these included, of rows that the caller sees, in no
-- order. Of the records in `matching` also the five that answer query and query_vector best beside those: such as have a word
-- of the query, or stand out of the record, nearer to its most similar chunk than to its middle one. Their `place` is 1 to
-- 5, of others null. Options as of a search: tiers. `version` tells one content of a record from another: of a document
-- the number of the version that is searched, of others a hash over its chunks.
create function evervec.chunks_near(
  source text, keys text[], indexes integer[], reach integer default 1, options jsonb default '{}',
  matching text[] default '{}', query text default '', query_vector vector.vector default null
) returns table (
  record_key text, chunk_index integer, chunk_text text, start_offset integer, end_offset integer, section text,
  page integer, version text, place integer
)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  wanted evervec.sources;
  space evervec.spaces;
  tiers constant text[] := evervec.narrowed_tiers(
    case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end, options -> 'tiers');
  sidecar text;
  is_document boolean;
  similarity text := 'null::float8';
  written evervec.words_written;
  words tsquery;
begin
  select * into wanted from evervec.sources s where s.name = source;
  if not found then
    raise exception 'there is no source "%"', source using errcode = 'undefined_object',
      hint = 'select name from evervec.sources';
  end if;
  if coalesce(reach, -1) not between 0 and 5 then
    raise exception 'reach is 0 to 5' using errcode = 'invalid_parameter_value';
  end if;
  select * into space from evervec.spaces s where s.id = wanted.active_space_id;
  if not found or (tiers = '{}' and wanted.definition ? 'tier') then return; end if;
  sidecar := format('evervec.%I', 'chunks_' || space.id);
  is_document := to_regclass(format('%I.%I', wanted.table_schema, wanted.table_name)) = 'evervec.documents'::regclass;
  written := evervec.read_words(query, space.language);
  words := evervec.any_lexeme(nullif(tsvector_to_array(to_tsvector(space.language, written.words)), '{}'));
  words := coalesce(written.phrases, words || written.prefixes, words, written.prefixes);
  -- Of another model, where the space was switched meanwhile: words alone.
  if vector.vector_dims(query_vector) = space.dimensions then
    similarity := format('1 - nullif((c.embedding operator(vector.<=>) $7::vector.%s)::float8, ''NaN'')', space.vector_type);
  end if;
  return query execute format($sql$
    with given as materialized (
      select near.record_key, near.chunk_index from unnest($1, $2) near (record_key, chunk_index)
    ),
    scored as materialized (
      select c.record_key, c.chunk_index, %s as similarity,
        case when c.words @@ $6 then ts_rank(c.words, $6, 1) end as rank
      from %s c where c.record_key = any ($5) and (c.words @@ $8) is not true
    ),
    middle as (
      select record_key, (percentile_cont(0.5) within group (order by similarity) + max(similarity)) / 2 as similarity
      from scored group by record_key
    ),
    -- Reciprocal rank fusion: the two are not measured alike, and only the order counts.
    fused as (
      select scored.record_key, scored.chunk_index,
        coalesce(1.0 / (60 + rank() over (partition by scored.record_key order by scored.rank desc nulls last))
          * (scored.rank is not null)::integer, 0)
        + coalesce(1.0 / (60 + rank() over (partition by scored.record_key order by scored.similarity desc nulls last))
          * (scored.similarity is not null)::integer, 0) as score
      from scored join middle using (record_key)
      where (scored.rank is not null or scored.similarity > middle.similarity)
        and (scored.record_key, scored.chunk_index) not in (select given.record_key, given.chunk_index from given)
    ),
    matched as (
      select record_key, chunk_index, place from (
        select *, (row_number() over (partition by record_key order by score desc, chunk_index))::integer as place from fused
      ) placed where place <= 5
    ),
    picked as materialized (
      select record_key, chunk_index, min(place) as place from (
        select given.record_key, given.chunk_index + step as chunk_index, null::integer as place
        from given cross join generate_series(-$3, $3) step
        union all select record_key, chunk_index, place from matched
      ) either group by record_key, chunk_index
    ),
    versions as materialized (
      select known.record_key, %s as version from (select distinct record_key from given) known
    )
    select c.record_key, c.chunk_index, c.text, c.start_offset, c.end_offset, c.section, c.page, %s, picked.place
    from picked join %s c using (record_key, chunk_index) join versions using (record_key)
    join %I.%I t on %s %s $sql$,
    similarity, sidecar,
    case when is_document then 'null::text' else format(
      '(select encode(sha256(string_agg(c.text_hash, '''' order by c.chunk_index)), ''hex'') from %s c
        where c.record_key = known.record_key)', sidecar) end,
    case when is_document then 't.active_version::text' else 'versions.version' end,
    sidecar, wanted.table_schema, wanted.table_name, wanted.definition ->> 'join',
    case when tiers is null then '' else 'and ' || nullif(evervec.tiers_sql(wanted.definition), '') end)
    using keys, indexes, reach, tiers, matching, words, query_vector::text, written.excluded;
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
