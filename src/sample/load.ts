/**
 * Brings the sample's tables and rows into a database. Knows nothing of Evervec but the connection it is given, and
 * leaves a table that has rows as it is.
 */
import { readFileSync } from 'node:fs';
import type { Connection } from '../database/database.ts';
import { readAirports } from './airports.ts';
import { makeOffers } from './offers.ts';

export interface LoadedSample {
  /** Rows that the tables hold now. */
  airports: number;
  offers: number;
}

// Each table is filled by one statement, so that a crash leaves it either empty or whole.
const INSERT_AIRPORTS = `
insert into airports (code, icao, name, city, country, latitude, longitude, elevation_ft, description)
select code, icao, name, city, country, latitude, longitude, elevation_ft, description
from jsonb_to_recordset($1::jsonb) as airport(code text, icao text, name text, city text, country text,
  latitude double precision, longitude double precision, elevation_ft integer, description text)
where not exists (select from airports)`;

const INSERT_OFFERS = `
insert into jet_offers (from_airport, to_airport, departs_at, aircraft, seats, price_usd, status,
  created_at, title, description)
select from_airport, to_airport, departs_at, aircraft, seats, price_usd, status, created_at, title, description
from jsonb_to_recordset($1::jsonb) as offer(from_airport text, to_airport text, departs_at timestamptz,
  aircraft text, seats integer, price_usd integer, status text, created_at timestamptz, title text,
  description text)
where not exists (select from jet_offers)
order by created_at, title`;

const COUNT = `
select (select count(*) from airports)::integer as airports,
  (select count(*) from jet_offers)::integer as offers`;

/** Creates the tables where they are missing and fills those that are empty; else changes nothing. */
export async function loadSample(connection: Pick<Connection, 'query'>): Promise<LoadedSample> {
  for (const statement of schemaStatements()) await connection.query(statement);
  const before = await count(connection);
  if (before.airports > 0 && before.offers > 0) return before;
  const airports = readAirports();
  if (before.airports === 0) await connection.query(INSERT_AIRPORTS, [JSON.stringify(airports)]);
  if (before.offers === 0)
    await connection.query(INSERT_OFFERS, [JSON.stringify(makeOffers(airports))]);
  return await count(connection);
}

/** One by one: the embedded database takes a single statement at a time. */
function schemaStatements(): string[] {
  const text = readFileSync(new URL('./schema.sql', import.meta.url), 'utf8');
  return text
    .split(/;\s*\n/)
    .map((statement) => statement.replaceAll(/^--.*$/gm, '').trim())
    .filter((statement) => statement !== '');
}

async function count(connection: Pick<Connection, 'query'>): Promise<LoadedSample> {
  const { rows } = await connection.query<{ airports: number; offers: number }>(COUNT);
  return rows[0] ?? { airports: 0, offers: 0 };
}
