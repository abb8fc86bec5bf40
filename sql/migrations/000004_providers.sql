-- What all workers share about a provider of models: whether it answers, and how much of its quota is used.

create table evervec.providers (
  name text primary key,
  -- closed (calls go), open (nobody calls before open_until), half_open (one probe is under way until probe_until)
  state text not null default 'closed' check (state in ('closed', 'open', 'half_open')),
  open_until timestamptz,
  probe_until timestamptz,
  -- Times in a row that it was opened: the wait grows with it.
  failures integer not null default 0,
  last_error text,
  -- The quota's current minute.
  minute timestamptz not null default date_trunc('minute', now()),
  requests integer not null default 0,
  tokens bigint not null default 0
);
