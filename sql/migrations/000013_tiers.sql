-- Tiers of access: who may see which rows of a source that says so (docs/access.md).
--
-- A source's definition names the column that holds the tier of a row. Search looks only at rows of the tiers that it is
-- told; its sidecars have row level security by the visibility of the row itself (src/space/guard.ts), so that a change of
-- tier holds for the chunks from the same commit on, and nothing is copied that could be late.

-- The setting has one name, whatever the schema's is: put together, or it would be taken for a name of the schema's.
create or replace function evervec.visible_tiers() returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(btrim(tier)) filter (where btrim(tier) <> ''), '{}')
  from unnest(string_to_array(current_setting('evervec' || '.tiers', true), ',')) tier
$$;

-- Evaluated once per statement: as it stood, a plan would call it for each row.
alter policy tiers on evervec.documents using (tier = any ((select evervec.visible_tiers())::text[]));

-- What is left of `visible` (null: of all) when `asked`, an option of a search, narrows it. It never widens.
create function evervec.narrowed_tiers(visible text[], asked jsonb) returns text[]
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if asked is null then return visible; end if;
  if jsonb_typeof(asked) <> 'array' or jsonb_path_exists(asked, 'strict $[*] ? (@.type() != "string")') then
    raise exception 'tiers is an array of names' using errcode = 'invalid_parameter_value';
  end if;
  return array(select tier from jsonb_array_elements_text(asked) tier where visible is null or tier = any (visible));
end $$;

-- A condition on table row `t` of a source: that its tier is one of $4. Empty where the source has none.
create function evervec.tiers_sql(definition jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(format('t.%I::text = any ($4)', definition ->> 'tier'), '')
$$;

-- A condition on chunk `c`: that its row is of one of $4. Null where there is none. `or false` keeps Postgres from making
-- a join of it, of which it may expect one row under row level security and then compares each chunk with each row.
create function evervec.shown_sql(source evervec.sources, tiers text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select format('(exists (select from %I.%I t where %s and %s) or false)', source.table_schema, source.table_name,
    source.definition ->> 'join', nullif(tiers, ''))
  where tiers <> ''
$$;

-- Pages of about 2,000 chunks, of which those in `tiers` count and no other: what a score is compared with tells nothing of
-- a text that is hidden. In one order, so that every way to search has the same sample.
create function evervec.sample_sql(chunks text, shown text, mode text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  share constant float8 := (select least(100, 200000 / greatest(reltuples, 1)) from pg_class where oid = chunks::regclass);
  pages constant text := format('%s c tablesample system (%s) repeatable (0)', chunks, share);
begin
  if mode <> 'hybrid' then return format('select c.embedding from %s c where false', chunks); end if;
  if shown is null then
    return format('select * from (select c.embedding from %s limit 500) c where c.embedding is not null', pages);
  end if;
  return format('select c.embedding from %s where c.embedding is not null and %s order by c.ctid limit 500', pages, shown);
end $$;

-- A chunk's page, and how many chunks its record has.
alter type evervec.search_hit add attribute page integer, add attribute chunk_count integer;

drop function evervec.candidates_sql;
drop function evervec.search_sql;

-- One source's candidates with both legs' raw scores. $1 query text, $2 query vector as text, $3 candidates per leg,
-- $4 tiers. `filter` and `tiers` are conditions on table row `t`, or empty.
-- Both scores are computed for every candidate, whichever leg found it, so that the fusion compares like with like.
-- A last row without key says whether there may be more: it is there also where no candidate is visible.
create function evervec.candidates_sql(
  source evervec.sources, space evervec.spaces, filter text, tiers text, mode text, exact boolean
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks text := format('evervec.%I', 'chunks_' || space.id);
  visible text := format('join %I.%I t on %s', source.table_schema, source.table_name, source.definition ->> 'join');
  shown text := evervec.shown_sql(source, tiers);
  -- With the join Postgres can begin with the few rows of a rare tier; under row level security it can't.
  is_joined boolean := filter <> '' or (tiers <> '' and not row_security_active(chunks::regclass));
  narrowed text := case when is_joined then visible else '' end;
  -- Before a leg's limit: what is hidden takes no place of what is not.
  condition text := case when is_joined then concat(' and ' || nullif(filter, ''), ' and ' || nullif(tiers, ''))
    else concat(' and ' || shown) end;
  distance text := format('(c.embedding operator(vector.<=>) $2::vector.%s)', space.vector_type);
  -- A text without a known word has a zero vector, whose distance is NaN, from whatever.
  similarity text := format('(1 - nullif(%s, ''NaN''))', distance);
  -- Lexemes as tsquery reads them: quote_literal would write E'' for a backslash.
  query text := format($sql$(select string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery
    from unnest(to_tsvector(%L, $1)))$sql$, space.language);
  rank constant text := 'ts_rank(c.words, query.words, 1)';
  -- Ties in one order, or two pages would cut them differently. `+ 0` is what no index serves.
  vector_leg text := format('select c.record_key, c.chunk_index from %s c %s where c.embedding is not null%s
    order by %s limit $3', chunks, narrowed, condition,
    case when exact or space.indexed_at is null then distance || ' + 0, c.record_key, c.chunk_index' else distance end);
  text_leg text := format('select c.record_key, c.chunk_index from %s c cross join query %s where c.words @@ query.words%s
    order by %s desc, c.record_key, c.chunk_index limit $3', chunks, narrowed, condition, rank);
  nothing constant text := 'select null::text as record_key, null::integer as chunk_index where false';
begin
  return format($sql$(
    with query as materialized (select %s as words),
    vector_leg as materialized (select *, row_number() over () as position from (%s) leg),
    text_leg as materialized (select *, row_number() over () as position from (%s) leg),
    found as (
      select record_key, chunk_index, min(position) as position
      from (select * from vector_leg union all select * from text_leg) legs group by record_key, chunk_index
    ),
    -- What unrelated texts have: a sample of pages, of few hundred chunks. Its spread is the standard deviation, by way of
    -- the median so that the few related texts in it do not count, and is trusted in so far as the sample is full.
    sample as materialized (select %s as similarity from (%s) c),
    middle as materialized (
      select percentile_cont(0.5) within group (order by similarity) as similarity from sample
    ),
    spread as materialized (
      select coalesce(1.4826 * percentile_cont(0.5) within group (order by abs(sample.similarity - middle.similarity)), 0)
        * least(1, count(sample.similarity) / 200.0) as width
      from sample cross join middle
    ),
    baseline as materialized (
      select coalesce(middle.similarity, 0) + 1.5 * spread.width as similarity, 4.5 * spread.width as span
      from middle cross join spread
    )
    select %s as source_id, c.record_key, c.chunk_index, %s as depth,
      %s as similarity,
      %s as rank,
      baseline.similarity as baseline, baseline.span, %s::float8 as weight, false as has_more
    from found join %s c using (record_key, chunk_index)
    %s cross join query cross join baseline
    union all select %s, null, null, null, null, null, null, null, null,
      (select count(*) from vector_leg) = $3 or (select count(*) from text_leg) = $3
  )$sql$,
    query,
    case when mode = 'text' then nothing else vector_leg end,
    case when mode = 'vector' then nothing else text_leg end,
    similarity, evervec.sample_sql(chunks, shown, mode),
    source.id,
    case when mode = 'hybrid' then 'greatest(0, ceil(log(4, found.position / 100.0)))::integer' else '0' end,
    case when mode = 'text' then 'null::float8' else similarity end,
    case when mode = 'vector' then 'null::float4' else format('case when c.words @@ query.words then %s end', rank) end,
    space.fusion_weight, chunks, visible, source.id);
end $$;

-- The whole statement for sources by their ids: an array of hits, and whether more candidates could give more of them.
--
-- Score fusion (docs/search.md): text ranks over their best; similarities above what unrelated texts have, over their best
-- or, where none stands out, over what one that does would have.
--
-- Pages of one search may take different numbers of candidates. So that none repeats or leaves out a record of another,
-- whatever more candidates bring comes after what fewer brought: candidates have a depth (the first 100 of a leg, up to
-- 400, 1,600, …), and neither order nor scores of one depend on the next.
create function evervec.search_sql(
  source_ids integer[], mode text, filter jsonb, in_tiers boolean, hits_from integer, hits_to integer, exact boolean
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  wanted evervec.sources;
  space evervec.spaces;
  legs text[] := '{}';
  fetches text[] := '{}';
begin
  for wanted in select * from evervec.sources s where s.id = any (source_ids) order by s.id loop
    select * into space from evervec.spaces s where s.id = wanted.active_space_id;
    legs := legs || evervec.candidates_sql(wanted, space,
      evervec.filter_sql(filter, wanted.definition -> 'columns'),
      case when in_tiers then evervec.tiers_sql(wanted.definition) else '' end, mode, exact);
    -- `r.*` and not `r`: that might be a column's name.
    fetches := fetches || format('select top.place, row(%L, top.record_key, top.score, top.similarity,
        top.rank, top.chunk_index, c.text, c.start_offset, c.end_offset, c.section,
        (select to_jsonb(r.*) from (select %s) r), c.page,
        (select count(*) from evervec.%I other where other.record_key = c.record_key)::integer)::evervec.search_hit as hit
      from top join evervec.%I c using (record_key, chunk_index) join %I.%I t on %s where top.source_id = %s',
      wanted.name,
      (select string_agg(format('t.%I', shown), ', ') from jsonb_array_elements_text(wanted.definition -> 'record') shown),
      'chunks_' || space.id, 'chunks_' || space.id, wanted.table_schema, wanted.table_name, wanted.definition ->> 'join', wanted.id);
  end loop;
  return format($sql$
    with candidate as materialized (%s),
    measured as (
      select *, max(rank) over upward as max_rank,
        nullif(max(greatest(similarity - baseline, span, 0)) over upward, 0) as max_gain
      from candidate where similarity is not null or rank is not null
      window upward as (order by depth)
    ),
    scored as (
      select *, case %L
        when 'vector' then greatest(similarity, 0)
        when 'text' then coalesce(rank / nullif(max_rank, 0), 0)
        else (1 - weight) * coalesce(rank / nullif(max_rank, 0), 0)
          + weight * coalesce(greatest(similarity - baseline, 0) / max_gain, 0)
        end as raw_score
      from measured
    ),
    best as (
      select distinct on (source_id, record_key) * from scored
      order by source_id, record_key, depth, raw_score desc, similarity desc nulls last, chunk_index
    ),
    top as materialized (
      select row_number() over falling as place, least(1, min(raw_score) over falling) as score,
        source_id, record_key, chunk_index, similarity, rank
      from best window falling as (order by depth, raw_score desc, similarity desc nulls last, source_id, record_key)
      order by place limit %s offset %s
    )
    select array_agg(hit order by place), coalesce((select bool_or(has_more) from candidate), false)
    from (%s) fetched $sql$,
    array_to_string(legs, ' union all '), mode, hits_to - hits_from, hits_from,
    array_to_string(fetches, ' union all '));
end $$;

-- Searches sources whose spaces are of one model, of those that have tiers only what is in `visible`; null: all that the
-- caller sees. Give a query for its words, a query_vector for its meaning, both for both.
-- options: mode (vector, text, hybrid), filter, limit (10), offset (0), model (checked against the spaces'), tiers (which
-- narrows `visible`).
create function evervec.search_in_tiers(
  sources text[], query text, query_vector vector.vector, options jsonb, visible text[]
) returns setof evervec.search_hit
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  mode text := coalesce(options ->> 'mode',
    case when query_vector is null then 'text' when query is null then 'vector' else 'hybrid' end);
  filter constant jsonb := coalesce(options -> 'filter', '{}');
  tiers constant text[] := evervec.narrowed_tiers(visible, options -> 'tiers');
  hits_from constant integer := coalesce((options ->> 'offset')::integer, 0);
  hits_to constant integer := hits_from + coalesce((options ->> 'limit')::integer, 10);
  source_name text;
  wanted evervec.sources;
  space evervec.spaces;
  source_ids integer[] := '{}';
  has_index boolean := false;
  exact boolean := false;
  -- More than asked for: fusion reorders, and several chunks may be of one record.
  candidates integer := 100;
  hits evervec.search_hit[];
  has_more boolean;
  -- Without a value until a session has used pgvector: then these are its defaults.
  ef_search_before constant integer := coalesce(current_setting('hnsw.ef_search', true), '40');
  iterative_scan_before constant text := coalesce(current_setting('hnsw.iterative_scan', true), 'off');
begin
  if mode not in ('vector', 'text', 'hybrid') then
    raise exception 'mode is vector, text or hybrid, not "%"', mode using errcode = 'invalid_parameter_value';
  end if;
  if (mode <> 'vector' and query is null) or (mode <> 'text' and query_vector is null) then
    raise exception 'a % search needs %', mode, case mode when 'text' then 'a query'
      when 'vector' then 'a query_vector' else 'a query and a query_vector' end
      using errcode = 'invalid_parameter_value';
  end if;
  if hits_from < 0 or hits_to <= hits_from then
    raise exception 'limit is 1 or more, offset 0 or more' using errcode = 'invalid_parameter_value';
  end if;
  select string_agg(format('"%s"', name), ', ') into source_name from jsonb_object_keys(options) name
  where name not in ('mode', 'filter', 'limit', 'offset', 'model', 'tiers');
  if source_name is not null then
    raise exception 'there is no option %', source_name using errcode = 'invalid_parameter_value',
      hint = 'options are mode, filter, limit, offset, model, tiers';
  end if;
  foreach source_name in array coalesce(sources, '{}') loop
    select * into wanted from evervec.sources s where s.name = source_name;
    if not found then
      raise exception 'there is no source "%"', source_name using errcode = 'undefined_object',
        hint = 'select name from evervec.sources';
    end if;
    select * into space from evervec.spaces s where s.id = wanted.active_space_id;
    continue when not found;
    -- Vectors of another model give a ranking that is wrong and looks right.
    if mode <> 'text' and (vector.vector_dims(query_vector) <> space.dimensions
      or coalesce(options ->> 'model', space.model_id) <> space.model_id) then
      raise exception 'source "%" holds vectors of % (% dimensions), the query''s is of % (% dimensions)', wanted.name,
        space.model_id, space.dimensions, coalesce(options ->> 'model', 'another'), vector.vector_dims(query_vector)
        using errcode = 'datatype_mismatch', hint = 'embed the query with the model of the space';
    end if;
    -- Of no tier nothing can be seen.
    continue when tiers = '{}' and wanted.definition ? 'tier';
    source_ids := source_ids || wanted.id;
    has_index := has_index or (space.indexed_at is not null and mode <> 'text');
  end loop;
  -- A zero vector is near nothing: the model knows no word of the query.
  if mode <> 'text' and vector.vector_norm(query_vector) = 0 then
    if mode = 'vector' then return; end if;
    mode := 'text';
  end if;
  if source_ids = '{}' then return; end if;

  while candidates < hits_to loop
    candidates := candidates * 4;
  end loop;
  -- Rows that are gone and chunks of one record leave fewer hits than candidates: then more are taken. And an ANN scan
  -- ends before it has seen all; where it leaves too few, every chunk is looked at.
  loop
    if has_index and not exact then perform evervec.tune_scan(least(1000, candidates), 'relaxed_order'); end if;
    execute evervec.search_sql(source_ids, mode, filter, tiers is not null, hits_from, hits_to, exact)
      into hits, has_more using query, query_vector::text, candidates, tiers;
    exit when coalesce(cardinality(hits), 0) >= hits_to - hits_from;
    if has_more then
      candidates := candidates * 4;
    elsif has_index and not exact then
      exact := true;
    else
      exit;
    end if;
  end loop;
  -- The caller's transaction goes on with the settings it had.
  if has_index then perform evervec.tune_scan(ef_search_before, iterative_scan_before); end if;
  return query select * from unnest(hits);
end $$;

-- Where the setting `evervec.tiers` is set, it holds for whoever asks, the owner included. The empty text is what a pooled
-- connection has after a transaction that set it, so that counts as unset; `,` is set and names no tier.
create or replace function evervec.search(
  sources text[],
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns setof evervec.search_hit
language sql set search_path = pg_catalog, pg_temp as $$
  select * from evervec.search_in_tiers(sources, query, query_vector, options,
    case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end);
$$;

-- The fast way for a role under row level security, whose policies keep Postgres from using the index of words: with the
-- rights of the owner, and therefore of documents alone and by tiers alone, whatever the options say. Where the setting is
-- not set, it finds nothing.
create function evervec.search_documents(
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns setof evervec.search_hit
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  source evervec.sources;
begin
  -- A source of the user's may have the name, of a table with policies of its own.
  select * into source from evervec.sources s
  where s.name = 'documents' and s.definition ? 'tier'
    and to_regclass(format('%I.%I', s.table_schema, s.table_name)) = 'evervec.documents'::regclass;
  if not found then
    raise exception 'there are no documents' using errcode = 'undefined_object',
      hint = 'the first that is added makes the source';
  end if;
  return query select * from evervec.search_in_tiers(array[source.name], query, query_vector, options,
    evervec.visible_tiers());
end $$;
revoke all on function evervec.search_documents from public;

-- Gives a role what it needs to read and to search documents, of which it sees its tiers alone. Sidecars that are made later
-- get the grants of those before.
create function evervec.grant_documents(reader regrole) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  namespace regnamespace;
  sidecar text;
begin
  for namespace in
    select relnamespace from pg_class where oid = 'evervec.documents'::regclass
    union select extnamespace from pg_extension where extname = 'vector'
  loop
    if not has_schema_privilege(reader, namespace, 'usage') then
      execute format('grant usage on schema %s to %s', namespace, reader);
    end if;
  end loop;
  execute format('grant execute on function evervec.search_documents to %s', reader);
  execute format('grant select on evervec.documents, evervec.document_versions, evervec.document_version_diff,
    evervec.sources, evervec.spaces to %s', reader);
  for sidecar in
    select format('evervec.%I', 'chunks_' || space.id) from evervec.spaces space
    join evervec.sources source on source.id = space.source_id
    where source.definition ? 'tier'
      and to_regclass(format('%I.%I', source.table_schema, source.table_name)) = 'evervec.documents'::regclass
  loop
    execute format('grant select on %s to %s', sidecar, reader);
  end loop;
end $$;
