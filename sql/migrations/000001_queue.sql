-- Sources, spaces and the queue. `evervec.` and `vector.` are rewritten to the names of this database's schemas.

create table evervec.lanes (
  id integer generated always as identity primary key,
  name text not null unique,
  -- Lower goes first among lanes that have work.
  priority smallint not null default 0,
  paused boolean not null default false
);

create table evervec.sources (
  id integer generated always as identity primary key,
  name text not null unique,
  table_schema text not null,
  table_name text not null,
  lane_id integer not null references evervec.lanes,
  -- What set-up resolved: key and mapped columns with their types, how text is made, what a hit shows.
  definition jsonb not null,
  active_space_id integer,
  set_up_at timestamptz not null default now(),
  -- The definition's fingerprint when all its records were last queued: another one now means that they are outdated.
  queued_fingerprint text
);

create table evervec.spaces (
  id integer generated always as identity primary key,
  source_id integer not null references evervec.sources on delete cascade,
  model_id text not null,
  dimensions integer not null check (dimensions between 1 and 4000),
  vector_type text not null check (vector_type in ('halfvec', 'vector')),
  chunker_id text not null,
  language regconfig not null,
  -- The vector leg's share in hybrid search, a property of the model (docs/search.md).
  fusion_weight real not null check (fusion_weight between 0 and 1),
  created_at timestamptz not null default now(),
  -- When every record had been embedded once; before that the space is filling.
  filled_at timestamptz,
  -- When the ANN index was built; before that search is exact.
  indexed_at timestamptz
);

alter table evervec.sources
  add foreign key (active_space_id) references evervec.spaces;

-- The change log: writers append, workers fold it into jobs. No index and no foreign key, so that an
-- append touches nothing that another transaction touches (I1). An entry with keys null means that the
-- whole table was truncated.
create table evervec.changes (
  source_id integer not null,
  keys text[] collate "C",
  logged_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
-- Not compressed: it took the writer as long as all else that capture does, for what is soon deleted.
alter table evervec.changes alter column keys set storage external;

-- Sequences and not counters per row: a record that is deleted and comes back must never meet an old
-- token or generation again (I4).
create sequence evervec.generation_seq;
create sequence evervec.claim_seq;

-- Every index costs each job, so there are two on the way from a change to its end: the key and the lease.
create table evervec.jobs (
  -- In the order of arrival. Unique as it is generated; nothing looks a job up by it alone.
  id bigint generated always as identity,
  source_id integer not null,
  record_key text collate "C" not null,
  lane_id integer not null,
  priority smallint not null,
  -- 0 ready, 1 leased, 2 waiting, 3 parked
  state smallint not null,
  generation bigint not null,
  attempts smallint not null default 0,
  crashes smallint not null default 0,
  ready_at timestamptz not null default now(),
  enqueued_at timestamptz not null,
  claim_token bigint,
  claim_generation bigint,
  lease_until timestamptz,
  worker_id uuid,
  -- The error's class and code, never its text (I11).
  last_error text,
  primary key (source_id, record_key)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

create index jobs_ready on evervec.jobs (lane_id, priority, ready_at, id) where state = 0;
create index jobs_waiting on evervec.jobs (ready_at) where state = 2;
-- By token: what a lease is ended by finds its own jobs and none of the dead entries of those before. Not by expiry:
-- then each renewal would write all indexes, and the few leased jobs there are can be looked through.
create index jobs_leased on evervec.jobs (claim_token) where state = 1;

create table evervec.workers (
  id uuid primary key,
  host text not null,
  pid integer not null,
  version text not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  processed bigint not null default 0,
  last_error text
);
