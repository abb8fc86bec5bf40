-- Tasks: what was accepted over HTTP and takes longer than an answer may. They outlive the process that took them: the bytes
-- that came in stay until the task is over.

create table evervec.tasks (
  id uuid primary key,
  -- `upload`: files to extract; `jsonl`, `csv`: one file with a document per line or row.
  kind text not null check (kind in ('upload', 'jsonl', 'csv')),
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  made_by text not null,
  -- Collection, fields, what becomes of duplicates: as src/document/tasks writes it.
  options jsonb not null,
  -- Items of it, where that was known from the start.
  items integer,
  -- Items that are over, and what became of them. Who takes the task up again goes on after these.
  finished integer not null default 0,
  counts jsonb not null default '{}',
  results jsonb not null default '[]',
  -- Why it could not be done at all.
  error jsonb,
  -- How often it was taken up. A process that ends in order gives it back, and is not counted.
  attempts integer not null default 0,
  -- Whoever holds it; another token fences whoever held it before (I4).
  claim_token uuid,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  check ((state = 'running') = (claim_token is not null and lease_until is not null)),
  check ((state in ('done', 'failed', 'cancelled')) = (finished_at is not null))
);
create index tasks_open on evervec.tasks (created_at) where state in ('waiting', 'running');
create index tasks_created on evervec.tasks (created_at);
create index tasks_finished on evervec.tasks (finished_at) where finished_at is not null;

create table evervec.task_files (
  task_id uuid not null references evervec.tasks on delete cascade,
  -- From 0, in the order they came.
  number integer not null,
  name text,
  media_type text,
  content bytea not null,
  primary key (task_id, number)
);
-- Files are compressed already, most of them, and these stay for a moment.
alter table evervec.task_files alter column content set storage external;
