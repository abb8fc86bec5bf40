-- What a search by words asks is put together in fewer steps: what is known of words was asked for twice; each step was a statement of its own,
-- and some were planned anew each time. And a search for few candidates no longer begins with all chunks of a common word where rarer
-- ones give it as many as it takes.

-- As before; only what has a sign of it is looked through for phrases, words to leave out and beginnings.
create or replace function evervec.read_words(query text, language regconfig) returns evervec.words_written
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  -- A minus, words in quotes, a word after a minus, the beginning of a word.
  pattern constant text := '(?<![^[:space:]])(-?)"([^"]+)"(?![[:alnum:]_])|(?<![^[:space:]])-([[:alpha:]][^[:space:]"]*)'
    '|(?<![^[:space:]])([[:alnum:]]+)[*](?![^[:space:]])';
  part text[];
  asked tsquery;
  written evervec.words_written;
begin
  written.words := query;
  if translate(query, '"*-', '') = query then return written; end if;
  written.words := regexp_replace(query, pattern, ' ', 'g');
  for part in select regexp_matches(query, pattern, 'g') loop
    if part[4] is not null then
      asked := to_tsquery(language, part[4] || ':*');
      -- What is a word that says nothing may be the beginning of one that does.
      if numnode(asked) = 0 then asked := to_tsquery('simple', part[4] || ':*'); end if;
      written.prefixes := coalesce(written.prefixes || asked, asked);
      continue;
    end if;
    asked := phraseto_tsquery(language, coalesce(part[2], part[3]));
    continue when numnode(asked) = 0;
    if part[3] is not null or part[1] = '-' then
      written.excluded := coalesce(written.excluded || asked, asked);
    else
      written.words := written.words || ' ' || part[2];
      written.phrases := coalesce(written.phrases && asked, asked);
    end if;
  end loop;
  return written;
end $$;

-- What lies next to a word, with blanks between: one letter more, less, another, or two exchanged. Some more than once, and the word itself.
create function evervec.words_beside_text(word text) returns text
language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  letters constant text := case when word ~ '[а-яё]' then 'а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я'
    else 'a b c d e f g h i j k l m n o p q r s t u v w x y z ä ö ü ß é è ç ñ' end;
begin
  return (
    select string_agg(concat_ws(' ',
      before || replace(letters, ' ', here || rest || ' ' || before) || here || rest,
      before || replace(letters, ' ', rest || ' ' || before) || rest,
      before || rest,
      before || left(rest, 1) || here || substr(rest, 2)), ' ')
    from (
      select left(word, at) as before, substr(word, at + 1, 1) as here, substr(word, at + 2) as rest
      from generate_series(0, length(word)) at
    ) places
  );
end $$;

-- Lexemes in the place of one that no chunk has: of the words in `query` that became it, or of itself.
create or replace function evervec.lexemes_beside(lexeme text, query text, language regconfig) returns text[]
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select tsvector_to_array(to_tsvector(language, string_agg(evervec.words_beside_text(word), ' ')))
    from (
      select distinct word from regexp_split_to_table(lower(query), '[^[:alpha:]]+') word
      where length(word) between 4 and 20 and tsvector_to_array(to_tsvector(language, word)) = array[lexeme]
      limit 2
    ) written
  );
end $$;

drop function evervec.words_beside(text);

-- Of lexemes that are next to a misspelled one, those that are worth counting: the two commonest, or whatever there is. To count each of some
-- hundred would look through the index as often. All of them where some chunks are hidden, or nothing is counted.
create or replace function evervec.lexemes_present(space evervec.spaces, lexemes text[], shown text) returns text[]
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

drop function evervec.count_words(evervec.spaces, text[], text, text, text[]);

-- In how many chunks of a space each lexeme is, of those that `shown` (with $4 for `tiers`) lets the caller see, and in how many of them it is
-- heavy: 0 where in few, null where nobody knows.
--
-- Below 10,000 chunks there is no index and all are looked at. Above, common lexemes were counted, and the rare ones are counted by
-- the index. Under row level security Postgres does not use the index of words, and what is hidden may depend on anything:
-- there a sample of the visible chunks is all there is, as it is for who may not read what was counted, and for a tier that
-- came since.
create function evervec.count_words(
  space evervec.spaces, lexemes text[], shown text, visible text, tiers text[], out total float8, out counts float8[], out heavy_counts float8[]
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks constant text := format('evervec.%I', 'chunks_' || space.id);
  is_secured constant boolean := row_security_active(chunks::regclass);
  seen constant text[] := case when shown is null then array(select jsonb_object_keys(space.words_counted)) else tiers end;
  share float8;
  one_tier text;
  -- Of all tiers all chunks were looked at: no lexeme is in them besides.
  is_whole boolean := true;
  known jsonb;
  this float8;
begin
  if space.indexed_at is null then
    select * into total, counts from evervec.scan_words(chunks, lexemes, shown, tiers);
    return;
  end if;
  if is_secured or space.words_counted is null or not space.words_counted ?& seen or not has_table_privilege('evervec.word_counts'::regclass, 'select') then
    share := (select least(100, 100000 / greatest(reltuples, 1)) from pg_class where oid = chunks::regclass);
    select * into total, counts from evervec.scan_words(
      format('(select c.* from %s c tablesample system (%s) repeatable (0))', chunks, share), lexemes, shown, tiers);
    if visible is not null and not is_secured and total < 20 then
      select * into total, counts
      from evervec.scan_words(format('(select c.* from %s c %s)', chunks, visible), lexemes, null, tiers);
      return;
    end if;
    total := total * 100 / share;
    counts := array(select greatest(count, 0.5) * 100 / share from unnest(counts) with ordinality given (count, n) order by n);
    return;
  end if;
  total := 0;
  counts := array_fill(null::float8, array[cardinality(lexemes)]);
  heavy_counts := array_fill(0::float8, array[cardinality(lexemes)]);
  foreach one_tier in array seen loop
    total := total + coalesce((space.words_counted -> one_tier ->> 'chunks')::float8, 0);
    is_whole := is_whole and (space.words_counted -> one_tier ->> 'isWhole')::boolean is not false;
    -- Each by itself: Postgres might read what is known of all words, and compare each with all that are asked for.
    select jsonb_object_agg(lexeme, held) into known
    from (
      select lexeme, (select k.chunks from evervec.word_counts k
        where k.space_id = space.id and k.lexeme = given.lexeme collate "C" and k.tier = one_tier) as held
      from unnest(lexemes || array(select chr(1) || unnest(lexemes))) given (lexeme) offset 0
    ) looked_up where held is not null;
    continue when known is null;
    for i in 1 .. cardinality(lexemes) loop
      this := (known ->> lexemes[i])::float8;
      continue when this is null;
      counts[i] := coalesce(counts[i], 0) + this;
      heavy_counts[i] := heavy_counts[i] + coalesce((known ->> (chr(1) || lexemes[i]))::float8, 0);
    end loop;
  end loop;
  for i in 1 .. cardinality(lexemes) loop
    if counts[i] is null and is_whole then
      counts[i] := 0;
    elsif counts[i] is null then
      execute format('select count(*) from %s c where c.words @@ $5%s', chunks, ' and ' || shown)
        into this using null::text, null::text, null::integer, tiers, evervec.any_lexeme(array[lexemes[i]]);
      counts[i] := this;
    end if;
    total := case when is_whole then total else greatest(total, counts[i]) end;
  end loop;
end $$;

-- As before; in one expression without settings of its own, which Postgres puts into the statement that asks for it.
create or replace function evervec.low_weight(space evervec.spaces) returns float8
language sql immutable parallel safe
return case when space.heavy_for > 0 and space.weighed_to is null
  then 2.2 / (1 + least(1, space.heavy_for::float8 / space.average_words) * (2.2 - 1.3) / 1.3) else 2.2 end;

drop function evervec.weigh_asked(evervec.spaces, evervec.words_asked, tsquery, text[], float8[], float8[], float8, text[]);

-- The chunks that may be among the best: looked at in two rounds (see `words_needed`), of which the first takes the lexemes that say most,
-- and those chunks in which a more common one is heavy, as far as they are few.
create function evervec.weigh_asked(
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

drop function evervec.ask_words(integer, text, text, text, text[]);

-- What a query asks of a space by words, of which so many `candidates` are wanted. `shown`, a condition on chunk `c`, and `visible`, a join that says
-- the same, have $4 for `tiers`; both are null where all is shown.
create function evervec.ask_words(
  space_id integer, query text, shown text, visible text, tiers text[], candidates integer default 100
) returns evervec.words_asked
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  space evervec.spaces;
  written evervec.words_written;
  lexemes text[];
  total float8;
  counts float8[];
  heavy_counts float8[];
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
    select * into total, counts, heavy_counts from evervec.count_words(space, lexemes, shown, visible, tiers);
    shares := array_fill(1::float8, array[cardinality(lexemes)]);
    -- Words that are in no chunk may be misspelled: what lies beside them counts half.
    if cardinality(lexemes) <= 32 and 0 = any (counts) then
      for unknown in
        select lexeme from unnest(lexemes, counts) counted (lexeme, count) where count = 0 limit 2
      loop
        beside := evervec.lexemes_present(space, evervec.lexemes_beside(unknown, written.words, space.language), shown);
        continue when beside is null or beside = '{}';
        for near in
          select lexeme, count, heavy from evervec.count_words(space, beside, shown, visible, tiers) known
          cross join unnest(beside, known.counts, known.heavy_counts) counted (lexeme, count, heavy)
          where count > 0 and not lexeme = any (lexemes) order by count desc, lexeme limit 2
        loop
          lexemes := lexemes || near.lexeme::text;
          counts := counts || near.count::float8;
          heavy_counts := heavy_counts || near.heavy::float8;
          shares := shares || 0.5::float8;
        end loop;
      end loop;
    end if;
  end if;
  return evervec.weigh_asked(space, asked, written.phrases, lexemes, shares, counts, heavy_counts, total, candidates);
end $$;

-- `tiers` is a condition on table row `t`, or empty.
create or replace function evervec.words_query_sql(source evervec.sources, space evervec.spaces, tiers text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select format('evervec.ask_words(%s, $1, %L, %L, $4, $3)', space.id, evervec.shown_sql(source, tiers),
    case when tiers <> '' then format('join (select (%s) collate "C" as record_key from %I.%I t where %s) passing using (record_key)',
      source.definition ->> 'keyText', source.table_schema, source.table_name, tiers) end)
$$;

-- Searches sources whose spaces are of one model, all of them where `sources` is null; of those that have tiers only what is in `visible`; null:
-- all that the caller sees. Give a query for its words, a query_vector for its meaning, both for both.
-- options: mode (vector, text, hybrid), filter, limit (10), offset (0), model (checked against the spaces'), tiers (which
-- narrows `visible`), expert (docs/search.md), spaces (source to the id of its space: refused where that is not so). With
-- `is_explained` there is a report.
create or replace function evervec.run_search(
  sources text[], query text, query_vector vector.vector, options jsonb, visible text[], is_explained boolean
) returns evervec.search_run
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  premise text;
  is_plain boolean;
  run evervec.search_run;
begin
  -- From SQL it found nothing, and did not say why.
  if sources is null and not options ? 'spaces' then
    sources := array(select s.name from evervec.sources s where s.standby_of is null and s.active_space_id is not null order by s.name);
  end if;
  if coalesce(options -> 'filter', '{}') = '{}' and not is_explained then
    select again.premise, again.is_plain, again.hits into premise, is_plain, run.hits
      from evervec.run_again(sources, options, query, query_vector, visible) again;
  end if;
  if run.hits is null then
    run := evervec.run_anew(sources, query, query_vector, options, visible, is_explained, premise, is_plain);
  end if;
  -- The statement may have been of the space that came, with the vector of the one that went.
  if options ? 'spaces' and exists (
    select from evervec.sources s where options -> 'spaces' ? s.name
      and s.active_space_id is distinct from (options -> 'spaces' ->> s.name)::integer
  ) then
    raise exception 'the spaces of these sources are others by now' using errcode = 'object_not_in_prerequisite_state';
  end if;
  return run;
end $$;
