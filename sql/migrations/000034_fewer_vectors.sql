-- A hybrid search looks at fewer vectors where that changes no hit: a graph holds no more of them in view than their weight is worth, and what is
-- usual is told from 200 chunks, which is as many as it takes to be trusted in full, in place of 300.

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
  most_weight float8 := 0;
  -- Chunks that an HNSW index holds in view at least.
  in_view integer := 100;
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
    most_weight := greatest(most_weight, space.fusion_weight);
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
  if expert ? 'candidates' then
    way.candidates := (expert ->> 'candidates')::integer;
  elsif expert ? 'efSearch' and mode = 'vector' then
    -- Else an index that holds fewer in view would be asked again for the rest.
    way.candidates := least(way.candidates, greatest(hits_to, (expert ->> 'efSearch')::integer));
  end if;
  while way.candidates < hits_to loop
    way.candidates := way.candidates * 4;
  end loop;
  -- What the graph misses counts for as little as vectors do; with ranks in place of scores, it moves all behind it.
  if mode = 'hybrid' and way.rrf_k is null then
    in_view := least(in_view, ceil(200 * coalesce(way.weight, most_weight)));
  end if;
  probes := coalesce(expert ->> 'probes', ceil(2 * sqrt(most_lists))::text);
  -- Rows that are gone and chunks of one record leave fewer hits than candidates: then more are taken. And an ANN scan ends
  -- before it has seen all: where what it had in view leaves too few, it goes on, and then every chunk is looked at.
  loop
    rounds := rounds + 1;
    scans := evervec.vector_scans_of(source_ids, filter, tiers, way);
    ends := not exists (select from unnest(scans) scan where scan.scan in ('index', 'iterative'));
    goes_on := goes_on or iterates and exists (select from unnest(scans) scan where scan.scan = 'iterative');
    ef_search := coalesce(expert ->> 'efSearch', least(1000, greatest(in_view, way.candidates * oversampling))::text);
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
    report := evervec.report_of(source_ids, scans, statement, found_rows.counts, query, query_vector, way, tiers)
      || jsonb_build_object('rounds', rounds, 'candidates', way.candidates, 'ef_search', ef_search::integer,
        'probes', probes::integer, 'sql_ms', extract(epoch from clock_timestamp() - started) * 1000);
  end if;
  -- The caller's transaction goes on with the settings it had.
  perform evervec.tune_scan(ef_search_before, probes_before, case when iterates then iterative_scan_before end, plans_before);
  return row(coalesce(found_rows.hits, '{}'), report);
end $$;
