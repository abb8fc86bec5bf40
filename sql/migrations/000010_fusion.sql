-- Hybrid search weighs similarities by how far they stand out of the space's own (docs/quality.md).
--
-- Before, the most similar text got the vectors' whole weight, though it was no nearer than chance makes one of many. Now a
-- similarity counts from 1.5 spreads above the median of unrelated texts, and in full from 6: the best of some thousand
-- unrelated texts has 3 to 4.

-- One source's candidates with both legs' raw scores. $1 query text, $2 query vector as text, $3 candidates per leg.
-- Both scores are computed for every candidate, whichever leg found it, so that the fusion compares like with like.
-- A last row without key says whether there may be more: it is there also where no candidate is visible.
create or replace function evervec.candidates_sql(
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
    -- What unrelated texts have: a sample of pages, of few hundred chunks. Its spread is the standard deviation, by way of
    -- the median so that the few related texts in it do not count, and is trusted in so far as the sample is full.
    sample as materialized (
      select %s as similarity from (select * from %s tablesample system (%s) repeatable (0) limit 500) c where %s
    ),
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
    select %s as source_id, c.record_key, c.chunk_index, %s as tier,
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

-- The whole statement for sources by their ids: an array of hits, and whether more candidates could give more of them.
--
-- Score fusion (docs/search.md): text ranks over their best; similarities above what unrelated texts have, over their best
-- or, where none stands out, over what one that does would have.
--
-- Pages of one search may take different numbers of candidates. So that none repeats or leaves out a record of another,
-- whatever more candidates bring comes after what fewer brought: candidates are in tiers (the first 100 of a leg, up to
-- 400, 1,600, …), and neither order nor scores of a tier depend on the next.
create or replace function evervec.search_sql(
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
      select *, max(rank) over upward as max_rank,
        nullif(max(greatest(similarity - baseline, span, 0)) over upward, 0) as max_gain
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
      order by source_id, record_key, tier, raw_score desc, similarity desc nulls last, chunk_index
    ),
    top as materialized (
      select row_number() over falling as place, least(1, min(raw_score) over falling) as score,
        source_id, record_key, chunk_index, similarity, rank
      from best window falling as (order by tier, raw_score desc, similarity desc nulls last, source_id, record_key)
      order by place limit %s offset %s
    )
    select array_agg(hit order by place), coalesce((select bool_or(has_more) from candidate), false)
    from (%s) fetched $sql$,
    array_to_string(legs, ' union all '), mode, hits_to - hits_from, hits_from,
    array_to_string(fetches, ' union all '));
end $$;
