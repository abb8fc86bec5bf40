-- Search by words: BM25, with pgvector and nothing else (docs/decisions/0014-bm25-is-an-inner-product.md).
--
-- What a chunk's side of the formula is, is written with the chunk: for each lexeme count · (k1 + 1) / (count + k1 · (1 − b +
-- b · length / average length)), with k1 = 1.2 and b = 0.75, as a sparse vector over hashed lexemes. What the query's side is,
-- how rare each lexeme is, is found when somebody asks. The score of a chunk is the inner product of the two.

alter table evervec.spaces
  -- The average length of a chunk, in lexemes, that its weights are for; null where it never had a chunk.
  add column average_words real check (average_words > 0),
  -- Since when every chunk has weights; before, ts_rank ranks.
  add column weighed_at timestamptz,
  -- Weights are being made anew for the average, up to this record; null where none are.
  add column weighed_to text collate "C";

-- The number of a lexeme, from 1 to 1,000,000,000.
create function evervec.word_id(lexeme text) returns integer
language sql immutable strict parallel safe
return abs(hashtextextended(lexeme, 0) % 1000000000)::integer + 1;

-- How many lexemes a chunk has, each as often as it stands there.
create function evervec.words_length(words tsvector) returns bigint
language sql immutable strict parallel safe
return (select coalesce(sum(coalesce(cardinality(positions), 1)), 0) from unnest(words));

-- A chunk's side of BM25, where two of its lexemes have one number or there are more than the 16,000 that a sparse vector
-- holds: those of one number are one, and of the others some are left out.
create function evervec.crowded_weights(words tsvector, average_words float8) returns vector.sparsevec
language sql immutable parallel safe
return (
  select ('{' || string_agg(id || ':' || (times * 2.2::float8 / (times + size))::real, ',') || '}/1000000000')::vector.sparsevec
  from (
    select evervec.word_id(lexeme) as id, sum(coalesce(cardinality(positions), 1))::float8 as times,
      1.2::float8 * (0.25::float8 + 0.75::float8 * max(sized.length) / average_words) as size
    from (select evervec.words_length(words) as length offset 0) sized cross join unnest(words) group by 1 limit 16000
  ) numbered
);

-- A chunk's side of BM25. Its words are in it as to_tsvector keeps them: 255 places of a lexeme at most. The elements come in
-- any order. Every chunk that is written comes through here: grouping by the number alone would double what it takes.
create function evervec.term_weights(words tsvector, average_words float8) returns vector.sparsevec
language sql immutable parallel safe
return (
  select case when count(*) = count(distinct id) and count(*) <= 16000
    then ('{' || coalesce(string_agg(id || ':' || (times * 2.2::float8 / (times + size))::real, ','), '')
      || '}/1000000000')::vector.sparsevec
    else evervec.crowded_weights(words, average_words) end
  from (
    select evervec.word_id(lexeme) as id, coalesce(cardinality(positions), 1) as times,
      1.2::float8 * (0.25::float8 + 0.75::float8 * (sum(coalesce(cardinality(positions), 1)) over ()) / average_words) as size
    from unnest(words)
  ) numbered
);

do $$
declare
  space evervec.spaces;
  chunks text;
begin
  for space in select * from evervec.spaces order by id loop
    chunks := format('evervec.%I', 'chunks_' || space.id);
    continue when to_regclass(chunks) is null;
    execute format('alter table %s add column weights vector.sparsevec', chunks);
    execute format('alter table %s alter column weights set storage main', chunks);
    -- Of the first chunks there are; upkeep looks closer.
    execute format('update evervec.spaces set average_words = (
        select greatest(1, avg(evervec.words_length(words))) from (select words from %s limit 1000) looked
      ), weighed_at = case when not exists (select from %s) then now() end where id = %s', chunks, chunks, space.id);
  end loop;
end $$;

-- What a query asks for by words.
create type evervec.words_asked as (
  -- What a chunk has to hold; null where nothing can be found.
  matched tsquery,
  -- What each lexeme counts for; the scores are its inner product with the weights of chunks.
  weights vector.sparsevec,
  -- Beginnings of words, which are no lexemes: those that hold one have `prefix_weight` more.
  prefixes tsquery,
  prefix_weight float8,
  -- Chunks with a rare lexeme are looked at first; null where `matched` is looked up at once.
  rarest tsquery,
  -- The other lexemes and the most that each can add to a score, from the most to the least.
  others text[],
  bounds float8[],
  excluded tsquery
);

-- Lexemes as tsquery reads them: quote_literal would write E'' for a backslash.
create function evervec.any_lexeme(lexemes text[]) returns tsquery
language sql immutable strict parallel safe
return (
  select string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery
  from unnest(lexemes) lexeme
);

-- A sparse vector of lexemes, each with its value.
create function evervec.lexeme_vector(lexemes text[], amounts float8[]) returns vector.sparsevec
language sql immutable parallel safe
return (
  select ('{' || coalesce(string_agg(concat(id, ':', amount::real), ','), '') || '}/1000000000')::vector.sparsevec
  from (
    select evervec.word_id(lexeme) as id, max(amount) as amount from unnest(lexemes, amounts) given (lexeme, amount)
    where amount > 0 group by 1 limit 16000
  ) numbered
);

-- In how many of the chunks `chunks` (text: a table, or a query in brackets) each lexeme is, by looking at all of them.
create function evervec.scan_words(
  chunks text, lexemes text[], shown text, tiers text[], out total float8, out counts float8[]
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  has constant text :=
    '(coalesce(c.weights, evervec.term_weights(c.words, 1)) operator(vector.<#>) %L::vector.sparsevec) < 0';
begin
  if cardinality(lexemes) <= 32 then
    execute format('select count(*), array[%s]::float8[] from %s c where true%s',
      (select string_agg(format('count(*) filter (where ' || has || ')',
          evervec.lexeme_vector(array[lexeme], array[1])), ', ' order by n)
        from unnest(lexemes) with ordinality given (lexeme, n)),
      chunks, ' and ' || shown)
      into total, counts using null::text, null::text, null::integer, tiers;
    return;
  end if;
  execute format('select count(*) from %s c where true%s', chunks, ' and ' || shown)
    into total using null::text, null::text, null::integer, tiers;
  execute format('select array_agg(coalesce(found.times, 0) order by n)
    from unnest($5) with ordinality given (lexeme, n)
    left join (
      select lexeme, count(*)::float8 as times from %s c cross join unnest(tsvector_to_array(c.words)) lexeme
      where ' || has || '%s and lexeme = any ($5) group by lexeme
    ) found using (lexeme)',
    chunks, evervec.lexeme_vector(lexemes, array_fill(1::float8, array[cardinality(lexemes)])), ' and ' || shown)
    into counts using null::text, null::text, null::integer, tiers, lexemes;
end $$;

-- In how many chunks of a space each lexeme is, of those that `shown` (with $4 for `tiers`) lets the caller see.
--
-- Below 10,000 chunks there is no index and all are looked at. Above, common lexemes are in the statistics that Postgres
-- keeps by itself, and the rare ones are counted by the index. Where some chunks are hidden those statistics would tell of them:
-- there a sample of the visible ones takes their place, and where few are visible those are looked at by `visible`, a join
-- that begins with their rows. Under row level security Postgres does not use the index of words, so that the sample is all
-- there is.
create function evervec.count_words(
  space evervec.spaces, lexemes text[], shown text, visible text, tiers text[], out total float8, out counts float8[]
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks constant text := format('evervec.%I', 'chunks_' || space.id);
  is_secured constant boolean := row_security_active(chunks::regclass);
  rows constant float8 := (select greatest(reltuples, 1) from pg_class where oid = chunks::regclass);
  share constant float8 := least(100, 100000 / rows);
  rare integer[];
  exact float8[];
begin
  if space.indexed_at is null then
    select * into total, counts from evervec.scan_words(chunks, lexemes, shown, tiers);
    return;
  end if;
  if is_secured or shown is not null then
    select * into total, counts from evervec.scan_words(
      format('(select c.* from %s c tablesample system (%s) repeatable (0))', chunks, share), lexemes, shown, tiers);
    if visible is not null and not is_secured and total < 20 then
      select * into total, counts
      from evervec.scan_words(format('(select c.* from %s c %s)', chunks, visible), lexemes, null, tiers);
      return;
    end if;
    total := total * 100 / share;
    if is_secured then
      counts := array(select greatest(count, 0.5) * 100 / share
        from unnest(counts) with ordinality given (count, n) order by n);
      return;
    end if;
    counts := array(select case when count >= 10 then count * 100 / share end
      from unnest(counts) with ordinality given (count, n) order by n);
  else
    total := rows;
    counts := array(
      select known.frequency * rows from unnest(lexemes) with ordinality given (lexeme, n)
      left join (
        select element.lexeme, element.frequency from pg_stats s
        join pg_class class on class.oid = chunks::regclass and class.relname = s.tablename
        join pg_namespace namespace on namespace.oid = class.relnamespace and namespace.nspname = s.schemaname
        -- Three more frequencies than elements come at the end, which tell of all.
        cross join unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) element (lexeme, frequency)
        where s.attname = 'words' and not s.inherited and element.lexeme is not null
      ) known using (lexeme) order by n);
  end if;
  rare := array(select n from unnest(counts) with ordinality given (count, n) where count is null order by n);
  if rare = '{}' then return; end if;
  execute format('select array_agg((select count(*) from %s c where c.words @@ evervec.any_lexeme(array[rare.lexeme])%s)
    order by n) from unnest($5) with ordinality rare (lexeme, n)', chunks, ' and ' || shown)
    into exact using null::text, null::text, null::integer, tiers, array(select lexemes[n] from unnest(rare) n);
  for i in 1 .. cardinality(rare) loop
    counts[rare[i]] := exact[i];
  end loop;
  total := greatest(total, (select max(count) from unnest(counts) count));
end $$;

-- What lies next to a word: one letter more, less, another, or two exchanged.
create function evervec.words_beside(word text) returns text[]
language sql immutable strict set search_path = pg_catalog, pg_temp as $$
  with letter as (
    select unnest(string_to_array(case when word ~ '[а-яё]' then 'абвгдеёжзийклмнопрстуфхцчшщъыьэюя'
      else 'abcdefghijklmnopqrstuvwxyzäöüßéèçñ' end, null)) as letter
  ), place as (select generate_series(0, length(word)) as at)
  select array(
    select left(word, at) || substr(word, at + 2) from place where at < length(word)
    union select left(word, at) || substr(word, at + 2, 1) || substr(word, at + 1, 1) || substr(word, at + 3) from place
      where at < length(word) - 1
    union select left(word, at) || letter || substr(word, at + 2) from place cross join letter where at < length(word)
    union select left(word, at) || letter || substr(word, at + 1) from place cross join letter
    except select word
  )
$$;

-- Lexemes in the place of one that no chunk has: of the words in `query` that became it, or of itself.
create function evervec.lexemes_beside(lexeme text, query text, language regconfig) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select tsvector_to_array(to_tsvector(language, string_agg(array_to_string(evervec.words_beside(word), ' '), ' ')))
  from (
    select distinct word from regexp_split_to_table(lower(query), '[^[:alpha:]]+') word
    where length(word) between 4 and 20 and tsvector_to_array(to_tsvector(language, word)) = array[lexeme]
    limit 2
  ) written
$$;

-- What people write: "words that stand together", -without, begin*; all else is words of which some are wanted.
create type evervec.words_written as (words text, phrases tsquery, prefixes tsquery, excluded tsquery);

create function evervec.read_words(query text, language regconfig) returns evervec.words_written
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  -- A minus, words in quotes, a word after a minus, the beginning of a word.
  pattern constant text := '(?<![^[:space:]])(-?)"([^"]+)"(?![[:alnum:]_])|(?<![^[:space:]])-([[:alpha:]][^[:space:]"]*)'
    '|(?<![^[:space:]])([[:alnum:]]+)[*](?![^[:space:]])';
  part text[];
  asked tsquery;
  written evervec.words_written;
begin
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

-- The chunks that may be among the best: looked at in two rounds (see `words_needed`), of which the first takes the rarest
-- lexemes, up to 2 % of the chunks.
create function evervec.weigh_asked(
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
  asked.weights := evervec.lexeme_vector(lexemes, amounts);
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

-- Which chunks without a rare lexeme may reach a score: those with enough of the other lexemes that the sum of the most that
-- they can add is not below it (Turtle and Flood, "Query evaluation: strategies and optimizations", 1995). Null: none.
-- Beyond `depth` lexemes that a chunk has to hold together any of those left will do.
create function evervec.words_reaching(lexemes text[], bounds float8[], score float8, depth integer) returns tsquery
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  reaching tsquery;
  further tsquery;
  this tsquery;
  alone text[] := '{}';
begin
  for i in 1 .. coalesce(cardinality(lexemes), 0) loop
    exit when (select sum(bound) from unnest(bounds[i:]) bound) < score;
    if bounds[i] >= score or depth <= 1 then
      alone := alone || lexemes[i];
      continue;
    end if;
    this := evervec.any_lexeme(lexemes[i:i]);
    further := evervec.words_reaching(lexemes[i + 1:], bounds[i + 1:], score - bounds[i], depth - 1);
    this := this && further;
    reaching := coalesce(reaching || this, this, reaching);
  end loop;
  this := evervec.any_lexeme(nullif(alone, '{}'));
  return coalesce(this || reaching, this, reaching);
end $$;

create function evervec.words_needed(asked evervec.words_asked, score float8) returns tsquery
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  needed constant tsquery := evervec.words_reaching(asked.others, asked.bounds, score,
    case when cardinality(asked.others) <= 12 then 3 else 1 end);
begin
  return coalesce((needed && (!! asked.rarest)) && (!! asked.excluded), needed && (!! asked.rarest));
end $$;

-- What a query asks of a space by words. `shown`, a condition on chunk `c`, and `visible`, a join that says
-- the same, have $4 for `tiers`; both are null where all is shown.
create function evervec.ask_words(
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
        beside := evervec.lexemes_beside(unknown, written.words, space.language);
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
  return evervec.weigh_asked(asked, written.phrases, lexemes, shares, counts, total);
end $$;

-- `tiers` is a condition on table row `t`, or empty.
create function evervec.words_query_sql(source evervec.sources, space evervec.spaces, tiers text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select format('evervec.ask_words(%s, $1, %L, %L, $4)', space.id, evervec.shown_sql(source, tiers),
    case when tiers <> '' then format('join (select (%s) collate "C" as record_key from %I.%I t where %s) passing using (record_key)',
      source.definition ->> 'keyText', source.table_schema, source.table_name, tiers) end)
$$;

-- How well chunk `c` fits what is asked, `asked`, by BM25. A chunk that came without weights is weighed as it is read.
create function evervec.bm25_sql(space evervec.spaces) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select format('(coalesce(-(coalesce(c.weights, evervec.term_weights(c.words, %s::real)) operator(vector.<#>) asked.weights), 0)
    + case when asked.prefixes is not null and c.words @@ asked.prefixes then asked.prefix_weight else 0 end)',
    coalesce(space.average_words, 1))
$$;

-- The best by words; `words_score_sql` is the score of a chunk, null for one that does not match. In both `query.words` is
-- what `words_query_sql` gives.
--
-- With an index the chunks that hold a rare lexeme are scored first, and then only those others that may still be among the
-- best: the same hits in the same order as if all were.
create function evervec.words_leg_sql(space evervec.spaces, chunks text, joins text, condition text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  scored constant text := format('select c.record_key, c.chunk_index, %s as score from asked cross join %s c %s',
    evervec.bm25_sql(space), chunks, joins);
  best constant text := ' order by score desc, record_key, chunk_index limit $3';
  asked constant text := 'with asked as materialized (select (words).* from query)';
begin
  if space.weighed_at is null then
    return format('select c.record_key, c.chunk_index from %s c %s cross join query where c.words @@ (query.words).matched%s
      order by ts_rank(c.words, (query.words).matched, 1) desc, c.record_key, c.chunk_index limit $3', chunks, joins, condition);
  end if;
  if space.indexed_at is null or row_security_active(chunks::regclass) then
    return format('%s select record_key, chunk_index from (%s where c.words @@ asked.matched%s) scored%s',
      asked, scored, condition, best);
  end if;
  return format('%s, first as materialized (%s where c.words @@ coalesce(asked.rarest, asked.matched)%s),
    needed as materialized (
      select evervec.words_needed(words, coalesce((select score from first order by score desc limit 1 offset $3 - 1), 0)) as words
      from query where (words).rarest is not null
    )
    select record_key, chunk_index from (
      select * from first union all %s cross join needed where needed.words is not null and c.words @@ needed.words%s
    ) scored%s',
    asked, scored, condition, scored, condition, best);
end $$;

create function evervec.words_score_sql(space evervec.spaces) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case when space.weighed_at is null
    then 'case when c.words @@ (query.words).matched then ts_rank(c.words, (query.words).matched, 1) end'
    else format('(select case when c.words @@ asked.matched then %s::real end from (select (query.words).*) asked)',
      evervec.bm25_sql(space)) end
$$;
