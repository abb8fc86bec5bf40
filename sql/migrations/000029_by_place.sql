-- What a hybrid search does beside its legs, and every search by words before it begins: a chunk that was just found is looked up by its
-- place, not by its key, and the small functions that put a query together are not read and planned anew for each call.

-- Lexemes as tsquery reads them. No parser makes a lexeme with the character 1 in it. In one expression, which Postgres puts into the
-- statement that asks for it.
create or replace function evervec.any_lexeme(lexemes text[]) returns tsquery
language sql stable strict parallel safe
return (
  '''' || replace(replace(replace(array_to_string(lexemes, chr(1)), '\', '\\'), '''', ''''''), chr(1), ''' | ''') || ''''
)::tsquery;

-- A sparse vector of lexemes, each with its value.
create or replace function evervec.lexeme_vector(lexemes text[], amounts float8[]) returns vector.sparsevec
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select ('{' || coalesce(string_agg(concat(id, ':', amount::real), ','), '') || '}/1000000000')::vector.sparsevec
    from (
      select evervec.word_id(lexeme) as id, max(amount) as amount from unnest(lexemes, amounts) given (lexeme, amount)
      where amount > 0 group by 1 limit 16000
    ) numbered
  );
end $$;

-- The best by words, with their scores, and where each stands in the sidecar (`place`: true while the statement runs). `words_asked` is what
-- `words_query_sql` gives, a column for each of its parts. `passing`: a
-- statement of the keys of rows that pass, for where they are few: then their chunks are looked at, and no others.
--
-- With an index the chunks that hold a rare lexeme are scored first, and then only those others that may still be among the
-- best: the same hits in the same order as if all were.
create or replace function evervec.words_leg_sql(space evervec.spaces, chunks text, joins text, condition text, passing text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  scored constant text := format('select c.record_key, c.chunk_index, c.ctid as place, %s as score from asked cross join %s c %s',
    evervec.words_score_sql(space), chunks, joins);
  best constant text := ' order by score desc, record_key, chunk_index limit greatest($3, 100)';
  asked constant text := 'with asked as (select * from words_asked)';
begin
  if passing is not null then
    return format('%s select record_key, chunk_index, place, score from (
        select c.record_key, c.chunk_index, c.place, %s as score from asked cross join (%s) passing cross join lateral (
          select c.*, c.ctid as place from %s c where c.record_key = passing.record_key offset 0
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
    coalesce(way.weight, space.fusion_weight), visible,
    case when way.mode = 'hybrid' then 'cross join baseline' end, source.id, counts);
end $$;

-- Of 500 chunks, and of 300 where there are so many that an index finds the best: scores move by about a hundredth, and what they are
-- compared with is most of what a hybrid search does beside its legs. Fewer are looked at one by one anyway, and a page that has all of a
-- small source then scores as the server does.
--
-- Pages of about 2,000 chunks, of which those in `tiers` count and no other: what a score is compared with tells nothing of
-- a text that is hidden. In one order, so that every way to search has the same sample.
create or replace function evervec.sample_sql(chunks text, shown text, mode text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  rows constant float8 := (select reltuples from pg_class where oid = chunks::regclass);
  size constant integer := case when rows < 10000 then 500 else 300 end;
  pages constant text := format('%s c tablesample system (%s) repeatable (0)', chunks, least(100, 200000 / greatest(rows, 1)));
begin
  if mode <> 'hybrid' then return format('select c.embedding from %s c where false', chunks); end if;
  if shown is null then
    return format('select * from (select c.embedding from %s limit %s) c where c.embedding is not null', pages, size);
  end if;
  return format('select c.embedding from %s where c.embedding is not null and %s order by c.ctid limit %s', pages, shown, size);
end $$;
