/** The sample's airports are real and where they should be. */
import { describe, expect, test } from 'vitest';

import { type Airport, distanceKm, readAirports } from '../../src/sample/airports.ts';

const airports = readAirports();
const byCode = new Map(airports.map((airport) => [airport.code, airport]));

function at(code: string): Airport {
  const airport = byCode.get(code);
  if (airport === undefined) throw new Error(`no ${code}`);
  return airport;
}

describe('airports.csv', () => {
  test('has enough airports, each once', () => {
    expect(airports.length).toBeGreaterThanOrEqual(220);
    expect(byCode.size).toBe(airports.length);
    expect(new Set(airports.map((airport) => airport.icao)).size).toBe(airports.length);
    expect(new Set(airports.map((airport) => airport.description)).size).toBe(airports.length);
  });

  test('has well-formed codes, coordinates and elevations', () => {
    const isWellFormed = (airport: Airport) =>
      /^[A-Z]{3}$/.test(airport.code) &&
      /^[A-Z]{4}$/.test(airport.icao) &&
      Math.abs(airport.latitude) <= 90 &&
      Math.abs(airport.longitude) <= 180 &&
      airport.elevation_ft > -1_300 &&
      airport.elevation_ft < 14_500 &&
      /^[A-Z].{48,}\.$/.test(airport.description);
    expect(airports.filter((airport) => !isWellFormed(airport))).toEqual([]);
  });

  // A sign or two swapped columns show at once; borders are generous rectangles.
  test.each([
    ['United Kingdom', [49, 61], [-9, 2]],
    ['France', [41, 52], [-6, 10]],
    ['Switzerland', [45.8, 47.9], [5.9, 10.6]],
    ['Germany', [47, 56], [5, 16]],
    ['Italy', [35, 48], [6, 19]],
    ['Spain', [27, 44], [-19, 5]],
    ['Brazil', [-34, 6], [-74, -34]],
    ['Argentina', [-56, -21], [-74, -53]],
    ['South Africa', [-35, -22], [16, 33]],
    ['India', [6, 36], [68, 98]],
    ['China', [18, 54], [73, 135]],
    ['Japan', [24, 46], [122, 146]],
    ['Australia', [-44, -10], [112, 154]],
    ['New Zealand', [-48, -34], [166, 179]],
    ['Canada', [41, 84], [-141, -52]],
    ['Mexico', [14, 33], [-118, -86]],
  ] as const)('lie within %s', (country, latitudes, longitudes) => {
    const inCountry = airports.filter((airport) => airport.country === country);
    expect(inCountry.length).toBeGreaterThan(1);
    const isOutside = ({ latitude, longitude }: Airport) =>
      latitude < latitudes[0] ||
      latitude > latitudes[1] ||
      longitude < longitudes[0] ||
      longitude > longitudes[1];
    expect(inCountry.filter(isOutside)).toEqual([]);
  });

  // Published great-circle distances; the sphere is off by up to half a percent.
  test.each([
    ['JFK', 'LHR', 5_540],
    ['LAX', 'JFK', 3_983],
    ['LAX', 'HND', 8_815],
    ['SIN', 'EWR', 15_344],
    ['SYD', 'LHR', 17_016],
    ['DXB', 'AKL', 14_193],
    ['EZE', 'MAD', 10_068],
    ['JNB', 'CPT', 1_271],
    ['SFO', 'HNL', 3_855],
    ['CDG', 'NCE', 694],
    ['GRU', 'LIS', 7_924],
    ['DEL', 'BOM', 1_138],
    ['SCL', 'SYD', 11_340],
  ])('%s and %s are %i km apart', (from, to, km) => {
    expect(Math.abs(distanceKm(at(from), at(to)) - km) / km).toBeLessThan(0.008);
  });

  test.each([
    ['TEB', 'LGA', 20],
    ['LBG', 'CDG', 12],
    ['AZI', 'AUH', 25],
    ['HND', 'NRT', 65],
    ['LIN', 'MXP', 55],
    ['SIN', 'XSP', 20],
    ['OPF', 'MIA', 15],
  ])('%s and %s are neighbours', (one, other, most) => {
    const distance = distanceKm(at(one), at(other));
    expect(distance).toBeGreaterThan(3);
    expect(distance).toBeLessThan(most);
  });

  test('knows the highest and the lowest', () => {
    expect(at('CUZ').elevation_ft).toBeGreaterThan(10_500);
    expect(at('TEX').elevation_ft).toBeGreaterThan(9_000);
    expect(at('TRM').elevation_ft).toBeLessThan(0);
    expect(at('AMS').elevation_ft).toBeLessThan(0);
  });
});
