-- Search, for SQL users and for the program alike: it is written here once.
--
-- Every hit is joined to the user's own row under the caller's role, at the time of the search; so a row that is
-- deleted, truncated or hidden by row level security is in no result, whatever a sidecar still holds (I2).

-- A filter on columns of table row `t`, as SQL: {"status": "open", "seats": {"$gte": 6}}.
-- Names come from the source's definition and are quoted, values are quoted literals.
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
        hint = 'its columns are ' || (select string_agg(c, ', ') from jsonb_array_elements_text(columns) c);
    end if;
    if jsonb_typeof(condition) <> 'object' then
      condition := jsonb_build_object('$eq', condition);
    end if;
    for operator, value in select * from jsonb_each(condition) loop
      if operator = '$in' and jsonb_typeof(value) = 'array' then
        parts := parts || case when jsonb_array_length(value) = 0 then 'false' else format('t.%I in (%s)', name,
          (select string_agg(quote_nullable(v), ', ') from jsonb_array_elements_text(value) v)) end;
      elsif not symbols ? operator or jsonb_typeof(value) in ('object', 'array') then
        raise exception 'a filter on "%" can''t be %', name, jsonb_build_object(operator, value)
          using errcode = 'invalid_parameter_value',
          hint = 'use $eq, $ne, $gt, $gte, $lt, $lte with a value, or $in with an array of values';
      elsif jsonb_typeof(value) = 'null' then
        parts := parts || case operator when '$eq' then format('t.%I is null', name)
          when '$ne' then format('t.%I is not null', name) else 'false' end;
      elsif operator = '$ne' then
        parts := parts || format('t.%I is distinct from %L', name, value #>> '{}');
      else
        parts := parts || format('t.%I %s %L', name, symbols ->> operator, value #>> '{}');
      end if;
    end loop;
  end loop;
  return array_to_string(parts, ' and ');
end $$;

-- One source's candidates with both legs' raw scores. $1 query text, $2 query vector as text, $3 candidates per leg.
-- Both scores are computed for every candidate, whichever leg found it, so that the fusion compares like with like.
create function evervec.candidates_sql(source evervec.sources, space evervec.spaces, filter text, mode text)
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks text := format('evervec.%I', 'chunks_' || space.id);
  visible text := format('join %I.%I t on %s', source.table_schema, source.table_name, source.definition ->> 'join');
  distance text := format('c.embedding operator(vector.<=>) $2::vector.%s', space.vector_type);
  query text := format(
    '(select string_agg(quote_literal(lexeme), '' | '')::tsquery from unnest(to_tsvector(%L, $1)))', space.language);
  vector_leg text := format('select c.record_key, c.chunk_index from %s c where c.embedding is not null
    order by %s limit $3', chunks, distance);
  text_leg text := format('select c.record_key, c.chunk_index from %s c cross join query
    where c.words @@ query.words order by ts_rank(c.words, query.words, 1) desc limit $3', chunks);
begin
  if filter <> '' then
    vector_leg := format('select c.record_key, c.chunk_index from %s c %s where c.embedding is not null and %s
      order by %s limit $3', chunks, visible, filter, distance);
    text_leg := format('select c.record_key, c.chunk_index from %s c cross join query %s
      where c.words @@ query.words and %s order by ts_rank(c.words, query.words, 1) desc limit $3', chunks, visible, filter);
  end if;
  return format($sql$(
    with query as materialized (select %s as words),
    vector_leg as materialized (%s),
    text_leg as materialized (%s),
    -- What an unrelated text has: the median over a sample of pages, of few hundred chunks.
    baseline as materialized (
      select coalesce(percentile_cont(0.5) within group (order by 1 - (%s)), 0) as similarity
      from (select * from %s tablesample system (%s) repeatable (0) limit 200) c where c.embedding is not null
    )
    select %s as source_id, c.record_key, c.chunk_index,
      case when c.embedding is not null and $2 is not null then 1 - (%s) end as similarity,
      case when c.words @@ query.words then ts_rank(c.words, query.words, 1) end as rank,
      baseline.similarity as baseline, %s::float8 as weight,
      (select count(*) from vector_leg) = $3 or (select count(*) from text_leg) = $3 as has_more
    from (select * from vector_leg union select * from text_leg) found
    join %s c using (record_key, chunk_index)
    %s cross join query cross join baseline
  )$sql$,
    query,
    case when mode = 'text' then 'select null::text as record_key, null::integer as chunk_index where false' else vector_leg end,
    case when mode = 'vector' then 'select null::text as record_key, null::integer as chunk_index where false' else text_leg end,
    distance, chunks,
    -- pages of about 2,000 chunks
    (select least(100, 200000 / greatest(reltuples, 1)) from pg_class where oid = chunks::regclass),
    source.id, distance, case mode when 'vector' then 1 when 'text' then 0 else space.fusion_weight end,
    chunks, visible);
end $$;

create type evervec.search_hit as (
  source text, record_key text, score float8, vector_score float8, text_score float8,
  chunk_index integer, chunk_text text, start_offset integer, end_offset integer, section text, record jsonb
);

-- The ANN scan's settings, for this transaction. It goes on until enough rows passed the joins and filters.
create function evervec.tune_scan(candidates integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('hnsw.ef_search', least(1000, greatest(40, candidates))::text, true);
  if (select string_to_array(extversion, '.')::integer[] >= '{0,8,0}' from pg_extension where extname = 'vector') then
    perform set_config('hnsw.iterative_scan', 'relaxed_order', true);
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
  mode constant text := coalesce(options ->> 'mode',
    case when query_vector is null then 'text' when query is null then 'vector' else 'hybrid' end);
  hits_from constant integer := coalesce((options ->> 'offset')::integer, 0);
  hits_to constant integer := hits_from + coalesce((options ->> 'limit')::integer, 10);
  -- More than asked for: fusion reorders, and several chunks may be of one record.
  candidates integer := greatest(100, 2 * hits_to);
  source_name text;
  wanted evervec.sources;
  space evervec.spaces;
  legs text[] := '{}';
  fetches text[] := '{}';
  statement text;
  hits evervec.search_hit[];
  has_more boolean;
begin
  if mode not in ('vector', 'text', 'hybrid') then
    raise exception 'mode is vector, text or hybrid, not "%"', mode using errcode = 'invalid_parameter_value';
  end if;
  if (mode <> 'vector' and query is null) or (mode <> 'text' and query_vector is null) then
    raise exception 'a % search needs %', mode, case mode when 'text' then 'a query'
      when 'vector' then 'a query_vector' else 'a query and a query_vector' end
      using errcode = 'invalid_parameter_value';
  end if;
  foreach source_name in array sources loop
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
    legs := legs || evervec.candidates_sql(wanted, space,
      evervec.filter_sql(coalesce(options -> 'filter', '{}'), wanted.definition -> 'columns'), mode);
    fetches := fetches || format('select top.place, top.has_more, row(%L, top.record_key, top.score, top.similarity,
        top.rank, top.chunk_index, c.text, c.start_offset, c.end_offset, c.section,
        to_jsonb((select r from (select %s) r)))::evervec.search_hit as hit
      from top join evervec.%I c using (record_key, chunk_index) join %I.%I t on %s where top.source_id = %s',
      wanted.name,
      (select string_agg(format('t.%I', shown), ', ') from jsonb_array_elements_text(wanted.definition -> 'record') shown),
      'chunks_' || space.id, wanted.table_schema, wanted.table_name, wanted.definition ->> 'join', wanted.id);
  end loop;
  if legs = '{}' then return; end if;

  -- Score fusion (docs/search.md): text ranks over their best, similarities above what an unrelated text has.
  statement := format($sql$
    with candidate as materialized (%s),
    ceiling as (
      select max(rank) as max_rank, max(similarity - baseline) as max_gain, bool_or(has_more) as has_more from candidate
    ),
    scored as (
      select candidate.*, case %L
        when 'vector' then greatest(similarity, 0)
        when 'text' then coalesce(rank / nullif(max_rank, 0), 0)
        else (1 - weight) * coalesce(rank / nullif(max_rank, 0), 0)
          + weight * coalesce(greatest(similarity - baseline, 0) / nullif(greatest(max_gain, 0), 0), 0)
        end as score
      from candidate cross join ceiling
    ),
    best as (
      select distinct on (source_id, record_key) * from scored
      order by source_id, record_key, score desc, chunk_index
    ),
    top as materialized (
      select row_number() over (order by score desc, source_id, record_key) as place, best.source_id, record_key,
        chunk_index, score, similarity, rank, ceiling.has_more
      from best cross join ceiling order by place limit %s offset %s
    )
    select array_agg(hit order by place),
      coalesce((select has_more from ceiling), false)
    from (%s) fetched $sql$,
    array_to_string(legs, ' union all '), mode, hits_to - hits_from, hits_from,
    array_to_string(fetches, ' union all '));

  -- Rows that are gone and chunks of one record leave fewer hits than candidates: then more are taken.
  loop
    perform evervec.tune_scan(candidates);
    execute statement into hits, has_more using query, query_vector::text, candidates;
    exit when not has_more or coalesce(cardinality(hits), 0) >= hits_to - hits_from;
    candidates := candidates * 4;
  end loop;
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
