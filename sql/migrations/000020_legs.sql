-- What a search costs beside its two legs: each leg brings its scores along, and only what it could not know is looked up; the
-- statement is not even written again where the session has it.

drop function evervec.words_leg_sql;
drop function evervec.words_score_sql;
drop function evervec.source_leg_sql;
drop function evervec.vector_leg_sql;

-- The best by words, with their scores. `words_asked` is what `words_query_sql` gives, a column for each of its parts. `passing`: a
-- statement of the keys of rows that pass, for where they are few: then their chunks are looked at, and no others.
--
-- With an index the chunks that hold a rare lexeme are scored first, and then only those others that may still be among the
-- best: the same hits in the same order as if all were.
create function evervec.words_leg_sql(space evervec.spaces, chunks text, joins text, condition text, passing text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  scored constant text := format('select c.record_key, c.chunk_index, %s as score from asked cross join %s c %s',
    evervec.words_score_sql(space), chunks, joins);
  best constant text := ' order by score desc, record_key, chunk_index limit $3';
  asked constant text := 'with asked as (select * from words_asked)';
begin
  if passing is not null then
    return format('%s select record_key, chunk_index, score from (
        select c.record_key, c.chunk_index, %s as score from asked cross join (%s) passing cross join lateral (
          select c.* from %s c where c.record_key = passing.record_key offset 0
        ) c where c.words @@ asked.matched
      ) scored%s', asked, evervec.words_score_sql(space), passing, chunks, best);
  end if;
  if space.weighed_at is null or space.indexed_at is null or row_security_active(chunks::regclass) then
    return format('%s select * from (%s where c.words @@ asked.matched%s) scored%s', asked, scored, condition, best);
  end if;
  return format('%s, first as materialized (%s where c.words @@ coalesce(asked.rarest, asked.matched)%s),
    needed as materialized (
      select evervec.words_needed(row(asked.*)::evervec.words_asked,
        coalesce((select score from first order by score desc limit 1 offset $3 - 1), 0)) as words
      from asked where rarest is not null
    )
    select * from (
      select * from first union all %s cross join needed where needed.words is not null and c.words @@ needed.words%s
    ) scored%s',
    asked, scored, condition, scored, condition, best);
end $$;

-- Whether to look up one by one, by their keys, the chunks that Postgres expects to pass is less than to look at those that hold a
-- word and see which of them pass. Under row level security its guess is a bad one.
create function evervec.are_few(passing float8, chunks text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(passing <= 0.05 * reltuples, false) and not row_security_active(oid) from pg_class where oid = chunks::regclass
$$;

-- How well chunk `c`, which matches, fits what is asked.
create function evervec.words_score_sql(space evervec.spaces) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case when space.weighed_at is null then 'ts_rank(c.words, asked.matched, 1)' else evervec.bm25_sql(space) end
$$;

-- The nearest to $2, with their distance. `passing`: a statement of the keys of rows that pass, for where they are few. `rank`: a
-- further column about chunk `c`, or null; Postgres finds it for those alone that are among the nearest.
create function evervec.vector_leg_sql(
  space evervec.spaces, chunks text, joins text, condition text, passing text, scan evervec.vector_scan, candidates integer,
  rank text
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  distance constant text := evervec.distance_sql(space);
  bits constant text := format('vector.binary_quantize(%s)::bit(%s)', '%s', space.dimensions);
  and_rank constant text := concat(', ' || rank);
  leg text;
begin
  -- Ties in one order, or two pages would cut them differently. `+ 0` is what no index serves.
  if scan.scan = 'exact' and passing is not null then
    -- Few that pass are looked up one by one (`offset 0`): Postgres would rather read all chunks once.
    leg := format('select c.record_key, c.chunk_index, %s + 0 as distance%s from (%s) passing cross join lateral (
        select c.* from %s c where c.record_key = passing.record_key and c.embedding is not null offset 0
      ) c order by distance, c.record_key, c.chunk_index limit %s', distance, and_rank, passing, chunks, candidates);
  elsif scan.scan = 'exact' then
    leg := format('select c.record_key, c.chunk_index, %s + 0 as distance%s from %s c %s where c.embedding is not null%s
      order by distance, c.record_key, c.chunk_index limit %s', distance, and_rank, chunks, joins, condition, candidates);
  elsif scan.index = 'binary' then
    -- Whether a number is above zero is all that the index knows: of four times as many the nearest in truth.
    leg := format('select near.* from (
        select c.record_key, c.chunk_index, %s as distance%s from %s c %s where c.embedding is not null%s
        order by %s operator(vector.<~>) %s limit %s
      ) near order by near.distance, near.record_key, near.chunk_index limit %s', distance, and_rank, chunks, joins, condition,
      format(bits, 'c.embedding'), format(bits, 'asked.embedding'), candidates * 4, candidates);
  else
    leg := format('select c.record_key, c.chunk_index, %s as distance%s from %s c %s where c.embedding is not null%s
      order by %1$s limit %6$s', distance, and_rank, chunks, joins, condition, candidates);
  end if;
  return format('select leg.* from (%s) asked cross join lateral (%s) leg', evervec.asked_sql(space), leg);
end $$;

-- The vectors' leg of one source. `filter` and `tiers` are conditions on table row `t`, or empty.
create function evervec.source_leg_sql(
  source evervec.sources, space evervec.spaces, filter text, tiers text, way evervec.search_way, scan evervec.vector_scan,
  rank text
) returns text language sql stable set search_path = pg_catalog, pg_temp as $$
  select evervec.vector_leg_sql(space, format('evervec.%I', 'chunks_' || space.id), joins, condition,
    case when scan.passing is not null then passing end, scan, way.candidates, rank)
  from evervec.narrowing_of(source, space, filter, tiers)
$$;

-- One source's candidates with both legs' raw scores. $1 query text, $2 query vector, $3 candidates per leg, $4 tiers.
-- `filter` and `tiers` are conditions on table row `t`, or empty.
-- Every candidate has both scores, whichever leg found it, so that the fusion compares like with like.
-- A last row without key says whether there may be more, and what the legs gave: it is there also where no candidate is
-- visible.
create or replace function evervec.candidates_sql(
  source evervec.sources, space evervec.spaces, filter text, tiers text, way evervec.search_way, scan evervec.vector_scan
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks constant text := format('evervec.%I', 'chunks_' || space.id);
  visible constant text := format('join %I.%I t on %s', source.table_schema, source.table_name, source.definition ->> 'join');
  shown constant text := evervec.shown_sql(source, tiers);
  narrowing constant record := evervec.narrowing_of(source, space, filter, tiers);
  -- A text without a known word has a zero vector, whose distance is NaN, from whatever.
  similarity constant text := format('(1 - nullif(%s, ''NaN''))', evervec.distance_sql(space));
  vector_leg text := 'select null::text as record_key, null::integer as chunk_index, null::float8 as distance, null::real as rank where false';
  words_leg text := evervec.words_leg_sql(space, chunks, narrowing.joins, narrowing.condition,
    case when evervec.are_few(scan.passing, chunks) then narrowing.passing end);
  near text := 'null::float8';
  counts constant text := case when way.is_explained then format('jsonb_build_object(''vector'', %s, ''text'', %s)',
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
    )$sql$, evervec.source_leg_sql(source, space, filter, tiers, way, scan, null), source.id, visible, way.candidates, counts);
  end if;
  if way.mode = 'hybrid' then
    vector_leg := evervec.source_leg_sql(source, space, filter, tiers, way, scan,
      format('(select case when c.words @@ asked.matched then %s::real end from words_asked asked) as rank', evervec.words_score_sql(space)));
    near := format('(select %s from %s c cross join asked where c.record_key = leg.record_key and c.chunk_index = leg.chunk_index)',
      similarity, chunks);
  end if;
  return format($sql$(
    with query as materialized (select %s as words),
    words_asked as materialized (select (words).* from query),
    asked as materialized (%s),
    vector_leg as materialized (select *, row_number() over () as position from (%s) leg),
    text_leg as materialized (select *, row_number() over () as position from (%s) leg),
    found as (
      select record_key, chunk_index, min(position) as position, max(similarity) as similarity, max(rank) as rank
      from (
        select record_key, chunk_index, position, 1 - nullif(distance, 'NaN') as similarity, rank from vector_leg
        union all select record_key, chunk_index, position, %s, score::real from text_leg leg
      ) legs group by record_key, chunk_index
    )%s
    select %s as source_id, c.record_key, c.chunk_index, %s as depth, c.similarity, c.rank, %s, %s::float8 as weight,
      false as has_more, null::jsonb as counts
    from found c %s %s
    union all select %s, null, null, null, null, null, null, null, null,
      (select count(*) from vector_leg) = $3 or (select count(*) from text_leg) = $3, %s
  )$sql$,
    evervec.words_query_sql(source, space, tiers), evervec.asked_sql(space), vector_leg, words_leg, near,
    case when way.mode = 'hybrid' then ', ' || evervec.baseline_sql(similarity, evervec.sample_sql(chunks, shown, way.mode)) end,
    source.id,
    case when way.mode = 'hybrid' then 'greatest(0, ceil(log(4, c.position / 100.0)))::integer' else '0' end,
    case when way.mode = 'hybrid' then 'baseline.similarity as baseline, baseline.span'
      else 'null::float8 as baseline, null::float8 as span' end,
    coalesce(way.weight, space.fusion_weight), visible,
    case when way.mode = 'hybrid' then 'cross join baseline' end, source.id, counts);
end $$;

-- A search of one source by meaning alone, which has nothing to fuse.
create or replace function evervec.nearest_sql(
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
    evervec.source_leg_sql(source, space, filter, tiers, way, scan, null), source.table_schema, source.table_name,
    source.definition ->> 'join', hits_to - hits_from, hits_from, way.candidates,
    case when way.is_explained then format($sql$jsonb_build_object(%L, jsonb_build_object('vector',
      (select count(*) from vector_leg), 'text', null, 'visible', (select count(*) from best)))$sql$, source.id)
      else 'null::jsonb' end,
    evervec.fetch_sql(source, space));
end $$;

-- `hides`: what a row `t` has to be to be shown, empty where all are. Looking at all that pass costs about 3 µs each, an
-- iterative scan 15 to 30 µs for each chunk on its way to `candidates` that pass: whichever is less. What Postgres expects to pass
-- may be wrong; then the other way is taken in the end, or the dear one, and never are hits left out.
create or replace function evervec.vector_scan_of(
  source evervec.sources, space evervec.spaces, hides text, tiers text[], way evervec.search_way
) returns evervec.vector_scan language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  exact constant evervec.vector_scan := row('none'::text, 'exact'::text, null::float8);
  off constant evervec.vector_scan := row('none'::text, 'off'::text, null::float8);
  index constant text := case when space.built_with ->> 'quantize' = 'binary' then 'binary'
    else coalesce(space.built_with ->> 'type', 'hnsw') end;
  plan json;
  passing float8;
  rows float8;
  chunks float8;
begin
  if way.mode = 'text' and (space.indexed_at is null or hides = '') then return off; end if;
  if space.indexed_at is null or way.is_exact then return exact; end if;
  if hides = '' then return row(index, 'index'::text, null::float8); end if;
  execute format('explain (format json) select from %I.%I t where %s', source.table_schema, source.table_name, hides)
    into plan using null::text, null::text, null::integer, tiers;
  passing := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8;
  select greatest(reltuples, 1) into rows from pg_class
  where oid = format('%I.%I', source.table_schema, source.table_name)::regclass;
  select greatest(reltuples, 1) into chunks from pg_class where oid = format('evervec.%I', 'chunks_' || space.id)::regclass;
  if rows > 1 then passing := passing * greatest(1, chunks / rows); end if;
  if way.mode = 'text' then return row('none'::text, 'off'::text, passing); end if;
  if passing * passing <= 5 * way.candidates * chunks or not evervec.has_iterative_scan() then
    return row('none'::text, 'exact'::text, passing);
  end if;
  return row(index, 'iterative'::text, passing);
end $$;

drop function evervec.run_kept;

-- Runs a statement of `search_sql` that holds no value of its own by a plan that the session keeps: to write and to plan it takes
-- longer than the search. `kept` is made of all that it follows from. Who is not who began the session reads the statement again: that
-- user may have prepared something else under the name. The query travels in settings and not in the statement, which
-- an error would show.
create function evervec.run_kept(
  kept text, source_ids integer[], scans evervec.vector_scan[], hits_from integer, hits_to integer, way evervec.search_way,
  in_tiers boolean, query text, query_vector vector.vector, tiers text[]
) returns evervec.search_run_rows
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  prepared text := (select p.statement from pg_prepared_statements p where p.name = kept);
  wanted text;
  oldest text;
  found_rows evervec.search_run_rows;
begin
  if prepared is null or current_user <> session_user then
    wanted := format('prepare %I (text, vector.vector, integer, text[]) as %s', kept,
      evervec.search_sql(source_ids, scans, '{}', in_tiers, hits_from, hits_to, way));
    if prepared is distinct from wanted then
      for oldest in select p.name from pg_prepared_statements p where p.name = kept
        union all (select p.name from pg_prepared_statements p where p.name ~ '^evervec_[0-9a-f]{32}$'
          order by p.prepare_time desc offset 30) loop
        execute format('deallocate %I', oldest);
      end loop;
      execute wanted;
    end if;
  end if;
  perform set_config('evervec' || '.query', query, true), set_config('evervec' || '.query_vector', query_vector::text, true);
  execute format($sql$execute %I(nullif(current_setting('evervec' || '.query'), ''),
    nullif(current_setting('evervec' || '.query_vector'), '')::vector.vector, %s, %L)$sql$, kept, way.candidates, tiers)
    into found_rows.hits, found_rows.has_more, found_rows.counts;
  perform set_config('evervec' || '.query', '', true), set_config('evervec' || '.query_vector', '', true);
  return found_rows;
end $$;

-- Searches sources whose spaces are of one model, of those that have tiers only what is in `visible`; null: all that the
-- caller sees. Give a query for its words, a query_vector for its meaning, both for both.
-- options: mode (vector, text, hybrid), filter, limit (10), offset (0), model (checked against the spaces'), tiers (which
-- narrows `visible`), expert (docs/search.md), spaces (source to the id of its space: refused where that is not so). With `is_explained` there is a report.
create or replace function evervec.run_search(
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
  -- What the statement follows from beside the search's own numbers, with how many chunks there are, roughly: samples are a share.
  key text;
  size integer;
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
    -- Between two statements it may have been switched.
    if options ? 'spaces' and space.id is distinct from (options -> 'spaces' ->> wanted.name)::integer then
      raise exception 'the spaces of these sources are others by now' using errcode = 'object_not_in_prerequisite_state';
    end if;
    -- Vectors of another model give a ranking that is wrong and looks right.
    if mode <> 'text' and (vector.vector_dims(query_vector) <> space.dimensions
      or coalesce(options ->> 'model', space.model_id) <> space.model_id) then
      raise exception 'source "%" holds vectors of % (% dimensions), the query''s is of % (% dimensions)', wanted.name,
        space.model_id, space.dimensions, coalesce(options ->> 'model', 'another'), vector.vector_dims(query_vector)
        using errcode = 'datatype_mismatch', hint = 'embed the query with the model of the space';
    end if;
    -- Of no tier nothing can be seen.
    continue when tiers = '{}' and wanted.definition ? 'tier' or wanted.id = any (source_ids);
    source_ids := source_ids || wanted.id;
    if is_kept then
      select round(3 * log(greatest(reltuples, 1))) into size from pg_class where oid = format('evervec.%I', 'chunks_' || space.id)::regclass;
      key := concat_ws(' ', key, wanted.name, wanted.table_schema, wanted.table_name, wanted.definition, space, size,
        row_security_active(format('%I.%I', wanted.table_schema, wanted.table_name)::regclass),
        row_security_active(format('evervec.%I', 'chunks_' || space.id)::regclass));
    end if;
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
    ef_search := coalesce(expert ->> 'efSearch', least(1000, greatest(100, way.candidates * oversampling))::text);
    perform evervec.tune_scan(ef_search, probes, case when iterates then 'relaxed_order' end,
      case when is_kept then 'force_generic_plan' else plans_before end);
    if is_kept then
      found_rows := evervec.run_kept('evervec_' || md5(concat_ws(' ', key, scans, hits_from, hits_to, way, tiers is not null)),
        source_ids, scans, hits_from, hits_to, way, tiers is not null, query, query_vector, tiers);
    else
      statement := evervec.search_sql(source_ids, scans, filter, tiers is not null, hits_from, hits_to, way);
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
  -- The statement may have been of the one that came, with the vector of the one that went.
  if options ? 'spaces' and exists (
    select from evervec.sources s where s.id = any (source_ids) and s.active_space_id is distinct from (options -> 'spaces' ->> s.name)::integer
  ) then
    raise exception 'the spaces of these sources are others by now' using errcode = 'object_not_in_prerequisite_state';
  end if;
  -- The caller's transaction goes on with the settings it had.
  perform evervec.tune_scan(ef_search_before, probes_before, case when iterates then iterative_scan_before end, plans_before);
  return row(coalesce(found_rows.hits, '{}'), report);
end $$;
