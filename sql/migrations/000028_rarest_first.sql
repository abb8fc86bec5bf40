-- What a search by words looks at, and what a hybrid one then compares, was more than can be among the best.
--
-- One whose rarest word few chunks have looked at all that have any of the others: a dozen chunks are no measure of
-- which of those can be among the best. Now the first round takes words until it has so many that they are.

create or replace function evervec.weigh_asked(
  asked evervec.words_asked, phrases tsquery, lexemes text[], shares float8[], counts float8[], total float8
) returns evervec.words_asked
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  amounts float8[];
begin
  asked.matched := coalesce(phrases, evervec.any_lexeme(nullif(lexemes, '{}')) || asked.prefixes,
    evervec.any_lexeme(nullif(lexemes, '{}')), asked.prefixes);
  asked.matched := coalesce(asked.matched && (!! asked.excluded), asked.matched);
  if counts is null then return asked; end if;
  amounts := array(select share * ln(1 + (greatest(total - count, 0) + 0.5) / (count + 0.5))
    from unnest(shares, counts) with ordinality given (share, count, n) order by n);
  -- What chunks have are millionths.
  asked.weights := evervec.lexeme_vector(lexemes, array(
    select amount / 1000000 from unnest(amounts) with ordinality given (amount, n) order by n));
  if phrases is not null or asked.prefixes is not null then return asked; end if;
  with given as (
    select lexeme, amount, count, sum(count) over (order by count, lexeme) as reached
    from unnest(lexemes, amounts, counts) given (lexeme, amount, count)
  )
  select evervec.any_lexeme(array_agg(lexeme) filter (where is_rare)),
    array_agg(lexeme order by amount desc, lexeme) filter (where not is_rare),
    -- A weight is below k1 + 1; sums of rounded numbers may be a little above.
    array_agg(amount * 2.2001 order by amount desc, lexeme) filter (where not is_rare)
  into asked.rarest, asked.others, asked.bounds
  -- As many as a search takes for candidates, and more where that is little work.
  from (select *, reached - count < 100 or reached <= greatest(total * 0.02, 300) as is_rare from given) split;
  asked.rarest := coalesce(asked.rarest && (!! asked.excluded), asked.rarest);
  return asked;
end $$;

-- The best by words, with their scores. `words_asked` is what `words_query_sql` gives, a column for each of its parts. `passing`: a
-- statement of the keys of rows that pass, for where they are few: then their chunks are looked at, and no others.
--
-- With an index the chunks that hold a rare lexeme are scored first, and then only those others that may still be among the
-- best: the same hits in the same order as if all were.
create or replace function evervec.words_leg_sql(space evervec.spaces, chunks text, joins text, condition text, passing text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  scored constant text := format('select c.record_key, c.chunk_index, %s as score from asked cross join %s c %s',
    evervec.words_score_sql(space), chunks, joins);
  best constant text := ' order by score desc, record_key, chunk_index limit greatest($3, 100)';
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

-- Where each record has one chunk, 40 candidates of a leg are enough for the ten best: the same ones came of 40 as of 100
-- (docs/quality.md). Depths begin with so many. But of chunks that words tell nothing apart, up to 100 are candidates: which of them is
-- nearest the other leg alone says.

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
    text_leg as materialized (
      select * from (
        select record_key, chunk_index, score, case when nth <= 100 and place <= %s then place else nth end as position
        from (
          select *, row_number() over (order by score desc, record_key, chunk_index) as nth, rank() over (order by score desc) as place
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
