-- Search, for SQL users and for the program alike: it is written here once.
--
-- Every hit is joined to the user's own row under the caller's role, at the time of the search; so a row that is
-- deleted, truncated or hidden by row level security is in no result, whatever a sidecar still holds (I2).

-- A filter on columns of table row `t`, as SQL: {"status": "open", "seats": {"$gte": 6}}.
-- Names come from the source's definition (column → schema of its operators) and are quoted, values are quoted
-- literals, which take the column's type.
create function evervec.filter_sql(filter jsonb, columns jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  name text;
  condition jsonb;
  operator text;
  value jsonb;
  parts text[] := '{}';
  symbols constant jsonb :=
    '{"$eq": "=", "$ne": "<>", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}';
begin
  if jsonb_typeof(filter) <> 'object' then
    raise exception 'a filter is an object of column and condition, not %', jsonb_typeof(filter)
      using errcode = 'invalid_parameter_value';
  end if;
  for name, condition in select * from jsonb_each(filter) loop
    if not columns ? name then
      raise exception 'there is no column "%" to filter on', name using errcode = 'undefined_column',
        hint = 'its columns are ' || (select string_agg(c, ', ') from jsonb_object_keys(columns) c);
    end if;
    if jsonb_typeof(condition) <> 'object' then
      condition := jsonb_build_object('$eq', condition);
    end if;
    if condition = '{}' then
      raise exception 'the filter on "%" says nothing', name using errcode = 'invalid_parameter_value',
        hint = 'use $eq, $ne, $gt, $gte, $lt, $lte with a value, or $in with an array of values';
    end if;
    for operator, value in select * from jsonb_each(condition) loop
      if operator = '$in' and jsonb_typeof(value) = 'array'
        and not exists (select from jsonb_array_elements(value) v where jsonb_typeof(v) in ('object', 'array')) then
        parts := parts || format('(%s)', concat_ws(' or ', 'false',
          case when value @> '[null]' then format('t.%I is null', name) end,
          format('t.%I operator(%I.=) any (%L)', name, columns ->> name,
            array(select v from jsonb_array_elements_text(value) v where v is not null))));
      elsif not symbols ? operator or jsonb_typeof(value) in ('object', 'array') then
        raise exception 'a filter on "%" can''t be %', name, jsonb_build_object(operator, value)
          using errcode = 'invalid_parameter_value',
          hint = 'use $eq, $ne, $gt, $gte, $lt, $lte with a value, or $in with an array of values';
      elsif jsonb_typeof(value) = 'null' then
        parts := parts || case operator when '$eq' then format('t.%I is null', name)
          when '$ne' then format('t.%I is not null', name) else 'false' end;
      else
        parts := parts || format('(t.%I operator(%I.%s) %L%s)', name, columns ->> name, symbols ->> operator,
          value #>> '{}', case when operator = '$ne' then format(' or t.%I is null', name) end);
      end if;
    end loop;
  end loop;
  return array_to_string(parts, ' and ');
end $$;

-- One source's candidates with both legs' raw scores. $1 query text, $2 query vector as text, $3 candidates per leg.
-- Both scores are computed for every candidate, whichever leg found it, so that the fusion compares like with like.
-- A last row without key says whether there may be more: it is there also where no candidate is visible.
create function evervec.candidates_sql(
  source evervec.sources, space evervec.spaces, filter text, mode text, exact boolean
) returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks text := format('evervec.%I', 'chunks_' || space.id);
  visible text := format('join %I.%I t on %s', source.table_schema, source.table_name, source.definition ->> 'join');
  narrowed text := case when filter = '' then '' else visible end;
  condition text := case when filter = '' then '' else ' and ' || filter end;
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
    -- What an unrelated text has: the median over a sample of pages, of few hundred chunks.
    baseline as materialized (
      select coalesce(percentile_cont(0.5) within group (order by %s), 0) as similarity
      from (select * from %s tablesample system (%s) repeatable (0) limit 200) c where %s
    )
    select %s as source_id, c.record_key, c.chunk_index, %s as tier,
      %s as similarity,
      %s as rank,
      baseline.similarity as baseline, %s::float8 as weight, false as has_more
    from found join %s c using (record_key, chunk_index)
    %s cross join query cross join baseline
    union all select %s, null, null, null, null, null, null, null,
      (select count(*) from vector_leg) = $3 or (select count(*) from text_leg) = $3
  )$sql$,
    query,
    case when mode = 'text' then nothing else vector_leg end,
    case when mode = 'vector' then nothing else text_leg end,
    similarity, chunks,
    -- pages of about 2,000 chunks
    (select least(100, 200000 / greatest(reltuples, 1)) from pg_class where oid = chunks::regclass),
    case when mode = 'hybrid' then 'c.embedding is not null' else 'false' end,
    source.id,
    case when mode = 'hybrid' then 'greatest(0, ceil(log(4, found.position / 100.0)))::integer' else '0' end,
    case when mode = 'text' then 'null::float8' else similarity end,
    case when mode = 'vector' then 'null::float4' else format('case when c.words @@ query.words then %s end', rank) end,
    space.fusion_weight, chunks, visible, source.id);
end $$;

create type evervec.search_hit as (
  source text, record_key text, score float8, vector_score float8, text_score float8,
  chunk_index integer, chunk_text text, start_offset integer, end_offset integer, section text, record jsonb
);

-- The whole statement for sources by their ids: an array of hits, and whether more candidates could give more of them.
--
-- Score fusion (docs/search.md): text ranks over their best, similarities above what an unrelated text has.
--
-- Pages of one search may take different numbers of candidates. So that none repeats or leaves out a record of another,
-- whatever more candidates bring comes after what fewer brought: candidates are in tiers (the first 100 of a leg, up to
-- 400, 1,600, …), and neither order nor scores of a tier depend on the next.
create function evervec.search_sql(
  source_ids integer[], mode text, filter jsonb, hits_from integer, hits_to integer, exact boolean
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
      evervec.filter_sql(filter, wanted.definition -> 'columns'), mode, exact);
    -- `r.*` and not `r`: that might be a column's name.
    fetches := fetches || format('select top.place, row(%L, top.record_key, top.score, top.similarity,
        top.rank, top.chunk_index, c.text, c.start_offset, c.end_offset, c.section,
        (select to_jsonb(r.*) from (select %s) r))::evervec.search_hit as hit
      from top join evervec.%I c using (record_key, chunk_index) join %I.%I t on %s where top.source_id = %s',
      wanted.name,
      (select string_agg(format('t.%I', shown), ', ') from jsonb_array_elements_text(wanted.definition -> 'record') shown),
      'chunks_' || space.id, wanted.table_schema, wanted.table_name, wanted.definition ->> 'join', wanted.id);
  end loop;
  return format($sql$
    with candidate as materialized (%s),
    measured as (
      select *, max(rank) over upward as max_rank, nullif(greatest(max(similarity - baseline) over upward, 0), 0) as max_gain
      from candidate where similarity is not null or rank is not null
      window upward as (order by tier)
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
      order by source_id, record_key, tier, raw_score desc, chunk_index
    ),
    top as materialized (
      select row_number() over falling as place, least(1, min(raw_score) over falling) as score,
        source_id, record_key, chunk_index, similarity, rank
      from best window falling as (order by tier, raw_score desc, source_id, record_key)
      order by place limit %s offset %s
    )
    select array_agg(hit order by place), coalesce((select bool_or(has_more) from candidate), false)
    from (%s) fetched $sql$,
    array_to_string(legs, ' union all '), mode, hits_to - hits_from, hits_from,
    array_to_string(fetches, ' union all '));
end $$;

-- The ANN scan's settings, for the rest of the transaction. An iterative one goes on until enough rows passed the
-- joins and filters, or it has seen hnsw.max_scan_tuples.
create function evervec.tune_scan(ef_search integer, iterative_scan text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('hnsw.ef_search', ef_search::text, true);
  if (select string_to_array(extversion, '.')::integer[] >= '{0,8,0}' from pg_extension where extname = 'vector') then
    perform set_config('hnsw.iterative_scan', iterative_scan, true);
  end if;
end $$;

-- Searches sources whose spaces are of one model. Give a query for its words, a query_vector for its meaning, both for both.
-- options: mode (vector, text, hybrid), filter, limit (10), offset (0), model (checked against the spaces').
create function evervec.search(
  sources text[],
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns setof evervec.search_hit
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  mode text := coalesce(options ->> 'mode',
    case when query_vector is null then 'text' when query is null then 'vector' else 'hybrid' end);
  filter constant jsonb := coalesce(options -> 'filter', '{}');
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
  where name not in ('mode', 'filter', 'limit', 'offset', 'model');
  if source_name is not null then
    raise exception 'there is no option %', source_name using errcode = 'invalid_parameter_value',
      hint = 'options are mode, filter, limit, offset, model';
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
    execute evervec.search_sql(source_ids, mode, filter, hits_from, hits_to, exact)
      into hits, has_more using query, query_vector::text, candidates;
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

create function evervec.search(
  source text,
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns setof evervec.search_hit
language sql set search_path = pg_catalog, pg_temp as $$
  select * from evervec.search(array[source], query, query_vector, options);
$$;
