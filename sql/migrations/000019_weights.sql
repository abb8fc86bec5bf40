-- Weights of words in whole millionths: pgvector reads a whole number in a fraction of the time that a fraction takes, and each
-- lexeme of each chunk that is written is one. Lexemes that stand equally often in a chunk have one weight, written once.

create or replace function evervec.term_weights(words tsvector, average_words float8) returns vector.sparsevec
language sql immutable parallel safe
return (
  select ('{' || coalesce(string_agg(array_to_string(ids, weight || ',') || weight, ','), '') || '}/1000000000')::vector.sparsevec
  from (
    select array_agg(id) as ids, ':' || round(times * 2200000::float8
      / (times + 1.2::float8 * (0.25::float8 + 0.75::float8 * (sum(times * count(*)) over ()) / average_words))) as weight
    from (
      -- Two lexemes of one number are one; more than 16,000 no sparse vector holds, and the rest is as if it were not there.
      select evervec.word_id(lexeme) as id, sum(coalesce(cardinality(positions), 1)) as times
      from unnest(words) group by 1 limit 16000
    ) counted
    group by times
  ) alike
);

drop function evervec.crowded_weights;

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
    select lexeme, amount, sum(count) over (order by count, lexeme) as reached, row_number() over (order by count, lexeme) as place
    from unnest(lexemes, amounts, counts) given (lexeme, amount, count)
  )
  select evervec.any_lexeme(array_agg(lexeme) filter (where is_rare)),
    array_agg(lexeme order by amount desc, lexeme) filter (where not is_rare),
    -- A weight is below k1 + 1; sums of rounded numbers may be a little above.
    array_agg(amount * 2.2001 order by amount desc, lexeme) filter (where not is_rare)
  into asked.rarest, asked.others, asked.bounds
  from (select *, place = 1 or reached <= greatest(total * 0.02, 300) as is_rare from given) split;
  asked.rarest := coalesce(asked.rarest && (!! asked.excluded), asked.rarest);
  return asked;
end $$;

-- Those that there are stand for other numbers: words are ranked by ts_rank again until upkeep has weighed them anew.
do $$
declare
  space evervec.spaces;
  chunks text;
  is_empty boolean;
begin
  for space in select * from evervec.spaces order by id loop
    chunks := format('evervec.%I', 'chunks_' || space.id);
    continue when to_regclass(chunks) is null;
    execute format('select not exists (select from %s)', chunks) into is_empty;
    update evervec.spaces set weighed_at = case when is_empty then now() end, weighed_to = null where id = space.id;
  end loop;
end $$;
