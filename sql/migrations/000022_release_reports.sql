-- What clients of releases report, in sums, and what the server made of it. Nobody is named in it, and no install.

create table evervec.release_reports (
  -- The name under `releases` in the configuration.
  release text collate "C" not null,
  channel text collate "C" not null,
  -- 0: the client has none installed; -1: one that is long gone.
  sequence bigint not null check (sequence >= -1),
  kind text not null check (kind in ('checked', 'downloaded', 'installed', 'failed', 'rolledBack')),
  -- Where it failed; why it was rolled back; else empty.
  stage text not null,
  -- What it failed with; else empty.
  code text not null,
  hour timestamptz not null,
  reports bigint not null,
  bytes bigint not null,
  -- One bit for each network that reported it, by a hash: how many they were can be told, which they were can't.
  seen bit(4096) not null,
  primary key (release, channel, sequence, kind, stage, code, hour)
);
create index release_reports_hour on evervec.release_reports (release, hour);

-- Roll-outs that failed at too many clients, each once: an operator who goes on with one all the same is left alone.
create table evervec.release_alerts (
  release text collate "C" not null,
  channel text collate "C" not null,
  sequence bigint not null,
  at timestamptz not null default now(),
  -- Networks from which nobody could install it, of those from which somebody tried.
  failing integer not null,
  tried integer not null,
  -- Null until the halt was tried: by whom comes next.
  outcome text check (outcome in ('halted', 'alert')),
  -- Why it was not halted.
  reason text,
  primary key (release, channel, sequence)
);
