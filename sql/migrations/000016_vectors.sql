-- The vectors' side of search: how a source's vectors are looked through is chosen by what passes the filter, said by
-- `explain`, and open to those who know better (`expert`). The statement of a search is kept by its session.

-- How a space's vectors are indexed, where that is not as always: type (hnsw, ivfflat), quantize (none, binary), m,
-- efConstruction, lists. And with what the index that is there was built.
alter table evervec.spaces
  add column index_settings jsonb,
  add column built_with jsonb;

-- What a search is told by its options, beside what it looks for. `candidates` of each leg; `weight` of the vectors, null
-- for the space's own; `rrf_k`, where ranks count and not scores.
create type evervec.search_way as (
  mode text, candidates integer, is_exact boolean, weight float8, rrf_k float8, is_explained boolean
);

-- How the vectors of one source are looked through. index: hnsw, ivfflat, binary or none. scan: exact (all that pass),
-- index, iterative (the index, until enough pass), off. `passing`: chunks that Postgres expects to pass, where it was asked.
create type evervec.vector_scan as (index text, scan text, passing float8);

-- What one search found, and how. has_more: more candidates could give more hits.
create type evervec.search_run as (hits evervec.search_hit[], report jsonb);

-- What a statement of `search_sql` gives.
create type evervec.search_run_rows as (hits evervec.search_hit[], has_more boolean, counts jsonb);

-- Whether this pgvector has it, from 0.8 on: once a session has used pgvector, it knows the setting.
create function evervec.has_iterative_scan() returns boolean
language sql stable as $$ select current_setting('hnsw.iterative_scan', true) is not null $$;

drop function evervec.tune_scan;

-- For this transaction. Null leaves things as they are.
create function evervec.tune_scan(ef_search text, probes text, iterative_scan text, plans text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('hnsw.ef_search', ef_search, true), set_config('plan_cache_mode', plans, true);
  if probes is distinct from current_setting('ivfflat.probes', true) then
    perform set_config('ivfflat.probes', probes, true);
  end if;
  if iterative_scan is not null then
    perform set_config('hnsw.iterative_scan', iterative_scan, true),
      set_config('ivfflat.iterative_scan', iterative_scan, true);
  end if;
end $$;

-- Of chunk `c` to the query's vector, which `asked_sql` makes one of the space's type once: a plan that is kept would do it
-- for each chunk.
create function evervec.distance_sql(space evervec.spaces) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select '(c.embedding operator(vector.<=>) asked.embedding)'
$$;

create function evervec.asked_sql(space evervec.spaces) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select format('select $2::vector.%s as embedding offset 0', space.vector_type)
$$;

-- `hides`: what a row `t` has to be to be shown, empty where all are. Looking at all that pass costs about 3 µs each, an
-- iterative scan 15 to 30 µs for each chunk on its way to `candidates` that pass: whichever is less. What Postgres expects to pass
-- may be wrong; then the other way is taken in the end, or the dear one, and never are hits left out.
create function evervec.vector_scan_of(
  source evervec.sources, space evervec.spaces, hides text, tiers text[], way evervec.search_way
) returns evervec.vector_scan language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  exact constant evervec.vector_scan := row('none'::text, 'exact'::text, null::float8);
  index constant text := case when space.built_with ->> 'quantize' = 'binary' then 'binary'
    else coalesce(space.built_with ->> 'type', 'hnsw') end;
  plan json;
  passing float8;
  rows float8;
  chunks float8;
begin
  if way.mode = 'text' then return row('none'::text, 'off'::text, null::float8); end if;
  if space.indexed_at is null or way.is_exact then return exact; end if;
  if hides = '' then return row(index, 'index'::text, null::float8); end if;
  execute format('explain (format json) select from %I.%I t where %s', source.table_schema, source.table_name, hides)
    into plan using null::text, null::text, null::integer, tiers;
  passing := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8;
  select greatest(reltuples, 1) into rows from pg_class
  where oid = format('%I.%I', source.table_schema, source.table_name)::regclass;
  select greatest(reltuples, 1) into chunks from pg_class where oid = format('evervec.%I', 'chunks_' || space.id)::regclass;
  if rows > 1 then passing := passing * greatest(1, chunks / rows); end if;
  if passing * passing <= 5 * way.candidates * chunks or not evervec.has_iterative_scan() then
    return row('none'::text, 'exact'::text, passing);
  end if;
  return row(index, 'iterative'::text, passing);
end $$;

drop function evervec.candidates_sql;
drop function evervec.search_sql;

-- A leg of a search: a statement that gives record_key and chunk_index of the best chunks `c` of `chunks`, best first.
-- `joins` and `condition` are what hides some of them, so that it takes no place of what is not hidden.

-- The nearest to $2, with their distance. `passing`: a statement of the keys of rows that pass, for where they are few.
create function evervec.vector_leg_sql(
  space evervec.spaces, chunks text, joins text, condition text, passing text, scan evervec.vector_scan, candidates integer
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  distance constant text := evervec.distance_sql(space);
  bits constant text := format('vector.binary_quantize(%s)::bit(%s)', '%s', space.dimensions);
  leg text;
begin
  -- Ties in one order, or two pages would cut them differently. `+ 0` is what no index serves.
  if scan.scan = 'exact' and passing is not null then
    -- Few that pass are looked up one by one (`offset 0`): Postgres would rather read all chunks once.
    leg := format('select c.record_key, c.chunk_index, %s + 0 as distance from (%s) passing cross join lateral (
        select c.record_key, c.chunk_index, c.embedding from %s c
        where c.record_key = passing.record_key and c.embedding is not null offset 0
      ) c order by distance, c.record_key, c.chunk_index limit %s', distance, passing, chunks, candidates);
  elsif scan.scan = 'exact' then
    leg := format('select c.record_key, c.chunk_index, %s + 0 as distance from %s c %s where c.embedding is not null%s
      order by distance, c.record_key, c.chunk_index limit %s', distance, chunks, joins, condition, candidates);
  elsif scan.index = 'binary' then
    -- Whether a number is above zero is all that the index knows: of four times as many the nearest in truth.
    leg := format('select near.* from (
        select c.record_key, c.chunk_index, %s as distance from %s c %s where c.embedding is not null%s
        order by %s operator(vector.<~>) %s limit %s
      ) near order by near.distance, near.record_key, near.chunk_index limit %s', distance, chunks, joins, condition,
      format(bits, 'c.embedding'), format(bits, 'asked.embedding'), candidates * 4, candidates);
  else
    leg := format('select c.record_key, c.chunk_index, %s as distance from %s c %s where c.embedding is not null%s
      order by %1$s limit %5$s', distance, chunks, joins, condition, candidates);
  end if;
  return format('select leg.* from (%s) asked cross join lateral (%s) leg', evervec.asked_sql(space), leg);
end $$;

-- What is hidden from a search of one source: `joins` and `condition` of its legs, and `passing`, for an exact look at few.
create function evervec.narrowing_of(
  source evervec.sources, space evervec.spaces, filter text, tiers text, out joins text, out condition text, out passing text
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  rows constant text := format('%I.%I', source.table_schema, source.table_name);
  hides constant text := coalesce(nullif(concat_ws(' and ', nullif(filter, ''), nullif(tiers, '')), ''), 'true');
begin
  -- With the join Postgres can begin with the few rows of a rare tier; under row level security it can't.
  if filter <> '' or (tiers = '' and row_security_active(rows::regclass))
    or (tiers <> '' and not row_security_active(format('evervec.%I', 'chunks_' || space.id)::regclass)) then
    joins := format('join %s t on %s', rows, source.definition ->> 'join');
    condition := ' and ' || hides;
    passing := format('select (%s) collate "C" as record_key from %s t where %s', source.definition ->> 'keyText', rows, hides);
  else
    joins := '';
    condition := concat(' and ' || evervec.shown_sql(source, tiers));
  end if;
end $$;

-- The vectors' leg of one source. `filter` and `tiers` are conditions on table row `t`, or empty.
create function evervec.source_leg_sql(
  source evervec.sources, space evervec.spaces, filter text, tiers text, way evervec.search_way, scan evervec.vector_scan
) returns text language sql stable set search_path = pg_catalog, pg_temp as $$
  select evervec.vector_leg_sql(space, format('evervec.%I', 'chunks_' || space.id), joins, condition,
    case when scan.passing is not null then passing end, scan, way.candidates)
  from evervec.narrowing_of(source, space, filter, tiers)
$$;

-- One source's candidates with both legs' raw scores. $1 query text, $2 query vector, $3 candidates per leg, $4 tiers.
-- `filter` and `tiers` are conditions on table row `t`, or empty.
-- Both scores are computed for every candidate, whichever leg found it, so that the fusion compares like with like.
-- A last row without key says whether there may be more, and what the legs gave: it is there also where no candidate is
-- visible.
create function evervec.candidates_sql(
  source evervec.sources, space evervec.spaces, filter text, tiers text, way evervec.search_way, scan evervec.vector_scan
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks text := format('evervec.%I', 'chunks_' || space.id);
  visible text := format('join %I.%I t on %s', source.table_schema, source.table_name, source.definition ->> 'join');
  shown text := evervec.shown_sql(source, tiers);
  narrowing constant record := evervec.narrowing_of(source, space, filter, tiers);
  vector_leg text := evervec.source_leg_sql(source, space, filter, tiers, way, scan);
  words_leg text := evervec.words_leg_sql(space, chunks, narrowing.joins, narrowing.condition);
  -- A text without a known word has a zero vector, whose distance is NaN, from whatever.
  similarity text := format('(1 - nullif(%s, ''NaN''))', evervec.distance_sql(space));
  counts text := case when way.is_explained then format('jsonb_build_object(''vector'', %s, ''text'', %s)',
    case when way.mode = 'text' then 'null' else '(select count(*) from vector_leg)' end,
    case when way.mode = 'vector' then 'null' else '(select count(*) from text_leg)' end) else 'null::jsonb' end;
begin
  -- By meaning alone the leg has said all there is to say.
  if way.mode = 'vector' then
    return format($sql$(
      with vector_leg as materialized (%s)
      select %s as source_id, c.record_key, c.chunk_index, 0 as depth, 1 - nullif(c.distance, 'NaN') as similarity,
        null::float4 as rank, null::float8 as baseline, null::float8 as span, null::float8 as weight, false as has_more,
        null::jsonb as counts
      from vector_leg c %s
      union all select %2$s, null, null, null, null, null, null, null, null, (select count(*) from vector_leg) = %4$s, %5$s
    )$sql$, vector_leg, source.id, visible, way.candidates, counts);
  end if;
  if way.mode = 'text' then vector_leg := 'select null::text as record_key, null::integer as chunk_index where false'; end if;
  return format($sql$(
    with query as materialized (select %s as words),
    asked as materialized (%s),
    vector_leg as materialized (select record_key, chunk_index, row_number() over () as position from (%s) leg),
    text_leg as materialized (select record_key, chunk_index, row_number() over () as position from (%s) leg),
    found as (
      select record_key, chunk_index, min(position) as position
      from (select * from vector_leg union all select * from text_leg) legs group by record_key, chunk_index
    )%s
    select %s as source_id, c.record_key, c.chunk_index, %s as depth,
      %s as similarity,
      %s as rank,
      %s, %s::float8 as weight, false as has_more, null::jsonb as counts
    from found join %s c using (record_key, chunk_index)
    %s cross join query cross join asked %s
    union all select %s, null, null, null, null, null, null, null, null,
      (select count(*) from vector_leg) = $3 or (select count(*) from text_leg) = $3, %s
  )$sql$,
    evervec.words_query_sql(source, space, tiers), evervec.asked_sql(space), vector_leg, words_leg,
    case when way.mode = 'hybrid' then ', ' || evervec.baseline_sql(similarity, evervec.sample_sql(chunks, shown, way.mode)) end,
    source.id,
    case when way.mode = 'hybrid' then 'greatest(0, ceil(log(4, found.position / 100.0)))::integer' else '0' end,
    case when way.mode = 'text' then 'null::float8' else similarity end,
    evervec.words_score_sql(space),
    case when way.mode = 'hybrid' then 'baseline.similarity as baseline, baseline.span'
      else 'null::float8 as baseline, null::float8 as span' end,
    coalesce(way.weight, space.fusion_weight), chunks, visible,
    case when way.mode = 'hybrid' then 'cross join baseline' end, source.id, counts);
end $$;

-- What unrelated texts have, as the last of the statements of a `with`: a sample of pages, of few hundred chunks. Its spread
-- is the standard deviation, by way of the median so that the few related texts in it do not count, and is trusted in so far
-- as the sample is full.
create function evervec.baseline_sql(similarity text, sample text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select format($sql$sample as materialized (select %s as similarity from (%s) c cross join asked),
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
    )$sql$, similarity, sample)
$$;

-- The candidates with a `raw_score` each, 0 to 1.
--
-- Score fusion (docs/search.md): text ranks over their best; similarities above what unrelated texts have, over their best
-- or, where none stands out, over what one that does would have. With `rrf_k` reciprocal ranks instead, over those of a
-- chunk that is first in both.
--
-- Pages of one search may take different numbers of candidates. So that none repeats or leaves out a record of another,
-- whatever more candidates bring comes after what fewer brought: candidates have a depth (the first 100 of a leg, up to
-- 400, 1,600, …), and neither order nor scores of one depend on the next.
create function evervec.scored_sql(way evervec.search_way) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if way.mode = 'vector' then
    return 'select *, greatest(similarity, 0) as raw_score from candidate where similarity is not null';
  end if;
  if way.mode = 'hybrid' and way.rrf_k is not null then
    return format($sql$
      select *, (%1$s + 1) * (
        case when coalesce(similarity, 0) <= 0 then 0 else weight / (%1$s + rank() over (order by depth, similarity desc nulls last)) end
        + case when rank is null then 0 else (1 - weight) / (%1$s + rank() over (order by depth, rank desc nulls last)) end
      ) as raw_score
      from candidate where similarity is not null or rank is not null $sql$, way.rrf_k);
  end if;
  return format($sql$
    select *, %s as raw_score
    from (
      select *, max(rank) over upward as max_rank,
        nullif(max(greatest(similarity - baseline, span, 0)) over upward, 0) as max_gain
      from candidate where similarity is not null or rank is not null
      window upward as (order by depth)
    ) measured $sql$,
    case way.mode when 'text' then 'coalesce(rank / nullif(max_rank, 0), 0)'
      else '(1 - weight) * coalesce(rank / nullif(max_rank, 0), 0)
        + weight * coalesce(greatest(similarity - baseline, 0) / max_gain, 0)' end);
end $$;

-- A search of one source by meaning alone, which has nothing to fuse.
create function evervec.nearest_sql(
  source evervec.sources, space evervec.spaces, filter text, tiers text, scan evervec.vector_scan, hits_from integer,
  hits_to integer, way evervec.search_way
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return format($sql$
    with vector_leg as materialized (%s),
    best as materialized (
      select distinct on (c.record_key) c.record_key, c.chunk_index, c.distance
      from vector_leg c join %I.%I t on %s where c.distance <> 'NaN' order by c.record_key, c.distance, c.chunk_index
    ),
    top as materialized (
      select row_number() over (order by distance, record_key) as place, record_key, chunk_index,
        greatest(1 - distance, 0) as score, 1 - distance as similarity, null::float4 as rank
      from best order by place limit %s offset %s
    )
    select array_agg(hit order by place), (select count(*) from vector_leg) = %s, %s
    from (%s) fetched $sql$,
    evervec.source_leg_sql(source, space, filter, tiers, way, scan), source.table_schema, source.table_name,
    source.definition ->> 'join', hits_to - hits_from, hits_from, way.candidates,
    case when way.is_explained then format($sql$jsonb_build_object(%L, jsonb_build_object('vector',
      (select count(*) from vector_leg), 'text', null, 'visible', (select count(*) from best)))$sql$, source.id)
      else 'null::jsonb' end,
    evervec.fetch_sql(source, space));
end $$;

-- The hits of a source in `top`.
create function evervec.fetch_sql(source evervec.sources, space evervec.spaces) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  -- `r.*` and not `r`: that might be a column's name.
  return format('select top.place, row(%L, top.record_key, top.score, top.similarity,
      top.rank, top.chunk_index, c.text, c.start_offset, c.end_offset, c.section,
      (select to_jsonb(r.*) from (select %s) r), c.page,
      (select count(*) from evervec.%I other where other.record_key = c.record_key)::integer)::evervec.search_hit as hit
    from top join evervec.%I c using (record_key, chunk_index) join %I.%I t on %s',
    source.name,
    (select string_agg(format('t.%I', shown), ', ') from jsonb_array_elements_text(source.definition -> 'record') shown),
    'chunks_' || space.id, 'chunks_' || space.id, source.table_schema, source.table_name, source.definition ->> 'join');
end $$;

-- The whole statement for sources by their ids: an array of hits, whether more candidates could give more of them, and what
-- the legs gave. `scans`: how the vectors of each are looked through, in the order of the ids.
create function evervec.search_sql(
  source_ids integer[], scans evervec.vector_scan[], filter jsonb, in_tiers boolean, hits_from integer, hits_to integer,
  way evervec.search_way
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  wanted evervec.sources;
  space evervec.spaces;
  place integer;
  hides text;
  tiers text;
  legs text[] := '{}';
  fetches text[] := '{}';
begin
  for place in 1 .. cardinality(source_ids) loop
    select * into wanted from evervec.sources s where s.id = source_ids[place];
    select * into space from evervec.spaces s where s.id = wanted.active_space_id;
    hides := case when filter = '{}' then '' else evervec.filter_sql(filter, wanted.definition -> 'columns') end;
    tiers := case when in_tiers then evervec.tiers_sql(wanted.definition) else '' end;
    if way.mode = 'vector' and cardinality(source_ids) = 1 then
      return evervec.nearest_sql(wanted, space, hides, tiers, scans[place], hits_from, hits_to, way);
    end if;
    legs := legs || evervec.candidates_sql(wanted, space, hides, tiers, way, scans[place]);
    fetches := fetches || format('%s where top.source_id = %s', evervec.fetch_sql(wanted, space), wanted.id);
  end loop;
  return format($sql$
    with candidate as materialized (%s),
    scored as (%s),
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
    select array_agg(hit order by place), coalesce((select bool_or(has_more) from candidate), false), %s
    from (%s) fetched $sql$,
    array_to_string(legs, ' union all '), evervec.scored_sql(way), hits_to - hits_from, hits_from,
    case when way.is_explained then
      $sql$(select jsonb_object_agg(source_id, counts || jsonb_build_object('visible', (
        select count(*) from candidate seen where seen.source_id = candidate.source_id and seen.record_key is not null)))
      from candidate where counts is not null)$sql$ else 'null::jsonb' end,
    array_to_string(fetches, ' union all '));
end $$;

-- What `expert` of a search's options says, checked.
create function evervec.expert_of(options jsonb) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  expert constant jsonb := coalesce(nullif(options -> 'expert', 'null'), '{}');
  name text;
  value jsonb;
  range constant jsonb := '{"efSearch": [1, 1000], "probes": [1, 32768], "candidates": [1, 10000], "rrfK": [1, 10000]}';
  weights constant jsonb := expert -> 'weights';
begin
  if jsonb_typeof(expert) <> 'object' then
    raise exception 'expert is an object, not %', expert using errcode = 'invalid_parameter_value',
      hint = 'it may have efSearch, probes, candidates, exact, rrfK, weights';
  end if;
  for name, value in select * from jsonb_each(expert) loop
    if range ? name then
      if jsonb_typeof(value) <> 'number' or value::numeric <> trunc(value::numeric)
        or value::numeric not between (range -> name -> 0)::numeric and (range -> name -> 1)::numeric then
        raise exception 'expert.% is %', name, value using errcode = 'invalid_parameter_value',
          hint = format('use a whole number from %s to %s', range -> name -> 0, range -> name -> 1);
      end if;
    elsif name = 'exact' then
      if jsonb_typeof(value) <> 'boolean' then
        raise exception 'expert.exact is %', value using errcode = 'invalid_parameter_value', hint = 'use true or false';
      end if;
    elsif name <> 'weights' then
      raise exception 'there is no expert.%', name using errcode = 'invalid_parameter_value',
        hint = 'it may have efSearch, probes, candidates, exact, rrfK, weights';
    end if;
  end loop;
  if weights is not null and (jsonb_typeof(weights) <> 'object'
    or jsonb_path_exists(weights, '$.keyvalue() ? (@.key != "vector" && @.key != "text")')
    or jsonb_path_exists(weights, '$.* ? (@.type() != "number" || @ < 0 || @ > 1)')
    or coalesce((weights ->> 'vector')::numeric, 0) + coalesce((weights ->> 'text')::numeric, 0) = 0) then
    raise exception 'expert.weights is %', weights using errcode = 'invalid_parameter_value',
      hint = 'use {"vector": 0 to 1, "text": 0 to 1}, not both 0';
  end if;
  return expert;
end $$;

-- Runs a statement of `search_sql` that holds no value of its own by a plan that the session keeps: planning takes longer than
-- the search. A session's user may have prepared something else under the name, hence the look at its text. The query
-- travels in settings and not in the statement, which an error would show.
create function evervec.run_kept(
  statement text, query text, query_vector vector.vector, candidates integer, tiers text[]
) returns evervec.search_run_rows
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  kept constant text := 'evervec_' || md5(statement);
  prepared constant text := format('prepare %I (text, vector.vector, integer, text[]) as %s', kept, statement);
  oldest text;
  found_rows evervec.search_run_rows;
begin
  if not exists (select from pg_prepared_statements p where p.name = kept and p.statement = prepared) then
    for oldest in select p.name from pg_prepared_statements p where p.name = kept
      union all (select p.name from pg_prepared_statements p where p.name ~ '^evervec_[0-9a-f]{32}$'
        order by p.prepare_time desc offset 30) loop
      execute format('deallocate %I', oldest);
    end loop;
    execute prepared;
  end if;
  perform set_config('evervec' || '.query', query, true), set_config('evervec' || '.query_vector', query_vector::text, true);
  execute format($sql$execute %I(nullif(current_setting('evervec' || '.query'), ''),
    nullif(current_setting('evervec' || '.query_vector'), '')::vector.vector, %s, %L)$sql$, kept, candidates, tiers)
    into found_rows.hits, found_rows.has_more, found_rows.counts;
  perform set_config('evervec' || '.query', '', true), set_config('evervec' || '.query_vector', '', true);
  return found_rows;
end $$;

drop function evervec.search_in_tiers;

-- Searches sources whose spaces are of one model, of those that have tiers only what is in `visible`; null: all that the
-- caller sees. Give a query for its words, a query_vector for its meaning, both for both.
-- options: mode (vector, text, hybrid), filter, limit (10), offset (0), model (checked against the spaces'), tiers (which
-- narrows `visible`), expert (docs/search.md), spaces (source to the id of its space: refused where that is not so). With `is_explained` there is a report.
create function evervec.run_search(
  sources text[], query text, query_vector vector.vector, options jsonb, visible text[], is_explained boolean
) returns evervec.search_run
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  mode text := coalesce(options ->> 'mode',
    case when query_vector is null then 'text' when query is null then 'vector' else 'hybrid' end);
  filter constant jsonb := coalesce(options -> 'filter', '{}');
  tiers constant text[] := evervec.narrowed_tiers(visible, options -> 'tiers');
  hits_from constant integer := coalesce((options ->> 'offset')::integer, 0);
  hits_to constant integer := hits_from + coalesce((options ->> 'limit')::integer, 10);
  expert constant jsonb := case when options ? 'expert' then evervec.expert_of(options) else '{}' end;
  started constant timestamptz := clock_timestamp();
  unknown text;
  source_name text;
  wanted evervec.sources;
  space evervec.spaces;
  source_ids integer[] := '{}';
  scans evervec.vector_scan[];
  way evervec.search_way;
  -- Of the statement: whether it holds nothing of this search alone.
  is_kept boolean := filter = '{}' and not is_explained;
  most_lists integer := 1;
  oversampling integer := 1;
  ef_search text;
  probes text;
  statement text;
  found_rows evervec.search_run_rows;
  rounds integer := 0;
  report jsonb;
  -- Without a value until a session has used pgvector: then these are its defaults.
  ef_search_before constant text := coalesce(current_setting('hnsw.ef_search', true), '40');
  probes_before constant text := coalesce(current_setting('ivfflat.probes', true), '1');
  iterative_scan_before constant text := coalesce(current_setting('hnsw.iterative_scan', true), 'off');
  plans_before constant text := current_setting('plan_cache_mode');
  iterates boolean;
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
  select string_agg(format('"%s"', name), ', ') into unknown from jsonb_object_keys(options) name
  where name not in ('mode', 'filter', 'limit', 'offset', 'model', 'tiers', 'expert', 'spaces');
  if unknown is not null then
    raise exception 'there is no option %', unknown using errcode = 'invalid_parameter_value',
      hint = 'options are mode, filter, limit, offset, model, tiers, expert';
  end if;
  -- What a program takes the sources' spaces to be; it asks for all of them by naming none.
  if options ? 'spaces' then
    sources := coalesce(sources, array(select s.name from evervec.sources s
      where s.standby_of is null and s.active_space_id is not null order by s.name));
    if (select jsonb_object_agg(s.name, s.active_space_id) from evervec.sources s where s.name = any (sources))
      is distinct from options -> 'spaces' then
      raise exception 'the spaces of these sources are others by now' using errcode = 'object_not_in_prerequisite_state';
    end if;
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
    continue when tiers = '{}' and wanted.definition ? 'tier' or wanted.id = any (source_ids);
    is_kept := is_kept and (tiers is null or not wanted.definition ? 'tier');
    source_ids := source_ids || wanted.id;
    most_lists := greatest(most_lists, (space.built_with ->> 'lists')::integer);
    if space.built_with ->> 'quantize' = 'binary' then oversampling := 4; end if;
  end loop;
  -- A zero vector is near nothing: the model knows no word of the query.
  if mode <> 'text' and vector.vector_norm(query_vector) = 0 then
    if mode = 'vector' then return row('{}'::evervec.search_hit[], '{}'::jsonb); end if;
    mode := 'text';
  end if;
  if source_ids = '{}' then return row('{}'::evervec.search_hit[], '{}'::jsonb); end if;

  iterates := evervec.has_iterative_scan();
  -- More than asked for: fusion reorders, and several chunks may be of one record.
  way := row(mode, case when mode = 'vector' and hits_to <= 20 then 40 else 100 end, coalesce((expert ->> 'exact')::boolean, false),
    (expert #>> '{weights,vector}')::float8, (expert ->> 'rrfK')::float8, is_explained);
  if expert ? 'weights' then
    way.weight := coalesce((expert #>> '{weights,vector}')::float8, 0)
      / (coalesce((expert #>> '{weights,vector}')::float8, 0) + coalesce((expert #>> '{weights,text}')::float8, 0));
  end if;
  if expert ? 'candidates' then
    way.candidates := (expert ->> 'candidates')::integer;
  elsif expert ? 'efSearch' and mode = 'vector' then
    -- Else an index that holds fewer in view would be asked again for the rest.
    way.candidates := least(way.candidates, greatest(hits_to, (expert ->> 'efSearch')::integer));
  end if;
  while way.candidates < hits_to loop
    way.candidates := way.candidates * 4;
  end loop;
  probes := coalesce(expert ->> 'probes', ceil(2 * sqrt(most_lists))::text);
  -- Rows that are gone and chunks of one record leave fewer hits than candidates: then more are taken. And an ANN scan
  -- ends before it has seen all; where it leaves too few, every chunk is looked at.
  loop
    rounds := rounds + 1;
    scans := evervec.vector_scans_of(source_ids, filter, tiers, way);
    statement := evervec.search_sql(source_ids, scans, filter, tiers is not null, hits_from, hits_to, way);
    ef_search := coalesce(expert ->> 'efSearch', least(1000, greatest(100, way.candidates * oversampling))::text);
    perform evervec.tune_scan(ef_search, probes, case when iterates then 'relaxed_order' end,
      case when is_kept then 'force_generic_plan' else plans_before end);
    if is_kept then
      found_rows := evervec.run_kept(statement, query, query_vector, way.candidates, tiers);
    else
      execute statement into found_rows.hits, found_rows.has_more, found_rows.counts
        using query, query_vector, way.candidates, tiers;
    end if;
    exit when coalesce(cardinality(found_rows.hits), 0) >= hits_to - hits_from;
    if found_rows.has_more then
      way.candidates := way.candidates * 4;
    elsif exists (select from unnest(scans) scan where scan.scan in ('index', 'iterative')) then
      way.is_exact := true;
    else
      exit;
    end if;
  end loop;
  if is_explained then
    report := evervec.report_of(source_ids, scans, statement, found_rows.counts, query, query_vector, way, tiers)
      || jsonb_build_object('rounds', rounds, 'candidates', way.candidates, 'ef_search', ef_search::integer,
        'probes', probes::integer, 'sql_ms', extract(epoch from clock_timestamp() - started) * 1000);
  end if;
  -- The caller's transaction goes on with the settings it had.
  perform evervec.tune_scan(ef_search_before, probes_before, case when iterates then iterative_scan_before end, plans_before);
  return row(coalesce(found_rows.hits, '{}'), report);
end $$;

-- How the vectors of each source are looked through.
create function evervec.vector_scans_of(source_ids integer[], filter jsonb, tiers text[], way evervec.search_way)
returns evervec.vector_scan[] language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  source_id integer;
  wanted evervec.sources;
  space evervec.spaces;
  hides text;
  scans evervec.vector_scan[] := '{}';
begin
  foreach source_id in array source_ids loop
    select * into wanted from evervec.sources s where s.id = source_id;
    select * into space from evervec.spaces s where s.id = wanted.active_space_id;
    hides := concat_ws(' and ',
      case when filter <> '{}' then evervec.filter_sql(filter, wanted.definition -> 'columns') end,
      case when tiers is not null then nullif(evervec.tiers_sql(wanted.definition), '') end);
    if hides = '' and row_security_active(format('%I.%I', wanted.table_schema, wanted.table_name)::regclass) then
      hides := 'true';
    end if;
    scans := scans || evervec.vector_scan_of(wanted, space, hides, tiers, way);
  end loop;
  return scans;
end $$;

-- What a search did: of each source the index that Postgres' plan names and how it was looked through, chunks that were
-- expected to pass, and candidates of each leg; and how long Postgres took to plan the statement.
create function evervec.report_of(
  source_ids integer[], scans evervec.vector_scan[], statement text, counts jsonb, query text, query_vector vector.vector,
  way evervec.search_way, tiers text[]
) returns jsonb language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  plan jsonb;
  used jsonb;
begin
  execute 'explain (format json, summary) ' || statement into plan using query, query_vector, way.candidates, tiers;
  used := jsonb_path_query_array(plan, 'strict $.**."Index Name"');
  return (
    select jsonb_build_object('plan_ms', (plan -> 0 ->> 'Planning Time')::float8, 'sources',
      jsonb_object_agg(source.name, jsonb_build_object(
        'index', case when used ? format('chunks_%s_embedding', source.active_space_id) then scans[place].index else 'none' end,
        'scan', scans[place].scan,
        'estimated_chunks', scans[place].passing,
        'candidates', counts -> source.id::text)))
    from unnest(source_ids) with ordinality as asked (id, place) join evervec.sources source using (id)
  );
end $$;

-- Where the setting `evervec.tiers` is set, it holds for whoever asks, the owner included. The empty text is what a pooled
-- connection has after a transaction that set it, so that counts as unset; `,` is set and names no tier.
create or replace function evervec.search(
  sources text[],
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns setof evervec.search_hit
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  return query select * from unnest(
    (evervec.run_search(sources, query, query_vector, options, case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end, false)).hits);
end $$;

-- The same hits, and how they were found.
create function evervec.explain_search(
  sources text[],
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns table (report jsonb, hits evervec.search_hit[])
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  return query select run.report, run.hits
    from evervec.run_search(sources, query, query_vector, options, case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end, true) run;
end $$;

-- The fast way for a role under row level security, whose policies keep Postgres from using the index of words: with the
-- rights of the owner, and therefore of documents alone and by tiers alone, whatever the options say. Where the setting is
-- not set, it finds nothing.
create or replace function evervec.search_documents(
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
  return query select * from unnest(
    (evervec.run_search(array[source.name], query, query_vector, options, evervec.visible_tiers(), false)).hits);
end $$;

-- The records that are nearest to a record, by the mean of its chunks' vectors, and not that one. options: filter, limit,
-- offset, tiers, expert, spaces. A record that the caller does not see is as unknown as one that is not there.
create function evervec.similar(source text, key text, options jsonb default '{}') returns setof evervec.search_hit
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  visible constant text[] := case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end;
  tiers constant text[] := evervec.narrowed_tiers(visible, options -> 'tiers');
  hits_from constant integer := coalesce((options ->> 'offset')::integer, 0);
  hits_count constant integer := coalesce((options ->> 'limit')::integer, 10);
  wanted evervec.sources;
  mean vector.vector;
  hit evervec.search_hit;
  place integer := 0;
begin
  if options ?| array['mode', 'model'] then
    raise exception 'a search for similar records takes no mode and no model' using errcode = 'invalid_parameter_value',
      hint = 'options are filter, limit, offset, tiers, expert';
  end if;
  if hits_from < 0 or hits_count < 1 then
    raise exception 'limit is 1 or more, offset 0 or more' using errcode = 'invalid_parameter_value';
  end if;
  select * into wanted from evervec.sources s where s.name = $1;
  if not found then
    raise exception 'there is no source "%"', source using errcode = 'undefined_object',
      hint = 'select name from evervec.sources';
  end if;
  if wanted.active_space_id is not null then
    execute format('select vector.avg(c.embedding)::vector.vector from evervec.%I c join %I.%I t on %s
      where c.record_key = $1 and c.embedding is not null%s', 'chunks_' || wanted.active_space_id, wanted.table_schema,
      wanted.table_name, wanted.definition ->> 'join',
      case when tiers is not null then ' and ' || nullif(evervec.tiers_sql(wanted.definition), '') end)
      into mean using key, null, null, tiers;
  end if;
  if mean is null then
    raise exception 'source "%" has no record "%" with a vector', source, key using errcode = 'no_data_found',
      hint = 'it may be none that you see, archived, or wait in the queue';
  end if;
  -- One more than asked for: the record itself is among them.
  foreach hit in array (evervec.run_search(array[source], null, mean,
    options || jsonb_build_object('mode', 'vector', 'offset', 0, 'limit', hits_from + hits_count + 1), visible, false)).hits
  loop
    continue when hit.record_key = key;
    place := place + 1;
    if place > hits_from and place <= hits_from + hits_count then return next hit; end if;
  end loop;
end $$;
