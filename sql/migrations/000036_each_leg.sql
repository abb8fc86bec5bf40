-- Of several sources in one hybrid search, a leg that held fewer of its graph in view left it so for those after it, which may need all of it: each says its own.

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
    -- Said on the outer side of the leg, before the scan of the index begins; each leg says it, since one before it may have said another.
    if way.narrows and scan.scan in ('index', 'iterative') then
      narrowed := format($sql$select $2::vector.%s as embedding, set_config('hnsw.ef_search', least(1000, greatest($3,
          case when %L::boolean and words.commonest >= $3 then least(100, ceil(200 * %s)) else 100 end))::text, true) as in_view
        from words_asked words offset 0$sql$, space.vector_type, scan.scan = 'index' and concat(filter, tiers) = '', weight);
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
