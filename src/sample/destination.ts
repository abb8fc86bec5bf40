/** A place that people fly to, and short ways to write one down. */

export interface Destination {
  code: string;
  /** What a traveller calls it, where that is not the airport's city. */
  place?: string;
  /** `Alps`, `Rocky Mountains`: said once in the description. */
  region?: string;
  /** Months of the season, 1 to 12; any month when absent. */
  months?: readonly number[];
  /** What happens there then (events). */
  occasion?: string;
}

/** Shorthand for one destination. */
export const to = (
  code: string,
  place?: string,
  rest: Omit<Destination, 'code' | 'place'> = {},
) => ({
  code,
  ...(place !== undefined && { place }),
  ...rest,
});
/** The same months for all of them, where one has none of its own. */
export const inSeason = (months: readonly number[], destinations: readonly Destination[]) =>
  destinations.map((destination) => Object.assign({ months }, destination));

/** IATA codes, written apart by white space. */
export const codes = (list: string) => list.trim().split(/\s+/);

/** What a traveller calls the area, where the airport stands in another town. */
export const AREA: Readonly<Record<string, string>> = {
  TEB: 'New York',
  HPN: 'New York',
  EWR: 'New York',
  BED: 'Boston',
  IAD: 'Washington',
  PWK: 'Chicago',
  ADS: 'Dallas',
  BJC: 'Denver',
  SCF: 'Scottsdale',
  SNA: 'Orange County',
  CLD: 'San Diego',
  BUR: 'Los Angeles',
  FAB: 'London',
  OXF: 'Oxford',
  OBF: 'Munich',
  SZB: 'Kuala Lumpur',
  CAT: 'Lisbon',
  TLC: 'Mexico City',
  PBI: 'Palm Beach',
  CIA: 'Rome',
  APF: 'Naples, Florida',
  OGG: 'Maui',
  KOA: "Hawaii's Big Island",
  LIH: 'Kauai',
  TFS: 'Tenerife',
  FNC: 'Madeira',
  SID: 'Cape Verde',
  HTI: 'the Whitsundays',
  PPT: 'Tahiti',
  NAN: 'Fiji',
  MRU: 'Mauritius',
  ZNZ: 'Zanzibar',
  GCM: 'Grand Cayman',
  BGI: 'Barbados',
  AUA: 'Aruba',
  STT: 'St. Thomas',
  BDA: 'Bermuda',
  OKA: 'Okinawa',
  HER: 'Crete',
  BLL: 'Billund',
  ACK: 'Nantucket',
};
