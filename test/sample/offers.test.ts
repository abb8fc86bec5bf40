/** The sample's offers could be flown, are the same everywhere, and fit into the sample's tables. */
import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { AIRCRAFT, canLand } from '../../src/sample/aircraft.ts';
import { distanceKm, readAirports } from '../../src/sample/airports.ts';
import { loadSample } from '../../src/sample/load.ts';
import { hasBeds, makeOffers, type Offer, SAMPLE_NOW } from '../../src/sample/offers.ts';
import { DESTINATIONS } from '../../src/sample/places.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const airports = readAirports();
const byCode = new Map(airports.map((airport) => [airport.code, airport]));
const offers = makeOffers(airports);

function flown(offer: Offer) {
  const from = byCode.get(offer.from_airport);
  const to = byCode.get(offer.to_airport);
  const aircraft = AIRCRAFT.find((one) => one.name === offer.aircraft);
  if (!from || !to || !aircraft) throw new Error(`not to be flown: ${offer.title}`);
  return { from, to, aircraft, km: distanceKm(from, to) };
}

describe('offers', () => {
  test('are many and no two read the same', () => {
    expect(offers.length).toBeGreaterThanOrEqual(1_200);
    expect(new Set(offers.map((offer) => offer.description)).size).toBe(offers.length);
    expect(AIRCRAFT.length).toBeGreaterThanOrEqual(25);
  });

  test('are the same on every machine', () => {
    const hash = createHash('sha256').update(JSON.stringify(offers)).digest('hex');
    expect(hash).toBe(
      createHash('sha256')
        .update(JSON.stringify(makeOffers(airports)))
        .digest('hex'),
    );
    expect(hash.slice(0, 16)).toMatchInlineSnapshot(`"0b279c00d8755b7b"`);
  });

  test('stay within the range of an aircraft that may land at both ends', () => {
    const canBeFlown = (offer: Offer) => {
      const { aircraft, km } = flown(offer);
      return (
        km > 100 &&
        km <= aircraft.range_km * 0.9 &&
        canLand(offer.from_airport, aircraft) &&
        canLand(offer.to_airport, aircraft) &&
        offer.seats > 0 &&
        offer.seats <= aircraft.seats
      );
    };
    expect(offers.filter((offer) => !canBeFlown(offer))).toEqual([]);
  });

  test('cost what such a leg costs', () => {
    // Dollars for a seat and a kilometre; a leg of less than an hour costs an hour.
    const rate = (offer: Offer) => {
      const { aircraft, km } = flown(offer);
      return offer.price_usd / offer.seats / Math.max(km, aircraft.cruise_kmh);
    };
    expect(offers.filter((offer) => rate(offer) < 0.25 || rate(offer) > 3)).toEqual([]);
  });

  test('have a status that fits their date', () => {
    const isConsistent = ({ departs_at, created_at, status }: Offer) => {
      const [departs, created] = [Date.parse(departs_at), Date.parse(created_at)];
      const states =
        departs > SAMPLE_NOW ? ['open', 'accepted', 'cancelled'] : ['completed', 'cancelled'];
      return created < departs && created <= SAMPLE_NOW && states.includes(status);
    };
    expect(offers.filter((offer) => !isConsistent(offer))).toEqual([]);
    expect(offers.filter((offer) => offer.status === 'open').length).toBeGreaterThan(300);
  });

  test('include some that are old enough to archive', () => {
    const ninetyDaysAgo = SAMPLE_NOW - 90 * 86_400_000;
    const old = offers.filter((offer) => Date.parse(offer.departs_at) < ninetyDaysAgo);
    expect(old.length).toBeGreaterThan(200);
  });

  test('leave no blank unfilled and speak of beds only where there are some', () => {
    const text = (offer: Offer) => `${offer.title} ${offer.description}`;
    expect(offers.filter((offer) => /[{}]|undefined/.test(text(offer)))).toEqual([]);
    const withBeds = offers.filter((offer) => /lie-flat|berths|flat beds/.test(text(offer)));
    expect(withBeds.filter((offer) => !hasBeds(flown(offer).aircraft))).toEqual([]);
  });

  test.each([
    ['a quiet overnight flight to London with beds', /overnight|night/i, /London/, /bed|berth/],
    ['a ski weekend in the Alps with room for luggage', /ski/i, /the Alps/, /luggage|suitcase/],
    ['a pet friendly hop to Miami', /pet|dog/i, /Miami/, /./],
    ['a business flight with wifi', /business|meeting|roadshow/i, /wifi/i, /./],
  ])('some answer "%s"', (_query, ...patterns) => {
    const hits = offers.filter(
      (offer) =>
        offer.status === 'open' &&
        patterns.every((pattern) => pattern.test(`${offer.title} ${offer.description}`)),
    );
    expect(hits.length).toBeGreaterThan(2);
  });
});

test('every destination is an airport', () => {
  const destinations = Object.values(DESTINATIONS).flat();
  expect(destinations.filter(({ code }) => !byCode.has(code))).toEqual([]);
});

describeEachDatabase('loadSample', (databases) => {
  test('fills the tables once', async () => {
    const database = await databases.open();
    const first = await loadSample(database);
    expect(first).toEqual({ airports: airports.length, offers: offers.length });

    await database.query(`update jet_offers set title = 'Mine' where id = 1`);
    await database.query('delete from jet_offers where id = 2');
    expect(await loadSample(database)).toEqual({ ...first, offers: first.offers - 1 });
    const { rows } = await database.query('select title from jet_offers where id = 1');
    expect(rows).toEqual([{ title: 'Mine' }]);
  });

  test('gives rows that are what was made', async () => {
    const database = await databases.open();
    await loadSample(database);
    const { rows } = await database.query<Offer>(
      `select from_airport, to_airport, aircraft, seats, price_usd, status, title, description,
        to_char(departs_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as departs_at,
        to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
      from jet_offers`,
    );
    const byText = (a: Offer, b: Offer) => a.description.localeCompare(b.description);
    expect(rows.sort(byText)).toEqual(offers.toSorted(byText));
  });
});
