-- The sample's tables: airports, and offers to share a private flight between two of them. Nothing here knows
-- Evervec; `evervec setup` adds the rest beside it.

create table if not exists airports (
  code text primary key check (code ~ '^[A-Z]{3}$'),
  icao text not null unique check (icao ~ '^[A-Z]{4}$'),
  name text not null,
  city text not null,
  country text not null,
  latitude double precision not null check (latitude between -90 and 90),
  longitude double precision not null check (longitude between -180 and 180),
  elevation_ft integer not null,
  description text not null
);

create table if not exists jet_offers (
  id bigint generated always as identity primary key,
  from_airport text not null references airports (code),
  to_airport text not null references airports (code),
  departs_at timestamptz not null,
  aircraft text not null,
  seats integer not null check (seats > 0),
  price_usd integer not null check (price_usd > 0),
  status text not null check (status in ('open', 'accepted', 'completed', 'cancelled')),
  created_at timestamptz not null,
  title text not null,
  description text not null,
  check (from_airport <> to_airport),
  check (created_at < departs_at)
);

create index if not exists jet_offers_status_departs_at on jet_offers (status, departs_at);
