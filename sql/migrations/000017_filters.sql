-- What a search may be narrowed by, what of its hits is shown beside the chunk, and what tells whether an answer that was
-- given before is still the answer.

-- Filters.
--
-- {"status": "open", "seats": {"$gte": 6}, "metadata.author.name": "Ann", "$or": [{…}, {…}], "$not": {…}}
-- as a condition on table row `t`. Names come from the source's definition and are quoted, values are quoted literals.
-- A condition on what is null or missing does not hold, but for $ne, `null` and $exists; $not turns that round.
--
-- A definition tells of each column the schema of its operators, its type and what it `is`: array, jsonb or plain. One that
-- was written before tells the schema alone, until the next set-up: then there are no paths and no $contains.

-- The column that a field of a filter means; null where there is none. The name of a column wins, dots and all; then the
-- longest column before a dot.
create function evervec.filter_column(name text, columns jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select c from jsonb_object_keys(columns) c where name = c or starts_with(name, c || '.') order by length(c) desc limit 1
$$;

-- What is known of it, with the path where the field is one into jsonb: `metadata.author.name`.
create function evervec.filter_field(name text, columns jsonb) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  owner constant text := evervec.filter_column(name, columns);
  info jsonb;
  path text[];
begin
  if owner is null then
    raise exception 'there is no column "%" to filter on', left(name, 100) using errcode = 'undefined_column',
      hint = 'its columns are ' || (select string_agg(c, ', ' order by c) from jsonb_object_keys(columns) c)
        || case when name like '$%' then '; filters are joined by $and, $or, $not' else '' end;
  end if;
  if owner <> name then
    path := string_to_array(substr(name, length(owner) + 2), '.');
  end if;
  info := columns -> owner;
  if jsonb_typeof(info) = 'string' then
    info := jsonb_build_object('operators', info, 'is', 'unknown');
  end if;
  if path is not null and info ->> 'is' <> 'jsonb' then
    raise exception 'there are no paths into column "%", as "%"', owner, left(name, 100)
      using errcode = 'invalid_parameter_value',
      hint = coalesce('paths go into columns of jsonb: ' || (select string_agg(c, ', ' order by c) from jsonb_each(columns) as each (c, known)
        where jsonb_typeof(known) = 'object' and known ->> 'is' = 'jsonb'), 'no column of this source is jsonb');
  end if;
  if path = '{}' or '' = any (path) then
    raise exception 'the path "%" has an empty part', left(name, 100) using errcode = 'invalid_parameter_value',
      hint = 'write column.key, column.key.key; a key with a dot is found by $contains on the column';
  end if;
  return info || jsonb_build_object('column', owner, 'path', path);
end $$;

create function evervec.refuse_filter(name text, operator text, value jsonb, hint text) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'a filter on "%" can''t be %', left(name, 100), left(jsonb_build_object(operator, value)::text, 200)
    using errcode = 'invalid_parameter_value', hint = hint;
end $$;

-- Fails, and names the field, where `value` is none of the type.
create function evervec.check_filter_value(name text, value text, type text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if type is null then return; end if;
  execute format('select %L::%s', value, type);
exception when data_exception or undefined_function or cannot_coerce then
  raise exception 'the filter on "%" takes another type of value: %', left(name, 100), left(sqlerrm, 300)
    using errcode = 'invalid_parameter_value',
      hint = format('its values are of type %s', regexp_replace(format_type(type::regtype, null), '^.*\.', ''));
end $$;

-- `leaf` under the keys of `path`.
create function evervec.nested_json(path text[], leaf jsonb) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  for position in reverse coalesce(cardinality(path), 0) .. 1 loop
    leaf := jsonb_build_object(path[position], leaf);
  end loop;
  return leaf;
end $$;

-- Containment: of one element or of all that are listed; in jsonb of keys with their values, too. Null where it means nothing.
create function evervec.contains_sql(name text, field jsonb, value jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := jsonb_typeof(value);
  listed constant jsonb := case kind when 'array' then value else jsonb_build_array(value) end;
  path constant text[] := case when field -> 'path' <> 'null' then array(select jsonb_array_elements_text(field -> 'path')) end;
  elements text;
begin
  if kind = 'object' and field ->> 'is' = 'jsonb' then
    return format('t.%I operator(pg_catalog.@>) %L::jsonb', field ->> 'column', evervec.nested_json(path, value));
  end if;
  if listed = '[]' or exists (select from jsonb_array_elements(listed) v where jsonb_typeof(v) in ('object', 'array', 'null')) then
    return null;
  end if;
  if field ->> 'is' = 'jsonb' then
    return format('t.%I operator(pg_catalog.@>) %L::jsonb', field ->> 'column', evervec.nested_json(path, listed));
  end if;
  if field ->> 'is' <> 'array' then return null; end if;
  elements := array(select jsonb_array_elements_text(listed))::text;
  perform evervec.check_filter_value(name, elements, field ->> 'type');
  return format('t.%I operator(pg_catalog.@>) %L', field ->> 'column', elements);
end $$;

-- A comparison with a column.
create function evervec.column_filter_sql(name text, field jsonb, operator text, value jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := jsonb_typeof(value);
  owner constant text := field ->> 'column';
  symbols constant jsonb := '{"$eq": "=", "$ne": "<>", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}';
  listed text;
begin
  if operator = '$in' and kind = 'array' and field ->> 'is' <> 'array'
    and not exists (select from jsonb_array_elements(value) v where jsonb_typeof(v) in ('object', 'array')) then
    listed := array(select v from jsonb_array_elements_text(value) v where v is not null)::text;
    perform evervec.check_filter_value(name, listed, (field ->> 'type') || '[]');
    return format('(%s)', concat_ws(' or ', 'false', case when value @> '[null]' then format('t.%I is null', owner) end,
      format('t.%I operator(%I.=) any (%L)', owner, field ->> 'operators', listed)));
  end if;
  if not symbols ? operator or kind in ('object', 'array') then return null; end if;
  if kind = 'null' then
    return case operator when '$eq' then format('t.%I is null', owner)
      when '$ne' then format('t.%I is not null', owner) else 'false' end;
  end if;
  perform evervec.check_filter_value(name, value #>> '{}', field ->> 'type');
  return format('(t.%I operator(%I.%s) %L%s)', owner, field ->> 'operators', symbols ->> operator, value #>> '{}',
    case when operator = '$ne' then format(' or t.%I is null', owner) end);
end $$;

-- A comparison with what is at a path of jsonb: a number is compared with numbers alone, a text with texts. Equality is
-- containment, which one GIN index on the column serves for all its paths.
create function evervec.path_filter_sql(field jsonb, operator text, value jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := jsonb_typeof(value);
  symbols constant jsonb := '{"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}';
  path constant text[] := array(select jsonb_array_elements_text(field -> 'path'));
  here constant text := format('(t.%I operator(pg_catalog.#>) %L)', field ->> 'column', path);
  is_absent constant text := format('coalesce(jsonb_typeof(%s), ''null'') = ''null''', here);
  is_equal constant text := format('t.%I operator(pg_catalog.@>) %L::jsonb', field ->> 'column', evervec.nested_json(path, value));
begin
  if operator = '$in' and kind = 'array'
    and not exists (select from jsonb_array_elements(value) v where jsonb_typeof(v) in ('object', 'array')) then
    return format('(%s)', concat_ws(' or ', 'false', case when value @> '[null]' then is_absent end,
      format('%s operator(pg_catalog.=) any (%L::jsonb[])', here, array(select v from jsonb_array_elements(value) v where v <> 'null'))));
  end if;
  if kind in ('object', 'array') then return null; end if;
  case
    when operator = '$eq' then return case kind when 'null' then is_absent else is_equal end;
    when operator = '$ne' then return case kind when 'null' then format('not %s', is_absent)
      else format('(%s) is not true', is_equal) end;
    when not symbols ? operator or kind = 'boolean' then return null;
    when kind = 'null' then return 'false';
    else return format('(jsonb_typeof(%s) = %L and %s operator(pg_catalog.%s) %L::jsonb)', here, kind, here,
      symbols ->> operator, value);
  end case;
end $$;

-- One condition on a field.
create function evervec.field_filter_sql(name text, field jsonb, operator text, value jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  has_path constant boolean := field -> 'path' <> 'null';
  condition text;
  hint text := 'use $eq, $ne, $gt, $gte, $lt, $lte with a value, $in with an array of values, $exists with true or false, $contains with '
    || case field ->> 'is' when 'array' then 'an element' when 'jsonb' then 'an element, or keys and values'
      else 'an element of an array, or of jsonb' end;
begin
  if operator = '$exists' and jsonb_typeof(value) = 'boolean' then
    return evervec.field_filter_sql(name, field, case value when 'true' then '$ne' else '$eq' end, 'null');
  end if;
  if operator = '$contains' then
    condition := evervec.contains_sql(name, field, value);
    if condition is null and field ->> 'is' = 'plain' then
      hint := format('"%s" is no array and no jsonb; words in a text are found by the query', name);
    end if;
  elsif has_path then
    condition := evervec.path_filter_sql(field, operator, value);
  else
    condition := evervec.column_filter_sql(name, field, operator, value);
    if condition is null and field ->> 'is' = 'array' and operator = '$in' then
      hint := format('"%s" is an array: {"$or": [{"%s": {"$contains": "…"}}, …]}', name, name);
    end if;
  end if;
  if condition is null then perform evervec.refuse_filter(name, operator, value, hint); end if;
  return condition;
end $$;

-- A filter at a depth; `taken` counts the conditions up to now.
create function evervec.filter_part_sql(
  filter jsonb, columns jsonb, depth integer, inout taken integer, out condition text
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  name text;
  value jsonb;
  operator text;
  field jsonb;
  inner_filter jsonb;
  inner_part text;
  parts text[] := '{}';
  alternatives text[];
begin
  if jsonb_typeof(filter) <> 'object' then
    raise exception 'a filter is an object of column and condition, not %', jsonb_typeof(filter)
      using errcode = 'invalid_parameter_value';
  end if;
  if depth > 10 then
    raise exception 'the filter nests more than 10 deep' using errcode = 'invalid_parameter_value',
      hint = 'a $not of an $and is an $or of $nots: say it flatter';
  end if;
  for name, value in select * from jsonb_each(filter) loop
    if name in ('$and', '$or', '$not') and not columns ? name then
      inner_filter := case when name = '$not' then jsonb_build_array(value) when jsonb_typeof(value) = 'array' then value
        else '[]' end;
      if inner_filter = '[]' or '{}' in (select jsonb_array_elements(inner_filter)) then
        raise exception '% of a filter says nothing', name using errcode = 'invalid_parameter_value',
          hint = '$and and $or take an array of filters, $not takes one; none of them empty';
      end if;
      alternatives := '{}';
      for inner_filter in select * from jsonb_array_elements(inner_filter) loop
        select part.taken, part.condition into taken, inner_part
        from evervec.filter_part_sql(inner_filter, columns, depth + 1, taken) part;
        alternatives := alternatives || format('(%s)', inner_part);
      end loop;
      parts := parts || case name when '$not' then format('(%s is not true)', alternatives[1])
        else format('(%s)', array_to_string(alternatives, case name when '$and' then ' and ' else ' or ' end)) end;
      continue;
    end if;
    field := evervec.filter_field(name, columns);
    if jsonb_typeof(value) <> 'object' then
      value := jsonb_build_object('$eq', value);
    end if;
    if value = '{}' then
      raise exception 'the filter on "%" says nothing', name using errcode = 'invalid_parameter_value',
        hint = 'use $eq, $ne, $gt, $gte, $lt, $lte with a value, or $in with an array of values';
    end if;
    for operator, value in select * from jsonb_each(value) loop
      taken := taken + 1;
      if taken > 200 then
        raise exception 'the filter has more than 200 conditions' using errcode = 'invalid_parameter_value',
          hint = 'many values of one column are one condition: $in';
      end if;
      parts := parts || evervec.field_filter_sql(name, field, operator, value);
    end loop;
  end loop;
  condition := array_to_string(parts, ' and ');
end $$;

create or replace function evervec.filter_sql(filter jsonb, columns jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if filter = '{}' then return ''; end if;
  return (select condition from evervec.filter_part_sql(filter, columns, 0, 0));
end $$;

-- Whose rows have no tiers hides none of them; format() refuses a name that is null.
create or replace function evervec.tiers_sql(definition jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case when definition ? 'tier' then format('t.%I::text = any ($4)', definition ->> 'tier') else '' end
$$;

-- What stands beside a hit.

-- The chunks up to `reach` before and after those that hits are of, in the order of the text. Of the caller's own rows, and
-- tiers as in a search. A hit whose chunk is another by now has none: they would be neighbours in another text.
create function evervec.neighbors(
  source text, keys text[], indexes integer[], texts text[], reach integer, options jsonb default '{}'
) returns table (
  record_key text, hit_index integer, chunk_index integer, chunk_text text, start_offset integer, end_offset integer,
  section text, page integer
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  wanted evervec.sources;
  chunks text;
  tiers constant text[] := evervec.narrowed_tiers(
    case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end, options -> 'tiers');
begin
  if reach not between 0 and 5 then
    raise exception 'neighbors is 0 to 5' using errcode = 'invalid_parameter_value';
  end if;
  select * into wanted from evervec.sources s where s.name = source;
  if wanted.active_space_id is null or reach = 0 then return; end if;
  chunks := format('evervec.%I', 'chunks_' || wanted.active_space_id);
  return query execute format($sql$
    select c.record_key::text, hit.chunk_index, c.chunk_index, c.text, c.start_offset, c.end_offset, c.section, c.page
    from unnest($1, $2, $3) as hit (record_key, chunk_index, text)
    join %s of_hit on of_hit.record_key = hit.record_key and of_hit.chunk_index = hit.chunk_index and of_hit.text = hit.text
    join %s c on c.record_key = hit.record_key and c.chunk_index between hit.chunk_index - $5 and hit.chunk_index + $5
      and c.chunk_index <> hit.chunk_index
    join %I.%I t on %s
    where true%s order by 1, 2, 3 $sql$,
    chunks, chunks, wanted.table_schema, wanted.table_name, wanted.definition ->> 'join',
    case when tiers is not null then concat(' and ' || nullif(evervec.tiers_sql(wanted.definition), '')) end)
  using keys, indexes, texts, tiers, reach;
end $$;

-- Texts with the words of a query marked, each as the language of its source writes them: `running` for `run`. Null where
-- the query has none. `marks` are what stands before and after a word; take what is in no text.
create function evervec.mark_words(sources text[], texts text[], query text, marks text[]) returns setof text
language sql stable set search_path = pg_catalog, pg_temp as $$
  with language as materialized (
    -- Lexemes as tsquery reads them: quote_literal would write E'' for a backslash.
    select source.name, space.language, (
      select string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery
      from unnest(to_tsvector(space.language, query))) as words
    from evervec.sources source join evervec.spaces space on space.id = source.active_space_id
    where source.name = any (sources)
  )
  select ts_headline(language.language, given.text, language.words,
    format('HighlightAll=true, StartSel="%s", StopSel="%s"', marks[1], marks[2]))
  from unnest(sources, texts) with ordinality as given (source, text, place)
  left join language on language.name = given.source order by place
$$;

-- Whether an answer is still the answer.
--
-- Each statement that may have changed what a search of a source finds leaves a row here, with a weight at random; the
-- statement's transaction is what makes it visible. What a snapshot sees of them is a set, and the sum of their weights
-- tells one set from another: src/search/generation.ts says why that is enough. Nobody waits: rows are only added, and
-- whoever takes some together adds one with their sum.

create table evervec.touches (
  -- As in evervec.changes.
  log_id integer not null,
  -- Modulo 2^64.
  weight numeric not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Open to all: who may set a source up need not be who made the schema, and all that it does is make answers be asked anew.
create function evervec.touch() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into evervec.touches (log_id, weight) values (tg_argv[0]::integer, 1 + floor(random() * 9e15));
  return null;
end $$;

-- Takes rows together: sums stay what they are, in every snapshot. @returns how many were taken
create function evervec.prune_touches() returns integer
language sql set search_path = pg_catalog, pg_temp as $$
  with chosen as materialized (select ctid from evervec.touches limit 20000 for update skip locked),
  taken as (delete from evervec.touches using chosen where touches.ctid = chosen.ctid returning log_id, weight),
  kept as (insert into evervec.touches (log_id, weight)
    select log_id, sum(weight) % 18446744073709551616 from taken group by log_id)
  select count(*)::integer from taken
$$;

-- Lets a table tell of each statement that may have changed it, also of those by a replica's role.
create function evervec.watch(relation regclass, log_id integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  trigger constant text := 'evervec_touch_' || log_id;
begin
  execute format('create or replace trigger %I after insert or update or delete or truncate on %s
    for each statement execute function evervec.touch(%L)', trigger, relation, log_id);
  execute format('alter table %s enable always trigger %I', relation, trigger);
end $$;

-- What an answer about these sources (null: all) depends on, as one text; null where not all of that is watched: a view, a
-- foreign table, one that a subscription writes to, a table without the trigger, or one whose row level security holds for
-- the caller. `touches` is how many rows there are to take together.
create function evervec.generation(names text[], out generation text, out touches bigint)
-- Its plan is kept: making it takes longer than running it.
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
begin
  with recursive wanted as materialized (
    select source.log_id, format('%s %s %s %s', source.id, source.xmin, space.id, space.xmin) as version,
      to_regclass(format('%I.%I', source.table_schema, source.table_name)) as table_oid,
      to_regclass(format('evervec.%I', 'chunks_' || space.id)) as sidecar_oid
    from evervec.sources source left join evervec.spaces space on space.id = source.active_space_id
    where source.name = any (names) or (names is null and source.standby_of is null)
  ),
  tree as (
    select log_id, table_oid::oid as oid, false as is_sidecar from wanted
    union select log_id, sidecar_oid::oid, true from wanted
    union select tree.log_id, inhrelid, tree.is_sidecar from tree join pg_inherits on inhparent = tree.oid
  ),
  relation as (
    -- How many chunks there seem to be decides which of them are compared with.
    select format('%s %s %s %s', tree.oid, class.xmin, class.relfilenode, case when tree.is_sidecar then class.reltuples end)
        || ' ' || watching.xmin as version,
      class.relkind in ('r', 'p') and watching.tgenabled = 'A' and not row_security_active(tree.oid)
        and not exists (select from pg_subscription_rel where srrelid = tree.oid) as is_watched
    from tree left join pg_class class on class.oid = tree.oid
    left join pg_trigger watching on watching.tgrelid = tree.oid and watching.tgname = 'evervec_touch_' || tree.log_id
      and watching.tgfoid = 'evervec.touch'::regproc
  ),
  seen as (select sum(weight) % 18446744073709551616 as weights, count(*) from evervec.touches
    where log_id in (select log_id from wanted))
  select case when (select bool_and(coalesce(is_watched, false)) from relation) then md5(concat_ws(E'\n',
      (select string_agg(version, ',' order by version) from wanted),
      (select string_agg(version, ',' order by version) from relation),
      (select weights from seen), current_user, current_setting('evervec' || '.tiers', true), current_setting('TimeZone'),
      current_setting('DateStyle'))) end,
    (select count from seen)
  into generation, touches;
end $$;

do $$
begin
  perform evervec.watch(format('evervec.%I', 'chunks_' || space.id)::regclass, source.log_id)
  from evervec.spaces space join evervec.sources source on source.id = space.source_id;
end $$;

-- Which columns searches are narrowed by, so that an index can be proposed. Names of columns alone: no value of a filter, and
-- no path, which may be one.
create table evervec.filter_uses (
  source_id integer not null references evervec.sources on delete cascade,
  column_name text not null,
  -- `compare`: with a value, in order; `contain`: elements of arrays, and what is inside jsonb.
  how text not null check (how in ('compare', 'contain')),
  uses bigint not null,
  last_used date not null default current_date,
  primary key (source_id, column_name, how)
);

-- Adds to them: [{"source", "field", "how": "compare" | "order" | "contain", "uses"}, …]. Of a field that is a path, order
-- is served by no index on its column; one that is gone since is left out.
create function evervec.note_filters(noted jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into evervec.filter_uses as kept (source_id, column_name, how, uses)
  select id, owner, case when owner <> field or how = 'contain' then 'contain' else 'compare' end as how, sum(uses)
  from (
    select source.id, given.field, given.how, given.uses, evervec.filter_column(given.field, source.definition -> 'columns') as owner
    from jsonb_to_recordset(noted) as given (source text, field text, how text, uses bigint)
    join evervec.sources source on source.name = given.source
  ) resolved
  where owner is not null and not (owner <> field and how = 'order')
  group by 1, 2, 3 order by 1, 2, 3
  on conflict (source_id, column_name, how) do update set uses = kept.uses + excluded.uses, last_used = excluded.last_used
$$;
