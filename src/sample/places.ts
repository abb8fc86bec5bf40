/**
 * Where people fly and why: the destinations of each kind of trip, their season, and the airports that trips
 * start from. Every code is one of `airports.csv`.
 */

import { codes, type Destination, inSeason, to } from './destination.ts';
import { EVENTS } from './events.ts';

export type Theme =
  | 'ski'
  | 'beach'
  | 'business'
  | 'overnight'
  | 'event'
  | 'golf'
  | 'safari'
  | 'wine'
  | 'pets'
  | 'family'
  | 'yacht'
  | 'outdoors'
  | 'north'
  | 'medical'
  | 'crew'
  | 'empty';

const WINTER = [12, 1, 2, 3, 4] as const;
const SUMMER = [5, 6, 7, 8, 9] as const;
const SOUTHERN_WINTER = [7, 8, 9] as const;

const ALPS = 'the Alps';
const ROCKIES = 'the Rocky Mountains';

const SKI: readonly Destination[] = [
  ...inSeason(WINTER, [
    to('CMF', 'Courchevel', { region: ALPS }),
    to('CMF', "Val d'Isère", { region: ALPS }),
    to('GVA', 'Verbier', { region: ALPS }),
    to('GVA', 'Megève', { region: ALPS }),
    to('GVA', 'Chamonix', { region: ALPS }),
    to('SIR', 'Zermatt', { region: ALPS }),
    to('SIR', 'Crans-Montana', { region: ALPS }),
    to('SMV', 'St. Moritz', { region: ALPS }),
    to('INN', 'Kitzbühel', { region: ALPS }),
    to('INN', 'Lech and St. Anton', { region: ALPS }),
    to('SZG', 'Zell am See', { region: ALPS }),
    to('NCY', 'La Clusaz', { region: ALPS }),
    to('GNB', "Alpe d'Huez", { region: ALPS }),
    to('TRN', 'Courmayeur', { region: ALPS }),
    to('VCE', "Cortina d'Ampezzo", { region: 'the Dolomites' }),
    to('BRN', 'Gstaad', { region: ALPS }),
    to('ASE', 'Aspen', { region: ROCKIES }),
    to('EGE', 'Vail', { region: ROCKIES }),
    to('TEX', 'Telluride', { region: ROCKIES }),
    to('HDN', 'Steamboat Springs', { region: ROCKIES }),
    to('JAC', 'Jackson Hole', { region: 'the Tetons' }),
    to('SUN', 'Sun Valley', { region: ROCKIES }),
    to('BZN', 'Big Sky', { region: ROCKIES }),
    to('SLC', 'Park City', { region: 'the Wasatch Mountains' }),
    to('TKF', 'Lake Tahoe', { region: 'the Sierra Nevada' }),
    to('YVR', 'Whistler', { region: 'the Coast Mountains' }),
    to('YYC', 'Lake Louise', { region: 'the Canadian Rockies' }),
    to('YTM', 'Mont-Tremblant', { region: 'the Laurentians' }),
    to('BTV', 'Stowe', { region: 'the Green Mountains' }),
    to('CTS', 'Niseko', { region: 'Hokkaido' }),
    to('SOF', 'Bansko', { region: 'the Pirin Mountains' }),
    to('TBS', 'Gudauri', { region: 'the Caucasus' }),
  ]),
  ...inSeason(SOUTHERN_WINTER, [
    to('ZQN', 'Queenstown', { region: 'the Southern Alps of New Zealand' }),
    to('BRC', 'Bariloche', { region: 'the Andes' }),
  ]),
];

const BEACH: readonly Destination[] = codes(`
  OPF MIA PBI FLL APF RSW EYW CUN MBJ GCM SJU BGI AUA PUJ STT BDA OGG KOA LIH HNL
  SSA HKT USM LGK DAD OKA CEB SYX HTI OOL NAN PPT MRU ZNZ SSH TFS FNC SID`)
  .map((code) => to(code))
  .concat([
    to('NAS', 'the Bahamas'),
    to('MHH', 'the Abacos'),
    to('GGT', 'the Exumas'),
    to('PLS', 'Turks and Caicos'),
    to('SXM', 'Sint Maarten, for St. Barts'),
    to('AXA', 'Anguilla'),
    to('ANU', 'Antigua'),
    to('UVF', 'Saint Lucia'),
    to('SJD', 'Los Cabos'),
    to('CSL', 'Cabo San Lucas'),
    to('LIR', 'the Papagayo peninsula'),
    to('MLE', 'the Maldives'),
    to('SEZ', 'the Seychelles'),
    to('DPS', 'Bali'),
    to('GOI', 'Goa'),
    to('PDP', 'Punta del Este', { months: [12, 1, 2] }),
    to('ACK', 'Nantucket', { months: SUMMER }),
    to('MVY', "Martha's Vineyard", { months: SUMMER }),
    to('HTO', 'the Hamptons', { months: SUMMER }),
    to('GWT', 'Sylt', { months: SUMMER }),
  ]);

const YACHT: readonly Destination[] = inSeason(SUMMER, [
  to('NCE', 'the French Riviera'),
  to('CEQ', 'Cannes'),
  to('LTT', 'Saint-Tropez'),
  to('TLN', 'Saint-Tropez'),
  to('OLB', 'the Costa Smeralda'),
  to('FSC', 'southern Corsica'),
  to('NAP', 'Capri and the Amalfi Coast'),
  to('PMI', 'Mallorca'),
  to('IBZ', 'Ibiza'),
  to('MAH', 'Menorca'),
  to('JMK', 'Mykonos'),
  to('JTR', 'Santorini'),
  to('CFU', 'Corfu'),
  to('ATH', 'the Athens Riviera'),
  to('SPU', 'Hvar'),
  to('DBV', 'Dubrovnik'),
  to('TIV', 'Porto Montenegro'),
  to('BJV', 'Bodrum'),
  to('MLA', 'Malta'),
  to('EIS', 'the British Virgin Islands', { months: WINTER }),
]);

const GOLF: readonly Destination[] = [
  to('MRY', 'Pebble Beach'),
  to('SCF', 'Scottsdale'),
  to('HHH', 'Hilton Head'),
  to('CHS', 'Kiawah Island'),
  to('JAX', 'Ponte Vedra'),
  to('LRM', 'Casa de Campo'),
  to('RDM', 'Bend', { months: SUMMER }),
  to('EDI', 'St Andrews', { months: SUMMER }),
  to('INV', 'the Highland links', { months: SUMMER }),
  to('SNN', 'the links of County Clare', { months: SUMMER }),
  to('AGP', 'the Costa del Sol'),
  to('FAO', 'the Algarve'),
  to('CAT', 'Estoril'),
  to('RAK', 'Marrakesh'),
  to('AYT', 'Belek'),
  to('BIQ', 'Biarritz'),
];

const SAFARI: readonly Destination[] = [
  to('WIL', 'the Maasai Mara'),
  to('NBO', 'Laikipia'),
  to('JRO', 'the Serengeti'),
  to('MUB', 'the Okavango Delta'),
  to('VFA', 'Victoria Falls'),
  to('MQP', 'the Kruger lodges'),
  to('KGL', 'the gorilla forests of Rwanda'),
  to('WDH', 'the dunes of Namibia'),
];

const WINE: readonly Destination[] = [
  to('APC', 'Napa Valley'),
  to('STS', 'Sonoma'),
  to('YLW', 'the Okanagan wineries'),
  to('PDX', 'the Willamette Valley'),
  to('BOD', 'Bordeaux'),
  to('FLR', 'Chianti'),
  to('OPO', 'the Douro'),
  to('CPT', 'Stellenbosch'),
  to('ADL', 'the Barossa'),
  to('TBS', 'the vineyards of Kakheti'),
];

const OUTDOORS: readonly Destination[] = [
  to('ANC', 'the Alaskan salmon rivers', { months: [6, 7, 8] }),
  to('KEF', 'the Icelandic salmon rivers', { months: [6, 7, 8] }),
  to('FCA', 'Glacier National Park', { months: SUMMER }),
  to('BOI', 'the Salmon River wilderness', { months: SUMMER }),
  to('GUC', 'Crested Butte', { months: SUMMER }),
  to('JAC', 'Yellowstone', { months: SUMMER }),
  to('USH', 'Tierra del Fuego', { months: [11, 12, 1, 2] }),
  to('BRC', 'the trout lakes of Patagonia', { months: [11, 12, 1, 2] }),
  to('CUZ', 'Machu Picchu', { months: SUMMER }),
  to('KTM', 'the Himalayan treks', { months: [10, 11, 3, 4] }),
  to('LBJ', 'Komodo'),
  to('UBN', 'the Gobi', { months: [6, 7, 8] }),
  to('CNS', 'the Great Barrier Reef'),
  to('AYQ', 'Uluru'),
  to('HBA', 'Tasmania'),
];

const NORTH: readonly Destination[] = inSeason(
  [12, 1, 2, 3],
  [to('TOS', 'Tromsø'), to('RVN', 'Rovaniemi'), to('KTT', 'Levi'), to('KEF', 'Reykjavík')],
);

const MEDICAL: readonly Destination[] = codes('CLE BOS HOU BWI ZRH HAM XSP LTN').map((code) =>
  to(code),
);

const NORTH_AMERICA = codes(`
  TEB HPN BED IAD PHL PIT CLT RDU PDK BNA OPF FXE BCT PBI TPA ORL MDW PWK DTW CMH
  LUK IND STL MSP MKC ICT DAL ADS AUS HOU SAT MAF APA BJC SLC SCF LAS VNY BUR LAX
  SNA CLD SAN SJC OAK SFO PDX BFI YYZ YUL YYC YVR TLC MTY`);
const EUROPE = codes(`
  FAB LTN BQH STN LCY OXF MAN EDI DUB LBG LYS GVA ZRH NCE MUC OBF FRA STR DUS CGN
  HAM BER VIE LUX BRU ANR AMS RTM CPH BMA GOT OSL HEL RIX WAW PRG BUD OTP LIN CIA
  BLQ MAD BCN LIS OPO ATH IST`);
const ELSEWHERE = codes(`
  TLV DWC DXB AZI DOH RUH JED KWI BAH CAI LOS ABV ACC NBO HLA CPT CMN BOM DEL BLR
  HYD XSP HKG SZX PEK SHA TSA GMP HND KIX DMK SZB HLP MNL SYD MEB BNE PER AKL ALA
  GRU GIG EZE SCL BOG LIM PTY`);

/** Airports that travellers live near. */
export const BASES: readonly string[] = [...NORTH_AMERICA, ...EUROPE, ...ELSEWHERE];

const CITIES: readonly Destination[] = BASES.map((code) => to(code));

/** Ends of night flights; London is there more often, as it is in life. */
const NIGHT: readonly Destination[] = codes(`
  FAB LTN BQH STN FAB LTN LBG GVA ZRH MUC MAD TEB VNY SFO IAD GRU DWC DOH XSP HND
  HKG SYD HLA BOM DEL EZE OPF LBG TEB`).map((code) => to(code));

/** Where people take dogs and cats along: Miami's fields first. */
const PETS: readonly Destination[] = codes(`
  OPF MIA OPF FXE PBI ACK ASE VNY SCF TEB SBA PSP NCE LBG GVA LIN MAD LIS DUB FAB
  BFI APA`).map((code) => to(code));

const FAMILY: readonly Destination[] = codes(`
  MCO ORL SNA SAN HNL CUN LBG BLL CPH PMI FAO HER TFS DXB XSP KIX OOL CNS EDI DUB
  BOS IAD`).map((code) => to(code));

export const DESTINATIONS: Readonly<Record<Theme, readonly Destination[]>> = {
  ski: SKI,
  beach: BEACH,
  business: CITIES,
  overnight: NIGHT,
  event: EVENTS,
  golf: GOLF,
  safari: SAFARI,
  wine: WINE,
  pets: PETS,
  family: FAMILY,
  yacht: YACHT,
  outdoors: OUTDOORS,
  north: NORTH,
  medical: MEDICAL,
  crew: CITIES,
  empty: CITIES,
};
