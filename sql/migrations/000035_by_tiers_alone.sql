-- `evervec.search` of documents by a role under row level security takes the way of `search_documents` where that finds the same: it took twenty times
-- as long to search by words, and whoever did not know of the other function waited.

-- Whether the tiers are all that hides documents from the caller, by the policies that came with them, and the caller may search by them with the
-- owner's rights. A policy of the user's own, beside these or in their place, holds in `search` alone.
create function evervec.is_bound_by_tiers() returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if not row_security_active('evervec.documents'::regclass) or not has_function_privilege('evervec.search_documents'::regproc, 'execute') then
    return false;
  end if;
  return (
    select count(*) = 2 and bool_and(policy.polname = 'tiers' and policy.polpermissive and policy.polroles = '{0}'
      and pg_get_expr(policy.polqual, policy.polrelid) ~ case when policy.polrelid = 'evervec.documents'::regclass
        then '^\(tier = ANY \(\( SELECT \S+visible_tiers\(\) AS visible_tiers\)::text\[\]\)\)$'
        else '^\(EXISTS \( SELECT\s+FROM \S+documents t\s+WHERE \(t\.id = \(chunks_\d+\.record_key\)::uuid\)\)\)$' end)
    from evervec.sources source join pg_policy policy
      on policy.polcmd in ('*', 'r')
      and policy.polrelid in ('evervec.documents'::regclass, to_regclass(format('evervec.%I', 'chunks_' || source.active_space_id)))
    where source.name = 'documents' and source.definition ? 'tier'
      and to_regclass(format('%I.%I', source.table_schema, source.table_name)) = 'evervec.documents'::regclass
  );
end $$;

-- As before; of documents alone by whom `search_documents` shows the same, in its way.
create or replace function evervec.search(
  sources text[],
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns setof evervec.search_hit
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if sources = array['documents'] and evervec.is_bound_by_tiers() then
    return query select * from evervec.search_documents(query, query_vector, options);
    return;
  end if;
  return query select * from unnest(
    (evervec.run_search(sources, query, query_vector, options, case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end, false)).hits);
end $$;

-- As before, of the way that `search` takes.
create or replace function evervec.explain_search(
  sources text[],
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns table (report jsonb, hits evervec.search_hit[])
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if sources = array['documents'] and evervec.is_bound_by_tiers()
    and has_function_privilege('evervec.explain_documents'::regproc, 'execute') then
    return query select * from evervec.explain_documents(query, query_vector, options);
    return;
  end if;
  return query select run.report, run.hits
    from evervec.run_search(sources, query, query_vector, options, case when current_setting('evervec' || '.tiers', true) <> '' then evervec.visible_tiers() end, true) run;
end $$;

-- The source of documents. One of the user's may have the name, of a table with policies of its own.
create function evervec.documents_source() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  name text := (select s.name from evervec.sources s where s.name = 'documents' and s.definition ? 'tier'
    and to_regclass(format('%I.%I', s.table_schema, s.table_name)) = 'evervec.documents'::regclass);
begin
  if name is null then
    raise exception 'there are no documents' using errcode = 'undefined_object',
      hint = 'the first that is added makes the source';
  end if;
  return name;
end $$;

-- The fast way for a role under row level security, whose policies keep Postgres from using the index of words: with the rights of the owner, and
-- therefore of documents alone and by tiers alone, whatever the options say. Where the setting is not set, it finds nothing.
create or replace function evervec.search_documents(
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns setof evervec.search_hit
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query select * from unnest(
    (evervec.run_search(array[evervec.documents_source()], query, query_vector, options, evervec.visible_tiers(), false)).hits);
end $$;

-- The same hits, and how they were found.
create function evervec.explain_documents(
  query text default null,
  query_vector vector.vector default null,
  options jsonb default '{}'
) returns table (report jsonb, hits evervec.search_hit[])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query select run.report, run.hits
    from evervec.run_search(array[evervec.documents_source()], query, query_vector, options, evervec.visible_tiers(), true) run;
end $$;
revoke all on function evervec.explain_documents from public;

-- Who may search documents may have it explained.
do $$
declare
  reader text;
begin
  for reader in
    select case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end
    from pg_proc searching cross join aclexplode(searching.proacl) granted
    where searching.oid = 'evervec.search_documents'::regproc and granted.grantee <> searching.proowner
  loop
    execute format('grant execute on function evervec.explain_documents to %s', reader);
  end loop;
end $$;

-- As before, and to have a search explained.
create or replace function evervec.grant_documents(reader regrole) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  namespace regnamespace;
  sidecar text;
begin
  for namespace in
    select relnamespace from pg_class where oid = 'evervec.documents'::regclass
    union select extnamespace from pg_extension where extname = 'vector'
  loop
    if not has_schema_privilege(reader, namespace, 'usage') then
      execute format('grant usage on schema %s to %s', namespace, reader);
    end if;
  end loop;
  execute format('grant execute on function evervec.search_documents, evervec.explain_documents to %s', reader);
  execute format('grant select on evervec.documents, evervec.document_versions, evervec.document_version_diff,
    evervec.sources, evervec.spaces to %s', reader);
  for sidecar in
    select format('evervec.%I', 'chunks_' || space.id) from evervec.spaces space
    join evervec.sources source on source.id = space.source_id
    where source.definition ? 'tier'
      and to_regclass(format('%I.%I', source.table_schema, source.table_name)) = 'evervec.documents'::regclass
  loop
    execute format('grant select on %s to %s', sidecar, reader);
  end loop;
end $$;
