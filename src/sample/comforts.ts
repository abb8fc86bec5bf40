/**
 * What an offer says about the cabin and the terms. Each topic is either said once or not at all, and its
 * sentences never contradict another topic's.
 */
import type { Category } from './aircraft.ts';

export type Topic =
  | 'pets'
  | 'noPets'
  | 'wifi'
  | 'catering'
  | 'service'
  | 'luggage'
  | 'skis'
  | 'golfBags'
  | 'gear'
  | 'flexible'
  | 'fixed'
  | 'quiet'
  | 'beds'
  | 'ground'
  | 'children'
  | 'work'
  | 'smoke';

export const TOPICS: Readonly<Record<Topic, readonly string[]>> = {
  pets: [
    'Pets are welcome in the cabin.',
    'Small dogs and cats may sit on a lap for the whole flight.',
    'Two well-behaved dogs are already on the list; a third is fine.',
    'Pets fly free, and the crew keeps treats and water ready.',
  ],
  noPets: [
    'No pets on this one, since a guest has allergies.',
    'Please leave pets at home: the owner keeps the cabin free of animal hair.',
  ],
  wifi: [
    'Fast satellite wifi from gate to gate, good enough for video calls.',
    'Wifi is free and unlimited.',
    'There is wifi for mail and messages, not for films.',
    'Ka-band internet works over land and ocean.',
  ],
  catering: [
    'Catering from a local restaurant, with vegan and kosher meals on request.',
    'Light snacks and an open bar are included.',
    'Sushi, salads and champagne are on board; tell us about allergies.',
    'Cold platters and soft drinks only, no hot meals.',
  ],
  service: [
    'Hot breakfast and fresh coffee are served after take-off.',
    'A flight attendant serves dinner whenever you like.',
    'The flight attendant cooks to order, vegan and kosher included.',
  ],
  luggage: [
    'Two suitcases each and a cabin bag fit easily.',
    'There is plenty of room for luggage.',
    'Pack light: one soft bag each, please.',
    'Generous baggage hold, reachable in flight.',
    'Bring what you need; the hold takes oversized cases.',
  ],
  skis: [
    'Skis, boots and snowboards fit in the heated baggage hold.',
    'Plenty of room for luggage, ski bags and boots.',
    'One ski bag and one suitcase for each guest are included.',
    'The external locker takes skis up to 210 cm.',
  ],
  golfBags: [
    'Every guest may bring a golf bag and a suitcase.',
    'The hold takes eight sets of clubs.',
    'Golf clubs travel upright in the aft hold, no extra charge.',
  ],
  gear: [
    'Hard cases, tripods and instruments fit through the large cargo door.',
    'There is space for bulky equipment, fishing rods and backpacks.',
    'Up to 400 kg of gear can be loaded if we know a day ahead.',
  ],
  flexible: [
    'Departure can move by two or three hours either way.',
    'We are flexible by a day if you need it.',
    'Free cancellation until 72 hours before departure.',
    'The time is open: tell us what suits you.',
  ],
  fixed: [
    'The slot is fixed, so please be at the terminal twenty minutes before departure.',
    'Date and time cannot be changed.',
    'No refunds within a week of departure.',
  ],
  quiet: [
    'A quiet cabin: no calls and no music after take-off.',
    'We like it calm on board and keep the lights low.',
    'Noise-cancelling headsets and blankets lie on every seat.',
  ],
  beds: [
    'Seats fold into flat beds with proper duvets and pillows.',
    'The aft stateroom has a double bed; the club seats become singles.',
    'All berths are made up with linen before boarding.',
    'Everyone gets a lie-flat bed, slippers and an eye mask.',
  ],
  ground: [
    'A car waits at the aircraft in {to}.',
    'A helicopter transfer from the airport can be added.',
    'Private terminal on both ends, five minutes from kerb to seat.',
    'Onward transfer for the group is already booked.',
  ],
  children: [
    'Children are welcome, and under twos fly free on a lap.',
    'High chairs, colouring books and a nanny can be arranged.',
    'Early dinner, films and bunk-like beds keep small travellers happy.',
  ],
  work: [
    'Club tables, power at every seat and a screen for presentations.',
    'The forward group of four can be closed off for confidential talks.',
    'You can work undisturbed from take-off to landing.',
  ],
  smoke: ['Non-smoking flight.', 'Smoke-free cabin with fresh-air system and low cabin altitude.'],
};

/** How a cabin of the category is described. */
export const CABIN: Readonly<Record<Category, readonly string[]>> = {
  turboprop: [
    'The {aircraft} is a comfortable turboprop that gets into short runways close to where you want to be.',
    'You fly in a {aircraft}, a turboprop with large windows and easy steps.',
  ],
  'very light jet': [
    'The {aircraft} is a small, nimble jet with a club-four cabin.',
    'A very light jet for short trips: quick to board, quick to climb.',
  ],
  'light jet': [
    'You fly in a {aircraft}, a light jet with a private lavatory and refreshment centre.',
    'The {aircraft} is a fast light jet with reclining leather seats and good legroom.',
  ],
  'midsize jet': [
    'The {aircraft} has a flat floor and a cabin to stand up in.',
    'A midsize {aircraft} with two club groups and a full galley.',
  ],
  'super-midsize jet': [
    'The {aircraft} crosses a continent non-stop, with a wide cabin and a quiet ride.',
    'A super-midsize {aircraft} with a sofa in the back and stand-up headroom.',
  ],
  'large-cabin jet': [
    'The large-cabin {aircraft} has three separate zones and a galley for hot meals.',
    'A spacious {aircraft} with a conference group of four and two lavatories.',
  ],
  'ultra-long-range jet': [
    'The {aircraft} flies this leg non-stop, with four cabin zones and the lowest cabin altitude of its class.',
    'An ultra-long-range {aircraft} with a sofa that becomes a bed and room to walk about.',
  ],
  airliner: [
    'The {aircraft} is an airliner with a lounge, a dining table for eight and a bedroom.',
    'A whole {aircraft} laid out for few guests, with a lounge and a private suite.',
  ],
};

/** How a single seat is shared. */
export const TERMS_FOR_ONE: readonly string[] = [
  'One seat is left, and we would rather share it than fly it empty.',
  'We offer one seat, ideal for a solo traveller.',
  'The price covers the one seat, landing fees and handling.',
];

/** How several seats are shared. */
export const TERMS: readonly string[] = [
  'We offer {seats} and keep the rest for our own party.',
  '{Seats} can be booked, singly or together.',
  'Take one seat or all of them; the price is for everything that is offered.',
  'The price covers {seats}, landing fees and handling.',
  '{Seats} are free, and solo travellers are welcome.',
];
