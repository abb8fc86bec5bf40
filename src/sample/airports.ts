/**
 * The sample's airports, read from `airports.csv`, and the distance between two of them. Knows nothing of
 * offers or of a database.
 */
import { readFileSync } from 'node:fs';

export interface Airport {
  /** IATA code. */
  code: string;
  /** ICAO code. */
  icao: string;
  name: string;
  city: string;
  country: string;
  latitude: number;
  longitude: number;
  elevation_ft: number;
  description: string;
}

const EARTH_RADIUS_KM = 6_371;

export function readAirports(): Airport[] {
  const text = readFileSync(new URL('./airports.csv', import.meta.url), 'utf8');
  const [, ...lines] = text.trimEnd().split('\n');
  return lines.map(parseAirport);
}

/** A quoted field (`""` inside stands for one quote) or a bare one; no field of ours spans lines. */
const FIELD = /"((?:[^"]|"")*)"|([^,]+)/g;

function parseAirport(line: string): Airport {
  const fields = [...line.matchAll(FIELD)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare,
  );
  if (fields.length !== 9) throw new Error(`airports.csv: not nine fields in: ${line}`);
  const [code, icao, name, city, country, latitude, longitude, elevation, description] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    code,
    icao,
    name,
    city,
    country,
    latitude: Number(latitude),
    longitude: Number(longitude),
    elevation_ft: Number(elevation),
    description,
  };
}

type Position = Pick<Airport, 'latitude' | 'longitude'>;

/** Great-circle distance (haversine, on a sphere: within 0.5 % of the ellipsoid). */
export function distanceKm(from: Position, to: Position): number {
  const rad = Math.PI / 180;
  const latitude = Math.sin(((to.latitude - from.latitude) * rad) / 2);
  const longitude = Math.sin(((to.longitude - from.longitude) * rad) / 2);
  const a =
    latitude ** 2 + Math.cos(from.latitude * rad) * Math.cos(to.latitude * rad) * longitude ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(a));
}
