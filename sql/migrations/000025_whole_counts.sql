-- A space with indexes that had shrunk below 1,000 chunks, and a tier that came after words were counted, were taken for empty: each of their words counted
-- as misspelled. Now such a space is counted whole, as a small tier is, and a tier that nothing was counted of is sampled.

-- Looks at some 10,000 chunks, and at all of a tier, or a space without tiers, that has few of them. Lexemes that a sample holds less than ten times are left
-- out: the index counts those.
create or replace function evervec.keep_word_counts(space_id integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  space evervec.spaces;
  source evervec.sources;
  chunks text;
  tier text := '''''';
  rows text := '';
  share float8;
  counted jsonb;
  small text;
begin
  select * into space from evervec.spaces s where s.id = $1 for no key update;
  if not found then return; end if;
  select * into source from evervec.sources s where s.id = space.source_id;
  chunks := format('evervec.%I', 'chunks_' || space.id);
  if source.definition ? 'tier' then
    tier := format('t.%I::text collate "C"', source.definition ->> 'tier');
    rows := format(' join %I.%I t on %s', source.table_schema, source.table_name, source.definition ->> 'join');
  end if;
  select least(100, 1000000 / greatest(reltuples, 1)) into share from pg_class where oid = chunks::regclass;
  delete from evervec.word_counts k where k.space_id = $1;
  execute format($sql$
    with looked as materialized (select coalesce(%s, '') as tier, c.words from %s c tablesample system (%s) repeatable (0)%s),
    held as (
      insert into evervec.word_counts (space_id, tier, lexeme, chunks)
      select %s, tier, lexeme, count(*) * 100 / %3$s
      from looked cross join unnest(tsvector_to_array(words)) lexeme group by tier, lexeme having count(*) >= 10
    )
    select jsonb_object_agg(tier, jsonb_build_object('chunks', round(looked * 100 / %3$s), 'isWhole', false))
    from (select tier, count(*) as looked from looked group by tier having count(*) >= 1000) tiers $sql$,
    tier, chunks, share, rows, space.id) into counted;
  counted := coalesce(counted, '{}');
  for small in execute case when rows = '' then 'select ''''' else
    format('select distinct %s from %I.%I t', tier, source.table_schema, source.table_name) end
  loop
    continue when small is null or counted ? small;
    delete from evervec.word_counts k where k.space_id = $1 and k.tier = small;
    execute format($sql$
      with looked as materialized (select c.words from %s c%s where %s = %L limit 10000),
      held as (
        insert into evervec.word_counts (space_id, tier, lexeme, chunks)
        select %s, %4$L, lexeme, count(*) from looked cross join unnest(tsvector_to_array(words)) lexeme group by lexeme
      )
      select %6$L || jsonb_build_object(%4$L, jsonb_build_object('chunks', count(*), 'isWhole', count(*) < 10000)) from looked $sql$,
      chunks, rows, tier, small, space.id, counted) into counted;
  end loop;
  update evervec.spaces s set words_counted = counted where s.id = $1;
end $$;

-- In how many chunks of a space each lexeme is, of those that `shown` (with $4 for `tiers`) lets the caller see.
--
-- Below 10,000 chunks there is no index and all are looked at. Above, common lexemes were counted, and the rare ones are counted by
-- the index. Under row level security Postgres does not use the index of words, and what is hidden may depend on anything:
-- there a sample of the visible chunks is all there is, as it is for who may not read what was counted, and for a tier that
-- came since.
create or replace function evervec.count_words(
  space evervec.spaces, lexemes text[], shown text, visible text, tiers text[], out total float8, out counts float8[]
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  chunks constant text := format('evervec.%I', 'chunks_' || space.id);
  is_secured constant boolean := row_security_active(chunks::regclass);
  rows constant float8 := (select greatest(reltuples, 1) from pg_class where oid = chunks::regclass);
  share constant float8 := least(100, 100000 / rows);
  seen constant text[] := case when shown is null then array(select jsonb_object_keys(space.words_counted)) else tiers end;
  rare integer[];
  exact float8[];
begin
  if space.indexed_at is null then
    select * into total, counts from evervec.scan_words(chunks, lexemes, shown, tiers);
    return;
  end if;
  if is_secured or space.words_counted is null or not space.words_counted ?& seen or not has_table_privilege('evervec.word_counts'::regclass, 'select') then
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
  total := coalesce((select sum((space.words_counted -> tier ->> 'chunks')::float8) from unnest(seen) tier), 0);
  -- One by one: a join might read what is known of all words.
  counts := array(
    select (select sum(known.chunks) from evervec.word_counts known
      where known.space_id = space.id and known.tier = any (seen) and known.lexeme = given.lexeme collate "C")
    from unnest(lexemes) with ordinality given (lexeme, n) order by n);
  -- A tier of which all was looked at has no word besides.
  if not exists (select from unnest(seen) tier where (space.words_counted -> tier ->> 'isWhole')::boolean is false) then
    counts := array(select coalesce(count, 0) from unnest(counts) with ordinality given (count, n) order by n);
    return;
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

-- `hides`: what a row `t` has to be to be shown, empty where all are. Looking at all that pass costs about 3 µs each, an
-- iterative scan 15 to 30 µs for each chunk on its way to `candidates` that pass: whichever is less. What Postgres expects to pass
-- may be wrong; then the other way is taken in the end, or the dear one, and never are hits left out.
create or replace function evervec.vector_scan_of(
  source evervec.sources, space evervec.spaces, hides text, tiers text[], way evervec.search_way
) returns evervec.vector_scan language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  exact constant evervec.vector_scan := row('none'::text, 'exact'::text, null::float8);
  off constant evervec.vector_scan := row('none'::text, 'off'::text, null::float8);
  index constant text := case when space.built_with ->> 'quantize' = 'binary' then 'binary'
    else coalesce(space.built_with ->> 'type', 'hnsw') end;
  plan json;
  passing float8;
  rows float8;
  chunks float8;
begin
  if way.mode = 'text' and (space.indexed_at is null or way.is_exact or hides = '') then return off; end if;
  if space.indexed_at is null or way.is_exact then return exact; end if;
  if hides = '' then return row(index, 'index'::text, null::float8); end if;
  execute format('explain (format json) select from %I.%I t where %s', source.table_schema, source.table_name, hides)
    into plan using null::text, null::text, null::integer, tiers;
  passing := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8;
  select greatest(reltuples, 1) into rows from pg_class
  where oid = format('%I.%I', source.table_schema, source.table_name)::regclass;
  select greatest(reltuples, 1) into chunks from pg_class where oid = format('evervec.%I', 'chunks_' || space.id)::regclass;
  if rows > 1 then passing := passing * greatest(1, chunks / rows); end if;
  if way.mode = 'text' then return row('none'::text, 'off'::text, passing); end if;
  if passing * passing <= 5 * way.candidates * chunks or not evervec.has_iterative_scan() then
    return row('none'::text, 'exact'::text, passing);
  end if;
  return row(index, 'iterative'::text, passing);
end $$;

do $$
declare
  space integer;
begin
  for space in select id from evervec.spaces where indexed_at is not null and to_regclass(format('evervec.%I', 'chunks_' || id)) is not null loop
    perform evervec.keep_word_counts(space);
  end loop;
end $$;
