/**
 * Makes the sample's offers from the airports, the aircraft and the phrases. The same offers on every machine: all
 * chance comes from one seed, and all dates are counted from `SAMPLE_NOW`.
 */
import { type Random, seededRandom } from '../runtime/random.ts';
import {
  AIRCRAFT,
  type Aircraft,
  canLand,
  CATEGORIES,
  type Category,
  USABLE_RANGE,
} from './aircraft.ts';
import { type Airport, distanceKm } from './airports.ts';
import { AREA, type Destination } from './destination.ts';
import { BASES, DESTINATIONS, type Theme } from './places.ts';
import { describe, entitle, type Trip } from './wording.ts';

export type OfferStatus = 'open' | 'accepted' | 'completed' | 'cancelled';

export interface Offer {
  from_airport: string;
  to_airport: string;
  /** ISO 8601, UTC. */
  departs_at: string;
  aircraft: string;
  seats: number;
  /** For all seats that are offered. */
  price_usd: number;
  status: OfferStatus;
  created_at: string;
  title: string;
  description: string;
}

export const OFFER_COUNT = 1_280;
/** "Today" in the sample: offers before it are completed or cancelled, after it mostly open. */
export const SAMPLE_NOW = Date.UTC(2026, 10, 16, 9);
const SEED = 20_261_116;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Far enough back that the rule "older than 90 days" has records to archive. */
const DAYS_BACK = 240;
const DAYS_AHEAD = 210;

/** How many of a hundred offers are of each kind. */
const SHARES: Readonly<Record<Theme, number>> = {
  ski: 13,
  beach: 13,
  business: 14,
  overnight: 9,
  event: 9,
  golf: 5,
  safari: 3,
  wine: 4,
  pets: 6,
  family: 5,
  yacht: 6,
  outdoors: 3,
  north: 2,
  medical: 1,
  crew: 2,
  empty: 5,
};

/** Shortest and longest leg of each kind where it is not 150 to 9,000 km. */
const LEGS: Partial<Record<Theme, readonly [shortest: number, longest: number]>> = {
  business: [250, 6_500],
  overnight: [5_000, 12_000],
  pets: [250, 6_500],
  family: [400, 8_000],
  safari: [300, 11_000],
  crew: [300, 4_000],
  medical: [300, 7_000],
  empty: [200, 5_000],
};

/** How far people fly in the small ones. */
const COMFORTABLE_KM: Partial<Record<Category, number>> = {
  turboprop: 1_100,
  'very light jet': 1_900,
  'light jet': 3_000,
};

export function makeOffers(airports: readonly Airport[]): Offer[] {
  const random = seededRandom(SEED);
  const byCode = new Map(airports.map((airport) => [airport.code, airport]));
  const offers: Offer[] = [];
  while (offers.length < OFFER_COUNT) {
    const offer = tryOffer(random, byCode);
    if (offer) offers.push(offer);
  }
  return offers.sort((a, b) => a.created_at.localeCompare(b.created_at));
}

/** Null when chance picked a leg that none of the aircraft flies, or a date outside the season. */
function tryOffer(random: Random, airports: ReadonlyMap<string, Airport>): Offer | null {
  const theme = pickWeighted(random, SHARES);
  const destination = pick(random, DESTINATIONS[theme]);
  const to = airportOf(airports, destination.code);
  const from = pickBase(random, theme, to, airports);
  if (from === null) return null;
  const distance = distanceKm(from, to);
  const aircraft = pickAircraft(random, theme, from, to, distance);
  const departs = pickDeparture(random, theme, destination, from);
  if (aircraft === null || departs === null) return null;
  const seats = pickSeats(random, theme, aircraft);
  const trip: Trip = {
    theme,
    destination,
    fromName: areaOf(from),
    toName: destination.place ?? areaOf(to),
    toAirport: to,
    aircraft,
    seats,
    distance,
    localDeparture: localTime(departs, from),
  };
  return {
    from_airport: from.code,
    to_airport: to.code,
    departs_at: new Date(departs).toISOString(),
    aircraft: aircraft.name,
    seats,
    price_usd: priceOf(random, theme, aircraft, seats, distance),
    title: entitle(random, trip),
    description: describe(random, trip),
    ...pickStatus(random, departs),
  };
}

/** A base within the theme's reach, mostly a near one; null when chance found none. */
function pickBase(
  random: Random,
  theme: Theme,
  to: Airport,
  airports: ReadonlyMap<string, Airport>,
): Airport | null {
  const [shortest, longest] = LEGS[theme] ?? [150, 9_000];
  const near = longest * (random() < 0.7 ? 0.35 : 1);
  const limit = theme === 'overnight' ? longest : near;
  for (let attempt = 0; attempt < 40; attempt++) {
    const from = airportOf(airports, pick(random, BASES));
    const distance = distanceKm(from, to);
    const isOtherCity = areaOf(from) !== areaOf(to);
    if (isOtherCity && distance >= shortest && distance <= limit) return from;
  }
  return null;
}

/** Among those that reach it and may land: small ones on short legs, large ones on long legs. */
function pickAircraft(
  random: Random,
  theme: Theme,
  from: Airport,
  to: Airport,
  distance: number,
): Aircraft | null {
  const fits = AIRCRAFT.filter(
    (one) =>
      distance <= one.range_km * USABLE_RANGE &&
      canLand(from.code, one) &&
      canLand(to.code, one) &&
      (theme !== 'overnight' || hasBeds(one)),
  );
  // Small aircraft go far on paper, but nobody sits in them that long if a larger one is to be had.
  const comfortable = fits.filter((one) => distance <= (COMFORTABLE_KM[one.category] ?? Infinity));
  const choices = comfortable.length > 0 ? comfortable : fits;
  // Weighted to the first: the smallest that does the leg is what people charter.
  const at = Math.floor(random() ** 1.5 * Math.min(choices.length, 14));
  return choices[at] ?? null;
}

export function hasBeds(aircraft: Aircraft): boolean {
  return CATEGORIES.indexOf(aircraft.category) >= CATEGORIES.indexOf('large-cabin jet');
}

/** Milliseconds since the epoch, on a quarter of an hour; null when the date is out of season. */
function pickDeparture(
  random: Random,
  theme: Theme,
  destination: Destination,
  from: Airport,
): number | null {
  const day = Math.floor(random() * (DAYS_BACK + DAYS_AHEAD)) - DAYS_BACK;
  const [earliest, span] =
    theme === 'overnight' ? [20, 3.5] : theme === 'business' ? [6, 5] : [8, 11];
  const localHour = earliest + Math.floor(random() * span * 4) / 4;
  const midnight = Math.floor(SAMPLE_NOW / DAY) * DAY;
  const offset = Math.round(from.longitude / 15);
  const at = midnight + day * DAY + (localHour - offset) * HOUR;
  const month = localTime(at, from).getUTCMonth() + 1;
  return destination.months?.includes(month) === false ? null : at;
}

/** Its UTC fields are the solar time at the airport, to the hour: near enough for "morning" and "Friday". */
function localTime(at: number, airport: Airport): Date {
  return new Date(at + Math.round(airport.longitude / 15) * HOUR);
}

function pickSeats(random: Random, theme: Theme, aircraft: Aircraft): number {
  if (theme === 'empty') return aircraft.seats;
  return 1 + Math.floor(random() * Math.min(aircraft.seats - 1, 8));
}

/** The offered share of what the leg costs, rounded to 50 dollars. */
function priceOf(
  random: Random,
  theme: Theme,
  aircraft: Aircraft,
  seats: number,
  distance: number,
): number {
  const hours = distance / aircraft.cruise_kmh + 0.4;
  const leg = Math.max(hours, 1) * aircraft.hourly_usd + 1_500;
  const discount = theme === 'empty' ? 0.45 + random() * 0.2 : 0.85 + random() * 0.3;
  return Math.max(500, Math.round((leg * discount * (seats / aircraft.seats)) / 50) * 50);
}

function pickStatus(random: Random, departs: number): Pick<Offer, 'status' | 'created_at'> {
  const lead = (2 + random() ** 2 * 60) * DAY;
  // Nothing is created after "today": what departs far ahead was offered early.
  const created = Math.min(departs - lead, SAMPLE_NOW - random() * 45 * DAY);
  const roll = random();
  const future: OfferStatus = roll < 0.74 ? 'open' : roll < 0.94 ? 'accepted' : 'cancelled';
  const past: OfferStatus = roll < 0.82 ? 'completed' : 'cancelled';
  return {
    status: departs > SAMPLE_NOW ? future : past,
    created_at: new Date(Math.floor(created / 60_000) * 60_000).toISOString(),
  };
}

function areaOf(airport: Airport): string {
  return AREA[airport.code] ?? airport.city;
}

function airportOf(airports: ReadonlyMap<string, Airport>, code: string): Airport {
  const airport = airports.get(code);
  if (airport === undefined) throw new Error(`airports.csv has no ${code}`);
  return airport;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}

function pickWeighted<T extends string>(random: Random, shares: Readonly<Record<T, number>>): T {
  const entries = Object.entries<number>(shares);
  let left = random() * entries.reduce((sum, [, share]) => sum + share, 0);
  for (const [name, share] of entries) {
    left -= share;
    if (left < 0) return name as T;
  }
  return entries[0]?.[0] as T;
}
