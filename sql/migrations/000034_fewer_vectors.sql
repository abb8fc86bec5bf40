-- A hybrid search looks at fewer vectors where that changes next to no hit: its graph holds no more of them in view than they weigh, as long as there
-- are words to find enough by. And what is usual is told from 200 chunks, which is as many as it takes to be trusted in full, in place of 300.

-- In view of the graph there may be fewer than usual.
alter type evervec.search_way add attribute narrows boolean;

-- In how many chunks the most common word is. Null where that does not say how many match.
alter type evervec.words_asked add attribute commonest real;

-- As before, and in how many chunks the most common word is.
create or replace function evervec.weigh_asked(
  space evervec.spaces, asked evervec.words_asked, phrases tsquery, lexemes text[], shares float8[], counts float8[],
  heavy_counts float8[], total float8, candidates integer
) returns evervec.words_asked
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  low constant float8 := evervec.low_weight(space);
  is_marked constant boolean := low < 2.2;
  few constant float8 := greatest(total * 0.02, 300);
  anything constant tsquery := evervec.any_lexeme(nullif(lexemes, '{}'));
  amounts float8[];
  -- Chunks of the lexemes so far, of those that are rare, and those in which others are heavy.
  reached float8 := 0;
  of_rare float8 := 0;
  of_heavy float8 := 0;
  is_rare boolean[] := '{}';
  is_cheap boolean[] := '{}';
  is_heavy boolean;
  firsts text[] := '{}';
  others text[] := '{}';
  bounds float8[] := '{}';
  low_bounds float8[] := '{}';
begin
  asked.matched := coalesce(phrases, anything || asked.prefixes, anything, asked.prefixes);
  asked.matched := coalesce(asked.matched && (!! asked.excluded), asked.matched);
  if counts is null then return asked; end if;
  -- What chunks have are millionths.
  select array_agg(lexeme), array_agg(amount), array_agg(count), array_agg(heavy), evervec.lexeme_vector(array_agg(lexeme), array_agg(amount / 1000000))
  into lexemes, amounts, counts, heavy_counts, asked.weights
  from (
    select lexeme, share * ln(1 + (greatest(total - count, 0) + 0.5) / (count + 0.5)) as amount, count, heavy
    from unnest(lexemes, shares, counts, heavy_counts) given (lexeme, share, count, heavy) order by amount desc, lexeme
  ) weighed;
  if phrases is not null or asked.prefixes is not null then return asked; end if;
  for i in 1 .. cardinality(lexemes) loop
    -- Whatever it takes until there are as many as are wanted, the worst of which then bounds the others; and more where that is little work.
    is_cheap := is_cheap || (reached < candidates);
    reached := reached + counts[i];
    if asked.excluded is null then asked.commonest := greatest(asked.commonest, counts[i]); end if;
    is_rare := is_rare || (reached <= few or is_cheap[i] and (not is_marked or coalesce(heavy_counts[i], 0) < candidates));
    of_rare := of_rare + case when is_rare[i] then counts[i] else 0 end;
  end loop;
  for i in 1 .. cardinality(lexemes) loop
    if is_rare[i] then
      firsts := firsts || lexemes[i];
      continue;
    end if;
    of_heavy := of_heavy + coalesce(heavy_counts[i], 0);
    is_heavy := is_marked and heavy_counts[i] is not null and (is_cheap[i] or of_rare + of_heavy <= few);
    if is_heavy then firsts := firsts || (chr(1) || lexemes[i]); end if;
    others := others || lexemes[i];
    -- A weight is below k1 + 1; sums of rounded numbers may be a little above.
    bounds := bounds || amounts[i] * case when is_heavy then low else 2.2 end * 1.00005;
    low_bounds := low_bounds || amounts[i] * low * 1.00005;
  end loop;
  asked.others := nullif(others, '{}');
  asked.bounds := nullif(bounds, '{}');
  asked.low_bounds := nullif(low_bounds, '{}');
  asked.rarest := evervec.any_lexeme(nullif(firsts, '{}'));
  if is_marked then
    asked.rarest := asked.rarest || (evervec.any_lexeme(array[chr(1)]) && anything);
  end if;
  asked.rarest := coalesce(asked.rarest && (!! asked.excluded), asked.rarest);
  return asked;
end $$;

drop function evervec.source_leg_sql;
drop function evervec.vector_leg_sql;

-- The nearest to $2, with their distance. `passing`: a statement of the keys of rows that pass, for where they are few. `rank`: a
-- further column about chunk `c`, or null; Postgres finds it for those alone that are among the nearest.
-- `asked`: where the query's vector comes from, by default from $2 alone.
create function evervec.vector_leg_sql(
  space evervec.spaces, chunks text, joins text, condition text, passing text, scan evervec.vector_scan, candidates integer,
  rank text, asked text default null
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
  return format('select leg.* from (%s) asked cross join lateral (%s) leg', coalesce(asked, evervec.asked_sql(space)), leg);
end $$;

-- The vectors' leg of one source. `filter` and `tiers` are conditions on table row `t`, or empty.
create function evervec.source_leg_sql(
  source evervec.sources, space evervec.spaces, filter text, tiers text, way evervec.search_way, scan evervec.vector_scan,
  rank text, asked text default null
) returns text language sql stable set search_path = pg_catalog, pg_temp as $$
  select evervec.vector_leg_sql(space, format('evervec.%I', 'chunks_' || space.id), joins, condition,
    case when scan.passing is not null then passing end, scan, way.candidates, rank, asked)
  from evervec.narrowing_of(source, space, filter, tiers)
$$;

-- One source's candidates with both legs' raw scores. $1 query text, $2 query vector, $3 candidates per leg, $4 tiers.
-- `filter` and `tiers` are conditions on table row `t`, or empty.
-- Every candidate has both scores, whichever leg found it, so that the fusion compares like with like.
-- A last row without key says whether there may be more, and what the legs gave: it is there also where no candidate is
-- visible.
--
-- What the graph misses counts for as little as vectors do: 100 of it in view are for vectors that weigh as much as words, and fewer for those that weigh
-- less. Where words find fewer than are wanted, the others are there by their vectors alone, and all depends on the graph.
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
  weight constant float8 := coalesce(way.weight, space.fusion_weight);
  narrowed text;
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
    -- Asked for on the outer side of the leg, before the scan of the index begins.
    if way.narrows and scan.scan = 'index' and concat(filter, tiers) = '' then
      narrowed := format($sql$select $2::vector.%s as embedding, set_config('hnsw.ef_search', case when words.commonest >= $3
          then least(greatest($3, ceil(200 * %s)::integer), current_setting('hnsw.ef_search')::integer)::text
          else current_setting('hnsw.ef_search') end, true) as in_view
        from words_asked words offset 0$sql$, space.vector_type, weight);
    end if;
    vector_leg := evervec.source_leg_sql(source, space, filter, tiers, way, scan,
      format('(select case when c.words @@ asked.matched then %s::real end from words_asked asked) as rank', evervec.words_score_sql(space)),
      narrowed);
    near := format('(select %s from %s c cross join asked where c.ctid = leg.place)',
      similarity, chunks);
  end if;
  return format($sql$(
    with query as materialized (select %s as words),
    words_asked as materialized (select (words).* from query),
    asked as materialized (%s),
    vector_leg as materialized (select *, row_number() over () as position from (%s) leg),
    text_leg as materialized (
      select * from (
        select record_key, chunk_index, place, score, case when nth <= 100 and nth_score <= %s then nth_score else nth end as position
        from (
          select *, row_number() over (order by score desc, record_key, chunk_index) as nth, rank() over (order by score desc) as nth_score
          from (%s) leg
        ) ranked
      ) placed where position <= $3
    ),
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
      (select count(*) from vector_leg) = $3 or (select count(*) from text_leg) >= $3, %s
  )$sql$,
    evervec.words_query_sql(source, space, tiers), evervec.asked_sql(space), vector_leg, coalesce(way.first_depth, 100), words_leg, near,
    case when way.mode = 'hybrid' then ', ' || evervec.baseline_sql(similarity, evervec.sample_sql(chunks, shown, way.mode)) end,
    source.id,
    case when way.mode = 'hybrid' then format('width_bucket(c.position, %L::bigint[])',
      array(select coalesce(way.first_depth, 100) * 4::bigint ^ n + 1 from generate_series(0, 10) n)::bigint[]) else '0' end,
    case when way.mode = 'hybrid' then 'baseline.similarity as baseline, baseline.span'
      else 'null::float8 as baseline, null::float8 as span' end,
    weight, visible,
    case when way.mode = 'hybrid' then 'cross join baseline' end, source.id, counts);
end $$;

-- Of 500 chunks, and of 200 where there are so many that an index finds the best: nDCG of Cranfield and SciFact is the same within .001, and what scores
-- are compared with is most of what a hybrid search does beside its legs. Fewer are looked at one by one anyway, and a page that has all of a
-- small source then scores as the server does.
--
-- Pages of about 2,000 chunks, of which those in `tiers` count and no other: what a score is compared with tells nothing of
-- a text that is hidden. In one order, so that every way to search has the same sample.
create or replace function evervec.sample_sql(chunks text, shown text, mode text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  rows constant float8 := (select reltuples from pg_class where oid = chunks::regclass);
  size constant integer := case when rows < 10000 then 500 else 200 end;
  pages constant text := format('%s c tablesample system (%s) repeatable (0)', chunks, least(100, 200000 / greatest(rows, 1)));
begin
  if mode <> 'hybrid' then return format('select c.embedding from %s c where false', chunks); end if;
  if shown is null then
    return format('select * from (select c.embedding from %s limit %s) c where c.embedding is not null', pages, size);
  end if;
  return format('select c.embedding from %s where c.embedding is not null and %s order by c.ctid limit %s', pages, shown, size);
end $$;

-- A search from its beginning. `premise` and `is_plain` are `run_again`'s, null where the statement is of this search alone.
create or replace function evervec.run_anew(
  sources text[], query text, query_vector vector.vector, options jsonb, visible text[], is_explained boolean,
  premise text, is_plain boolean
) returns evervec.search_run
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  mode text := coalesce(options ->> 'mode',
    case when query_vector is null then 'text' when query is null then 'vector' else 'hybrid' end);
  asked_mode constant text := mode;
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
  is_kept constant boolean := premise is not null;
  settings text;
  most_lists integer := 1;
  -- Whether each record has about one chunk, as far as Postgres knows: not before it has looked at both tables.
  is_uncut boolean := true;
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
  goes_on boolean := false;
  -- There is no more than what is found.
  ends boolean;
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
    most_lists := greatest(most_lists, (space.built_with ->> 'lists')::integer);
    if space.built_with ->> 'quantize' = 'binary' then oversampling := 4; end if;
    is_uncut := is_uncut and coalesce((select rows.reltuples > 0 and chunks.reltuples > 0 and chunks.reltuples <= 1.1 * rows.reltuples
      from pg_class rows, pg_class chunks where rows.oid = to_regclass(format('%I.%I', wanted.table_schema, wanted.table_name))
        and chunks.oid = to_regclass(format('evervec.%I', 'chunks_' || space.id))), false);
  end loop;
  -- A zero vector is near nothing: the model knows no word of the query.
  if mode <> 'text' and vector.vector_norm(query_vector) = 0 then
    if mode = 'vector' then return row('{}'::evervec.search_hit[], '{}'::jsonb); end if;
    mode := 'text';
  end if;
  if source_ids = '{}' then return row('{}'::evervec.search_hit[], '{}'::jsonb); end if;

  iterates := evervec.has_iterative_scan();
  -- More than asked for: fusion reorders, and several chunks may be of one record.
  is_uncut := is_uncut and oversampling = 1;
  way := row(mode, null, coalesce((expert ->> 'exact')::boolean, false), (expert #>> '{weights,vector}')::float8,
    (expert ->> 'rrfK')::float8, is_explained, case when is_uncut then 40 else 100 end);
  way.candidates := case
    when mode = 'vector' then case when hits_to > 20 then 100 when hits_to > 10 or not is_uncut then 40 else 20 end
    else way.first_depth * case when is_uncut and hits_to > 10 then 4 else 1 end end;
  if expert ? 'weights' then
    way.weight := coalesce((expert #>> '{weights,vector}')::float8, 0)
      / (coalesce((expert #>> '{weights,vector}')::float8, 0) + coalesce((expert #>> '{weights,text}')::float8, 0));
  end if;
  -- By ranks in place of scores, what the graph misses moves all behind it.
  way.narrows := mode = 'hybrid' and way.rrf_k is null and not expert ? 'efSearch' and oversampling = 1;
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
  -- Rows that are gone and chunks of one record leave fewer hits than candidates: then more are taken. And an ANN scan ends
  -- before it has seen all: where what it had in view leaves too few, it goes on, and then every chunk is looked at.
  loop
    rounds := rounds + 1;
    scans := evervec.vector_scans_of(source_ids, filter, tiers, way);
    ends := not exists (select from unnest(scans) scan where scan.scan in ('index', 'iterative'));
    goes_on := goes_on or iterates and exists (select from unnest(scans) scan where scan.scan = 'iterative');
    ef_search := coalesce(expert ->> 'efSearch', least(1000, greatest(100, way.candidates * oversampling))::text);
    perform evervec.tune_scan(ef_search, probes, case when goes_on then 'relaxed_order' when iterates then 'off' end,
      case when is_kept then 'force_generic_plan' else plans_before end);
    if is_kept then
      settings := concat_ws(':', way.candidates, ef_search, probes, case when goes_on then 'relaxed_order' else 'off' end,
        case when ends then 'all' else 'more' end);
      found_rows := evervec.run_kept('evervec_' || case when is_plain and rounds = 1 and way.mode = asked_mode then premise
        else md5(concat_ws(' ', premise, scans, way, tiers is not null)) end,
        settings, source_ids, scans, hits_from, hits_to, way, tiers is not null, query, query_vector, tiers);
    else
      statement := evervec.search_sql(source_ids, scans, filter, tiers is not null, hits_from, hits_to, way);
      execute statement into found_rows.hits, found_rows.has_more, found_rows.counts
        using query, query_vector, way.candidates, tiers;
    end if;
    exit when coalesce(cardinality(found_rows.hits), 0) >= hits_to - hits_from;
    exit when ends and not found_rows.has_more;
    if found_rows.has_more then
      way.candidates := way.candidates * 4;
    elsif iterates and not goes_on then
      goes_on := true;
    else
      way.is_exact := true;
    end if;
  end loop;
  if is_explained then
    ef_search := current_setting('hnsw.ef_search');
    report := evervec.report_of(source_ids, scans, statement, found_rows.counts, query, query_vector, way, tiers)
      || jsonb_build_object('rounds', rounds, 'candidates', way.candidates, 'ef_search', ef_search::integer,
        'probes', probes::integer, 'sql_ms', extract(epoch from clock_timestamp() - started) * 1000);
  end if;
  -- The caller's transaction goes on with the settings it had.
  perform evervec.tune_scan(ef_search_before, probes_before, case when iterates then iterative_scan_before end, plans_before);
  return row(coalesce(found_rows.hits, '{}'), report);
end $$;
