/** Writes the title and the description of an offer from the phrases of `trips.ts` and `comforts.ts`. */
import type { Random } from '../runtime/random.ts';
import { type Aircraft, CATEGORIES } from './aircraft.ts';
import type { Airport } from './airports.ts';
import { CABIN, TERMS, TERMS_FOR_ONE, type Topic, TOPICS } from './comforts.ts';
import type { Destination } from './destination.ts';
import type { Theme } from './places.ts';
import { TRIPS } from './trips.ts';

/** What is known of an offer before its words are chosen. */
export interface Trip {
  theme: Theme;
  destination: Destination;
  fromName: string;
  toName: string;
  toAirport: Airport;
  aircraft: Aircraft;
  seats: number;
  distance: number;
  /** Its UTC fields are local time. */
  localDeparture: Date;
}

/** Topics that go without saying for a theme: always said. */
const ALWAYS: Partial<Record<Theme, readonly Topic[]>> = {
  ski: ['skis'],
  golf: ['golfBags'],
  pets: ['pets'],
  overnight: ['beds'],
  outdoors: ['gear'],
  crew: ['gear'],
};

/** Topics that a theme's offers may mention; the first ones more often. */
const OFTEN: Readonly<Record<Theme, readonly Topic[]>> = {
  ski: ['ground', 'catering', 'flexible', 'pets', 'children', 'wifi', 'fixed'],
  beach: ['luggage', 'catering', 'pets', 'children', 'flexible', 'wifi', 'noPets', 'ground'],
  business: ['wifi', 'work', 'ground', 'catering', 'fixed', 'quiet', 'smoke', 'flexible'],
  overnight: ['quiet', 'catering', 'wifi', 'luggage', 'fixed', 'ground', 'noPets', 'smoke'],
  event: ['ground', 'fixed', 'catering', 'luggage', 'wifi', 'flexible'],
  golf: ['flexible', 'catering', 'ground', 'wifi', 'fixed'],
  safari: ['luggage', 'ground', 'catering', 'flexible', 'children', 'noPets'],
  wine: ['catering', 'luggage', 'flexible', 'ground', 'pets', 'smoke'],
  pets: ['flexible', 'luggage', 'children', 'catering', 'ground', 'wifi'],
  family: ['children', 'luggage', 'catering', 'pets', 'wifi', 'flexible'],
  yacht: ['luggage', 'ground', 'catering', 'flexible', 'pets', 'fixed', 'noPets'],
  outdoors: ['flexible', 'pets', 'ground', 'catering', 'wifi'],
  north: ['luggage', 'catering', 'ground', 'children', 'fixed', 'wifi'],
  medical: ['quiet', 'smoke', 'flexible', 'ground', 'noPets'],
  crew: ['wifi', 'catering', 'fixed', 'quiet', 'flexible'],
  empty: ['fixed', 'luggage', 'pets', 'wifi', 'catering', 'smoke'],
};

/** Never both in one offer. */
const OPPOSITES: readonly (readonly [Topic, Topic])[] = [
  ['pets', 'noPets'],
  ['flexible', 'fixed'],
  ['quiet', 'children'],
];

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July'].concat([
  'August',
  'September',
  'October',
  'November',
  'December',
]);
const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
  .concat(['ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen'])
  .concat(['eighteen', 'nineteen']);

export function entitle(random: Random, trip: Trip): string {
  return capitalize(fill(choose(random, TRIPS[trip.theme].titles), trip));
}

export function describe(random: Random, trip: Trip): string {
  const { theme, aircraft } = trip;
  const topics = chooseTopics(random, theme);
  const sentences = [
    choose(random, TRIPS[theme].openings),
    ...(random() < 0.6 ? [choose(random, CABIN[aircraft.category])] : []),
    ...topics.map((topic) => choose(random, TOPICS[asServed(topic, aircraft)])),
    ...(theme === 'empty' ? [] : [choose(random, trip.seats === 1 ? TERMS_FOR_ONE : TERMS)]),
    ...(random() < 0.5 ? [timing(trip)] : []),
  ];
  return sentences.map((sentence) => capitalize(fill(sentence, trip))).join(' ');
}

function chooseTopics(random: Random, theme: Theme): Topic[] {
  const chosen: Topic[] = [...(ALWAYS[theme] ?? [])];
  const wanted = chosen.length + 2 + Math.floor(random() * 2);
  for (const topic of OFTEN[theme]) {
    if (chosen.length >= wanted) break;
    const clashes = OPPOSITES.some(
      ([a, b]) => (topic === a && chosen.includes(b)) || (topic === b && chosen.includes(a)),
    );
    if (!clashes && !chosen.includes(topic) && random() < 0.5) chosen.push(topic);
  }
  return chosen;
}

/** Cabins from super-midsize on fly with a flight attendant. */
function asServed(topic: Topic, aircraft: Aircraft): Topic {
  const isAttended =
    CATEGORIES.indexOf(aircraft.category) >= CATEGORIES.indexOf('super-midsize jet');
  return topic === 'catering' && isAttended ? 'service' : topic;
}

function timing(trip: Trip): string {
  const minutes = Math.round(((trip.distance / trip.aircraft.cruise_kmh + 0.3) * 60) / 15) * 15;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const flight = [
    hours > 0 ? `${hours} ${hours === 1 ? 'hour' : 'hours'}` : '',
    rest > 0 ? `${rest} minutes` : '',
  ];
  return `${partOfDay(trip.localDeparture)} departure, about ${flight.filter(Boolean).join(' ')} in the air.`;
}

function partOfDay(time: Date): string {
  const hour = time.getUTCHours();
  if (hour < 6) return 'Night';
  if (hour < 12) return 'Morning';
  if (hour < 17) return 'Afternoon';
  return hour < 21 ? 'Evening' : 'Late-night';
}

function fill(text: string, trip: Trip): string {
  const count = NUMBERS[trip.seats] ?? String(trip.seats);
  const seats = `${count} ${trip.seats === 1 ? 'seat' : 'seats'}`;
  const words: Record<string, string> = {
    from: trip.fromName,
    to: trip.toName,
    region: trip.destination.region ?? trip.toName,
    occasion: trip.destination.occasion ?? trip.toName,
    aircraft: trip.aircraft.name,
    category: trip.aircraft.category,
    day: DAYS[trip.localDeparture.getUTCDay()] ?? '',
    month: MONTHS[trip.localDeparture.getUTCMonth()] ?? '',
    seats,
    Seats: capitalize(seats),
  };
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function choose<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}
