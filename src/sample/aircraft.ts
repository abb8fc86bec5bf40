/** The business aircraft that fly the sample's offers. Ranges and speeds are the makers' round figures. */

export type Category =
  | 'turboprop'
  | 'very light jet'
  | 'light jet'
  | 'midsize jet'
  | 'super-midsize jet'
  | 'large-cabin jet'
  | 'ultra-long-range jet'
  | 'airliner';

export interface Aircraft {
  name: string;
  category: Category;
  /** Passengers in a usual executive layout. */
  seats: number;
  range_km: number;
  cruise_kmh: number;
  /** What an hour in the air costs to charter, roughly. */
  hourly_usd: number;
}

/** From the one that needs the shortest runway to the one that needs the longest. */
export const CATEGORIES: readonly Category[] = [
  'turboprop',
  'very light jet',
  'light jet',
  'midsize jet',
  'super-midsize jet',
  'large-cabin jet',
  'ultra-long-range jet',
  'airliner',
];

type Row = [
  name: string,
  category: Category,
  seats: number,
  range: number,
  cruise: number,
  hourly: number,
];

const ROWS: readonly Row[] = [
  ['TBM 960', 'turboprop', 5, 3_200, 600, 2_100],
  ['Pilatus PC-12 NGX', 'turboprop', 8, 2_800, 520, 2_400],
  ['King Air 350i', 'turboprop', 9, 2_800, 560, 2_900],
  ['HondaJet Elite II', 'very light jet', 5, 2_800, 780, 3_200],
  ['Citation M2 Gen2', 'very light jet', 6, 2_800, 740, 3_300],
  ['Phenom 100EV', 'very light jet', 5, 2_180, 750, 3_100],
  ['Citation CJ3+', 'light jet', 7, 3_700, 770, 4_000],
  ['Phenom 300E', 'light jet', 7, 3_700, 840, 4_300],
  ['Pilatus PC-24', 'light jet', 8, 3_700, 800, 4_500],
  ['Learjet 75 Liberty', 'light jet', 6, 3_850, 840, 4_600],
  ['Citation XLS+', 'midsize jet', 8, 3_900, 800, 5_000],
  ['Hawker 900XP', 'midsize jet', 8, 5_000, 820, 5_400],
  ['Citation Latitude', 'midsize jet', 9, 5_000, 820, 5_700],
  ['Praetor 500', 'midsize jet', 9, 6_100, 850, 5_900],
  ['Gulfstream G280', 'super-midsize jet', 10, 6_600, 880, 6_900],
  ['Challenger 3500', 'super-midsize jet', 10, 6_300, 850, 7_000],
  ['Citation Longitude', 'super-midsize jet', 10, 6_400, 880, 7_000],
  ['Praetor 600', 'super-midsize jet', 10, 7_400, 850, 7_100],
  ['Falcon 2000LXS', 'large-cabin jet', 10, 7_400, 850, 8_000],
  ['Challenger 650', 'large-cabin jet', 12, 7_400, 850, 8_200],
  ['Legacy 650E', 'large-cabin jet', 13, 7_200, 830, 8_300],
  ['Falcon 900LX', 'large-cabin jet', 12, 8_800, 850, 8_800],
  ['Gulfstream G550', 'ultra-long-range jet', 14, 12_500, 890, 11_000],
  ['Falcon 8X', 'ultra-long-range jet', 14, 11_900, 880, 11_200],
  ['Global 6500', 'ultra-long-range jet', 14, 12_200, 900, 11_500],
  ['Gulfstream G650ER', 'ultra-long-range jet', 15, 13_900, 900, 12_800],
  ['Global 7500', 'ultra-long-range jet', 16, 14_200, 900, 13_800],
  ['Boeing Business Jet', 'airliner', 19, 11_000, 830, 18_000],
];

export const AIRCRAFT: readonly Aircraft[] = ROWS.map(
  ([name, category, seats, range_km, cruise_kmh, hourly_usd]) => ({
    name,
    category,
    seats,
    range_km,
    cruise_kmh,
    hourly_usd,
  }),
);

/** An offer stays this far below the maker's range: reserves and head wind. */
export const USABLE_RANGE = 0.9;

/** Airports where larger aircraft can't or may not land, with the largest category that does. */
const LARGEST: Readonly<Record<string, Category>> = {
  SBH: 'turboprop',
  MQS: 'turboprop',
  CVF: 'turboprop',
  YTZ: 'turboprop',
  WIL: 'turboprop',
  SMO: 'very light jet',
  VGT: 'light jet',
  LTT: 'light jet',
  HTO: 'light jet',
  LUG: 'midsize jet',
  CEQ: 'midsize jet',
  LCY: 'midsize jet',
  TEX: 'midsize jet',
  HHH: 'midsize jet',
  EYW: 'midsize jet',
  SDU: 'midsize jet',
  MHH: 'midsize jet',
  CAT: 'midsize jet',
  CLD: 'super-midsize jet',
  ANR: 'super-midsize jet',
  ADS: 'large-cabin jet',
  PDK: 'large-cabin jet',
  PWK: 'large-cabin jet',
  SMV: 'ultra-long-range jet',
  ASE: 'large-cabin jet',
  TEB: 'ultra-long-range jet',
  FAB: 'ultra-long-range jet',
  TKF: 'ultra-long-range jet',
};

export function canLand(code: string, aircraft: Aircraft): boolean {
  const largest = LARGEST[code];
  return (
    largest === undefined || CATEGORIES.indexOf(aircraft.category) <= CATEGORIES.indexOf(largest)
  );
}
