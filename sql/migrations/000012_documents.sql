-- Documents: rows of a table of ours, which is a source like any other, and the versions that they had.
--
-- What a document is now is in `documents`; every content that it ever had is a row of `document_versions`, which never
-- changes. `version` is the newest, `active_version` the one whose chunks are searched: the worker moves it in the
-- transaction that writes them (I7).

create table evervec.collections (
  name text primary key collate "C" check (name ~ '^[[:alnum:]][[:alnum:]_.-]{0,99}$'),
  title text,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now()
);

create table evervec.documents (
  id uuid primary key,
  collection text not null collate "C" references evervec.collections on update cascade,
  title text not null,
  author text,
  published date,
  type text,
  tags text[] not null default '{}',
  tier text not null,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  -- What it is known by where it came from: a path, a URL, what an import gave it. Null where it is nowhere else.
  origin text collate "C" check (octet_length(origin) between 1 and 2000),
  -- Of the file: pdf, docx, html, markdown, text …
  format text not null,
  -- SHA-256 of the file's bytes, which tells that an upload is one that is here already.
  raw_hash bytea not null,
  -- Of what an import told about it beside its bytes: the same of both is not looked at again.
  import_hash bytea,
  -- Clean Markdown, and its SHA-256, which tells that nothing has to be embedded.
  text text not null,
  text_hash bytea not null,
  -- Where each page begins in the text; null where there are none.
  pages integer[],
  -- What made the text out of the file: its name and version.
  parser text not null,
  version integer not null default 1 check (version > 0),
  active_version integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index documents_origin on evervec.documents (collection, origin) where origin is not null;
create index documents_raw_hash on evervec.documents (collection, raw_hash);

create table evervec.document_versions (
  document_id uuid not null references evervec.documents on delete cascade,
  version integer not null,
  title text not null,
  metadata jsonb not null,
  format text not null,
  raw_hash bytea not null,
  text text not null,
  text_hash bytea not null,
  pages integer[],
  parser text not null,
  changed_by text not null,
  summary text,
  created_at timestamptz not null default now(),
  primary key (document_id, version)
);

-- Where a document is fetched from again, and how that went.
create table evervec.document_fetches (
  document_id uuid primary key references evervec.documents on delete cascade,
  url text not null,
  -- What the server gave to recognise its answer by.
  etag text,
  last_modified text,
  -- Of the last fetch that went well.
  checked_at timestamptz,
  -- Null while it is paused.
  due_at timestamptz,
  failures integer not null default 0,
  paused_at timestamptz,
  -- Code of the last failure; null since one went well.
  error text,
  -- Whoever fetches it has until then.
  leased_until timestamptz
);
create index document_fetches_due on evervec.document_fetches (due_at) where due_at is not null;

create function evervec.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'a version of a document never changes' using errcode = 'restrict_violation',
    hint = 'write another version';
end $$;
create trigger immutable before update on evervec.document_versions
for each row execute function evervec.refuse_change();

-- Each version beside the one before it.
create view evervec.document_version_diff with (security_invoker = true) as
select later.document_id, earlier.version as version_from, later.version as version_to,
  earlier.text as text_from, later.text as text_to, later.summary, later.changed_by, later.created_at as changed_at
from evervec.document_versions later
-- A version may have been removed in between.
join lateral (
  select version, text from evervec.document_versions
  where document_id = later.document_id and version < later.version order by version desc limit 1
) earlier on true;

-- Tiers of access. Who asks is told by the setting `evervec.tiers` (names with commas between), which the application
-- sets for a transaction alone: `select set_config('evervec.tiers', 'free,premium', true)`. Where nobody set it, nothing
-- is seen. The owner of the tables is the pipeline itself, and sees all.
create function evervec.visible_tiers() returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(btrim(tier)) filter (where btrim(tier) <> ''), '{}')
  from unnest(string_to_array(current_setting('evervec.tiers', true), ',')) tier
$$;

alter table evervec.documents enable row level security;
create policy tiers on evervec.documents using (tier = any (evervec.visible_tiers()));
alter table evervec.document_versions enable row level security;
-- Whose document is not seen: its own policy answers for it.
create policy tiers on evervec.document_versions
using (exists (select from evervec.documents document where document.id = document_id));
alter table evervec.document_fetches enable row level security;
create policy tiers on evervec.document_fetches
using (exists (select from evervec.documents document where document.id = document_id));

-- On which page of its record a chunk begins, for records that have pages.
do $$
declare
  sidecar text;
begin
  for sidecar in select format('evervec.%I', 'chunks_' || id) from evervec.spaces loop
    execute format('alter table %s add column page integer', sidecar);
  end loop;
end $$;
