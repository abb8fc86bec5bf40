-- A search by words looks at fewer chunks. A bound on what a word adds to a score was the same for all chunks that hold it, and most weigh it at
-- half of that: so nearly all of a common word's chunks were looked at. Chunks of spaces that are made from now on say of each word that
-- is heavy in them, that it is: they hold it once more, behind the character 1, which no parser leaves in a lexeme. Where it is not heavy, the bound is
-- 1.3 and not 2.2. (Postings in layers by impact: Ding and Suel, "Faster top-k document retrieval using block-max indexes", 2011, and who they cite.)

-- Words of a chunk on average that heavy ones are marked for: of all chunks of the space the least. It stays when average_words moves. Null or 0
-- where not all chunks are marked.
alter table evervec.spaces add column heavy_for real check (heavy_for >= 0);

-- A chunk's words with its heavy ones: weight above 1.3 of 2.2. One that might become longer than a tsvector can be says with the empty one
-- that any may be heavy. As they are where `average` is null or 0.
create function evervec.with_heavy(words tsvector, average float8) returns table (marked tsvector)
language sql immutable parallel safe
begin atomic
  select case
    when average > 0 is not true then words
    when pg_column_size(words) > 300000 then words || array_to_tsvector(array[chr(1)])
    else words || array_to_tsvector(coalesce(array_agg(chr(1) || lexeme) filter (where round(times * 2200000::float8
        / (times + 1.2::float8 * (0.25::float8 + 0.75::float8 * length / average))) > 1300000), '{}')) end
  from (
    -- Two lexemes of one number weigh what they weigh together.
    select lexeme, sum(own) over (partition by evervec.word_id(lexeme)) as times, sum(own) over () as length
    from (select lexeme, coalesce(cardinality(positions), 1) as own from unnest(words)) counted
  ) weighed;
end;

-- For workers of the version before, which mark nothing and don't say so, while they are replaced.
create function evervec.mark_heavy() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  space_id constant integer := tg_argv[0];
begin
  update evervec.spaces s set heavy_for = 0 where s.id = space_id and s.heavy_for is null;
  select s.heavy_for into new.heavy_for from evervec.spaces s where s.id = space_id;
  new.words := (select marked from evervec.with_heavy(new.words, new.heavy_for));
  return new;
end $$;

do $$
declare
  space evervec.spaces;
  chunks text;
begin
  for space in select * from evervec.spaces order by id loop
    chunks := format('evervec.%I', 'chunks_' || space.id);
    continue when to_regclass(chunks) is null;
    execute format('alter table %s add column heavy_for real', chunks);
    execute format('create trigger evervec_heavy before insert on %s for each row when (new.heavy_for is null)
      execute function evervec.mark_heavy(%L)', chunks, space.id);
  end loop;
end $$;

-- Heavy lexemes are those of the chunk once more, and count for nothing.
create or replace function evervec.weights_of(words tsvector, average_words float8) returns table (weights vector.sparsevec)
language sql immutable parallel safe
begin atomic
  select ('{' || coalesce(string_agg(array_to_string(ids, weight || ',') || weight, ','), '') || '}/1000000000')::vector.sparsevec
  from (
    select array_agg(id) as ids, ':' || round(times * 2200000::float8
      / (times + 1.2::float8 * (0.25::float8 + 0.75::float8 * (sum(times * count(*)) over ()) / average_words))) as weight
    from (
      -- Two lexemes of one number are one; more than 16,000 no sparse vector holds, and the rest is as if it were not there.
      select evervec.word_id(lexeme) as id, sum(coalesce(cardinality(positions), 1)) as times
      from unnest(words) where ascii(lexeme) <> 1 group by 1 limit 16000
    ) counted
    group by times
  ) alike;
end;

create or replace function evervec.words_length(words tsvector) returns bigint
language sql immutable strict parallel safe
return (select coalesce(sum(coalesce(cardinality(positions), 1)), 0) from unnest(words) where ascii(lexeme) <> 1);

-- Lexemes as tsquery reads them, the heavy ones too. No parser makes a lexeme with the character 2 in it.
create or replace function evervec.any_lexeme(lexemes text[]) returns tsquery
language sql stable strict parallel safe
return (
  '''' || replace(replace(replace(array_to_string(lexemes, chr(2)), '\', '\\'), '''', ''''''), chr(2), ''' | ''') || ''''
)::tsquery;

-- The most that each of `others` can add to the score of a chunk in which it is not heavy; `bounds` where it is. Both are the same where
-- the first round has all chunks in which it is.
alter type evervec.words_asked add attribute low_bounds float8[];

-- The most that a word weighs where it is not marked as heavy. Marks are of one average, weights of another: those of a
-- longer one are up to so much more. While weights are made anew they are of two.
create function evervec.low_weight(space evervec.spaces) returns float8
language sql immutable set search_path = pg_catalog, pg_temp
return case when space.heavy_for > 0 and space.weighed_to is null
  then 2.2 / (1 + least(1, space.heavy_for::float8 / space.average_words) * (2.2 - 1.3) / 1.3) else 2.2 end;

-- Which chunks outside the first round may reach a score: those with enough of the other lexemes that the sum of the most that
-- they can add is not below it (Turtle and Flood, "Query evaluation: strategies and optimizations", 1995). Null: none.
-- Beyond `depth` lexemes that a chunk has to hold together any of those left will do.
-- reaches: of each lexeme the sum of its bound and of those after it; those from `nth` are looked at.
create function evervec.words_reaching(
  lexemes text[], bounds float8[], low_bounds float8[], reaches float8[], nth integer, score float8, depth integer
) returns tsquery
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  reaching tsquery;
  this tsquery;
  further tsquery;
  alone text[] := '{}';
begin
  for i in nth .. coalesce(cardinality(lexemes), 0) loop
    exit when reaches[i] < score;
    -- Where all the others would not do, this one has to be heavy.
    if low_bounds[i] >= score or depth <= 1 then
      alone := alone || case when low_bounds[i] + reaches[i] - bounds[i] < score then chr(1) || lexemes[i] else lexemes[i] end;
      continue;
    end if;
    if bounds[i] >= score then
      alone := alone || (chr(1) || lexemes[i]);
    elsif bounds[i] > low_bounds[i] then
      further := evervec.words_reaching(lexemes, bounds, low_bounds, reaches, i + 1, score - bounds[i], depth - 1);
      this := evervec.any_lexeme(array[chr(1) || lexemes[i]]) && further;
      reaching := coalesce(reaching || this, this, reaching);
    end if;
    further := evervec.words_reaching(lexemes, bounds, low_bounds, reaches, i + 1, score - low_bounds[i], depth - 1);
    this := evervec.any_lexeme(lexemes[i:i]) && further;
    reaching := coalesce(reaching || this, this, reaching);
  end loop;
  this := evervec.any_lexeme(nullif(alone, '{}'));
  return coalesce(this || reaching, this, reaching);
end $$;

create or replace function evervec.words_needed(asked evervec.words_asked, score float8) returns tsquery
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  reaches constant float8[] := array(
    select sum(bound) over (order by n desc) from unnest(asked.bounds) with ordinality given (bound, n) order by n);
  needed constant tsquery := evervec.words_reaching(asked.others, asked.bounds, asked.low_bounds, reaches, 1, score,
    case when cardinality(asked.others) <= 12 then 3 else 1 end);
begin
  return coalesce((needed && (!! asked.rarest)) && (!! asked.excluded), needed && (!! asked.rarest));
end $$;

drop function evervec.words_reaching(text[], float8[], float8, integer);

-- The chunks that may be among the best: looked at in two rounds (see `words_needed`), of which the first takes the rarest
-- lexemes, and those in which a more common one is heavy, as far as they are few. `tiers`: those that are seen, null for all.
create function evervec.weigh_asked(
  space evervec.spaces, asked evervec.words_asked, phrases tsquery, lexemes text[], shares float8[], counts float8[], total float8, tiers text[]
) returns evervec.words_asked
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  low constant float8 := evervec.low_weight(space);
  is_marked constant boolean := low < 2.2;
  few constant float8 := greatest(total * 0.02, 300);
  amounts float8[];
  -- In how many chunks each is heavy, 0 where it is in few; null where nobody knows.
  heavy_counts float8[];
  seen text[];
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
  if is_marked and space.words_counted is not null and has_table_privilege('evervec.word_counts'::regclass, 'select') then
    seen := coalesce(tiers, array(select jsonb_object_keys(space.words_counted)));
    heavy_counts := array(
      -- A sample that holds it less than ten times says nothing.
      select coalesce((select sum(known.chunks) from evervec.word_counts known
        where known.space_id = space.id and known.tier = any (seen) and known.lexeme = (chr(1) || given.lexeme) collate "C"), 0)
      from unnest(lexemes) with ordinality given (lexeme, n) order by n);
  end if;
  with given as (
    select lexeme, amount, count, heavy, sum(count) over (order by count, lexeme) as reached
    from unnest(lexemes, amounts, counts, heavy_counts) given (lexeme, amount, count, heavy)
  ), split as (
    -- As many as a search takes for candidates, and more where that is little work.
    select *, reached <= few or (reached - count < 100 and coalesce(heavy, 0) < 100) as is_rare from given
  ), taken as (
    select *, not is_rare and heavy is not null and (reached - count < 100
      or coalesce(sum(count) filter (where is_rare) over (), 0)
        + sum(heavy) filter (where not is_rare) over (order by count, lexeme) <= few) as is_heavy_taken
    from split
  )
  select evervec.any_lexeme(array_agg(case when is_rare then lexeme else chr(1) || lexeme end) filter (where is_rare or is_heavy_taken)),
    array_agg(lexeme order by amount desc, lexeme) filter (where not is_rare),
    -- A weight is below k1 + 1; sums of rounded numbers may be a little above.
    array_agg(amount * case when is_heavy_taken then low else 2.2 end * 1.00005 order by amount desc, lexeme) filter (where not is_rare),
    array_agg(amount * low * 1.00005 order by amount desc, lexeme) filter (where not is_rare)
  into asked.rarest, asked.others, asked.bounds, asked.low_bounds
  from taken;
  if is_marked then
    asked.rarest := asked.rarest || (evervec.any_lexeme(array[chr(1)]) && evervec.any_lexeme(lexemes));
  end if;
  asked.rarest := coalesce(asked.rarest && (!! asked.excluded), asked.rarest);
  return asked;
end $$;

-- Of lexemes that are next to a misspelled one, those that are worth counting: the two commonest, or whatever there is. To count each of some
-- hundred would look through what the index has not sorted in yet as often. All of them where some chunks are hidden, or nothing is counted.
create function evervec.lexemes_present(space evervec.spaces, lexemes text[], shown text) returns text[]
-- To look at all chunks would take seconds where Postgres expects many to be found.
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  chunks constant text := format('evervec.%I', 'chunks_' || space.id);
  common text[];
  rare text[];
begin
  if shown is not null or space.indexed_at is null or space.words_counted is null or row_security_active(chunks::regclass)
    or not has_table_privilege('evervec.word_counts'::regclass, 'select') then
    return lexemes;
  end if;
  -- One by one: Postgres might read what is known of all words.
  common := array(
    select lexeme from (
      select given.lexeme, (select sum(known.chunks) from evervec.word_counts known
        where known.space_id = space.id and known.lexeme = given.lexeme collate "C") as count
      from unnest(lexemes) given (lexeme) offset 0
    ) counted where count is not null order by count desc, lexeme limit 2);
  if cardinality(common) = 2 then return common; end if;
  -- A scan of the index takes the square of how many it is asked for.
  execute format('select array_agg(distinct lexeme) from (
      select evervec.any_lexeme(array_agg(lexeme)) as words from unnest($1) with ordinality given (lexeme, n) group by n / 24
    ) asked cross join lateral (select c.words from %s c where c.words @@ asked.words limit 300) c
    cross join unnest(tsvector_to_array(c.words)) lexeme where lexeme = any ($1)', chunks) into rare using lexemes;
  return common || array(select unnest(rare) except select unnest(common));
end $$;

drop function evervec.weigh_asked(evervec.words_asked, tsquery, text[], float8[], float8[], float8);

-- What a query asks of a space by words. `shown`, a condition on chunk `c`, and `visible`, a join that says
-- the same, have $4 for `tiers`; both are null where all is shown.
create or replace function evervec.ask_words(
  space_id integer, query text, shown text, visible text, tiers text[]
) returns evervec.words_asked
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  space evervec.spaces;
  written evervec.words_written;
  lexemes text[];
  total float8;
  counts float8[];
  shares float8[];
  asked evervec.words_asked;
  unknown text;
  beside text[];
  near record;
begin
  select * into space from evervec.spaces s where s.id = space_id;
  written := evervec.read_words(query, space.language);
  lexemes := tsvector_to_array(to_tsvector(space.language, written.words));
  asked.excluded := written.excluded;
  asked.prefixes := written.prefixes;
  -- As a word that a tenth of the chunks have: how many begin so would have to be counted.
  asked.prefix_weight := ln(10);
  if space.weighed_at is not null and lexemes <> '{}' then
    select * into total, counts from evervec.count_words(space, lexemes, shown, visible, tiers);
    shares := array_fill(1::float8, array[cardinality(lexemes)]);
    -- Words that are in no chunk may be misspelled: what lies beside them counts half.
    if cardinality(lexemes) <= 32 then
      for unknown in
        select lexeme from unnest(lexemes, counts) counted (lexeme, count) where count = 0 limit 2
      loop
        beside := evervec.lexemes_present(space, evervec.lexemes_beside(unknown, written.words, space.language), shown);
        continue when beside is null or beside = '{}';
        for near in
          select lexeme, count
          from evervec.count_words(space, beside, shown, visible, tiers) known cross join unnest(beside, known.counts) counted (lexeme, count)
          where count > 0 and not lexeme = any (lexemes) order by count desc, lexeme limit 2
        loop
          lexemes := lexemes || near.lexeme::text;
          counts := counts || near.count::float8;
          shares := shares || 0.5::float8;
        end loop;
      end loop;
    end if;
  end if;
  return evervec.weigh_asked(space, asked, written.phrases, lexemes, shares, counts, total, case when shown is not null then tiers end);
end $$;
