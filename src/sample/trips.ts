/**
 * What people write about a trip: titles and opening sentences for each theme. Words in braces are filled in
 * by `offers.ts`: {from} {to} (what travellers call the ends), {region}, {occasion}, {aircraft}, {category},
 * {day}, {month}, {seats} (in words, with the noun).
 */
import type { Theme } from './places.ts';

interface Texts {
  titles: readonly string[];
  openings: readonly string[];
}

export const TRIPS: Readonly<Record<Theme, Texts>> = {
  ski: {
    titles: [
      'Ski weekend in {to} from {from}',
      '{from} to {to} for the snow',
      'Share our ski flight to {to}',
      'First lifts in {to}: {seats} from {from}',
      'Powder days in {region}, flying from {from}',
      '{to} ski week, {day} departure',
    ],
    openings: [
      'We are going skiing in {region} and have {seats} free on the way from {from} to {to}.',
      'Our group flies to {to} for a ski weekend; join us for the slopes of {region}.',
      'Leaving {from} on {day} for a week of skiing above {to}.',
      'Snow in {region} is looking good and our chalet is booked, so the {aircraft} is going to {to}.',
      'A relaxed flight to the ski resort of {to}, timed to be on the slopes the next morning.',
    ],
  },
  beach: {
    titles: [
      'Sun and sea: {from} to {to}',
      'Long weekend in {to}',
      'Escape to {to} from {from}',
      'Beach break in {to}, {seats} left',
      '{to} in {month} on a {category}',
      'Warm water? Fly with us to {to}',
    ],
    openings: [
      'We are heading to the beach in {to} and would like to share the flight from {from}.',
      'Swap {from} for sand and warm water: {day} departure to {to}.',
      'Our villa in {to} starts on {day} and the {aircraft} has {seats} free.',
      'A lazy long weekend by the sea in {to}, out of {from}.',
      'Flying to {to} for snorkelling, sun and nothing else on the calendar.',
    ],
  },
  business: {
    titles: [
      'Business hop {from} to {to}',
      'Morning meeting in {to}, from {from}',
      '{from} to {to} on {day}, working cabin',
      'Roadshow leg to {to}: {seats} free',
      'Board meeting in {to}, seats to share',
      'Day trip to {to} with time to work',
    ],
    openings: [
      'We fly to {to} for a board meeting and the cabin is only half full.',
      'A roadshow takes our team from {from} to {to}; {seats} can be shared with other companies.',
      'On {day} the {aircraft} goes from {from} to {to}, timed for meetings downtown.',
      'Site visit in {to}: we leave {from} on time and work on the way.',
      'A punctual business flight to {to} for people who have to be fresh on arrival.',
    ],
  },
  overnight: {
    titles: [
      'Overnight to {to} with lie-flat beds',
      'Sleep your way from {from} to {to}',
      'Night flight {from} to {to}, quiet cabin',
      'Red-eye without the red eyes: {to}',
      'Late departure to {to}, berths made up',
      '{from} to {to} overnight on a {aircraft}',
    ],
    openings: [
      'A quiet overnight flight from {from} to {to}: lights go down after dinner and stay down.',
      'We leave {from} late in the evening, sleep in proper beds and land in {to} rested.',
      'The {aircraft} flies non-stop to {to} through the night, with flat berths for every guest.',
      'For light sleepers: a hushed night crossing to {to} with blackout shades and no announcements.',
      'Board late, sleep flat, and start the day in {to}.',
    ],
  },
  event: {
    titles: [
      '{occasion} in {to}: fly in from {from}',
      'To {to} for {occasion}',
      '{seats} to {occasion}, {to}',
      'Skip the queues: {from} to {to} for {occasion}',
      'Arrive in style for {occasion}',
    ],
    openings: [
      'We are going to {to} for {occasion} and have {seats} free on the flight from {from}.',
      'Landing slot and parking are confirmed for {occasion} in {to}.',
      'Hotel rooms are gone, but there is still space on our {aircraft} to {occasion}.',
      'Our group of fans and friends flies from {from} to {to} for {occasion}.',
      'Get to {occasion} in {to} without changing planes.',
    ],
  },
  golf: {
    titles: [
      'Golf trip to {to} from {from}',
      'Tee off in {to}, clubs fly free',
      'Golfers wanted: {from} to {to}',
      'Four days of golf in {to}',
      '{to} for a round or three',
    ],
    openings: [
      'A golf party flies to {to} and has {seats} left for players or partners.',
      'Tee times in {to} are booked; the {aircraft} leaves {from} on {day}.',
      'We fly to {to} for a few rounds and come back when the cards are signed.',
      'Handicaps do not matter: share our golf flight to {to}.',
    ],
  },
  safari: {
    titles: [
      'Safari flight to {to}',
      'From {from} to {to}: wildlife up close',
      'Lodge transfer to {to}',
      'Into the bush: {to} from {from}',
      'Wildlife trip to {to}, {seats} free',
    ],
    openings: [
      'We fly to {to} with guides who know every track, and share the aircraft from {from}.',
      'Our safari camp expects us on {day}; there is room for fellow travellers to {to}.',
      'A wildlife and photography trip to {to} with a guide who meets the aircraft.',
      'Connect straight to {to} without a night in a city hotel.',
    ],
  },
  wine: {
    titles: [
      'Wine weekend in {to}',
      'Harvest trip to {to} from {from}',
      'Cellar doors of {to}, {seats} free',
      '{from} to {to} for tastings',
      'Cases welcome: flight to {to}',
    ],
    openings: [
      'A group of wine lovers flies to {to} for tastings and long lunches.',
      'We visit growers in {to} and bring back more than we should; share the flight from {from}.',
      'Vineyards, cellars and a good table in {to}: leaving {from} on {day}.',
      'Cellar visits in {to} are arranged and the {aircraft} has {seats} free.',
    ],
  },
  pets: {
    titles: [
      'Pet friendly hop to {to}',
      'Bring the dog: {from} to {to}',
      'Paws on board to {to}',
      'Cats and dogs welcome, {from} to {to}',
      'Pet friendly flight from {from} to {to}',
      'Flying to {to} with our labrador',
    ],
    openings: [
      'Our dog flies with us to {to}, so yours is welcome in the cabin too.',
      'A pet friendly flight from {from} to {to}: no crates, no cargo hold, water bowls on board.',
      'Dogs and cats travel beside their people on this {aircraft} to {to}.',
      'We are moving to {to} with two cats and share the cabin with other pet owners.',
      'Large dogs are fine on this flight from {from} to {to}; a groomer cleans the cabin afterwards.',
    ],
  },
  family: {
    titles: [
      'Family flight to {to}',
      'School holidays in {to}: {seats} from {from}',
      'Kids welcome, {from} to {to}',
      '{to} with the grandparents',
      'Easy family trip from {from} to {to}',
    ],
    openings: [
      'We are two families on the way to {to} and happy to share with a third.',
      'Children are welcome on this flight to {to}: games, films and early dinner on board.',
      'Flying to {to} for the holidays; strollers and car seats are no problem.',
      'A patient crew and a short walk to the aircraft make {from} to {to} easy with small children.',
    ],
  },
  yacht: {
    titles: [
      'Join us for {to}: boat and sun',
      '{from} to {to} for a week on the water',
      'Yacht charter starts in {to}',
      'Summer in {to}, {seats} from {from}',
      'Sailing week in {to}',
    ],
    openings: [
      'Our yacht waits in {to} and the {aircraft} from {from} has {seats} free.',
      'A week on the water begins in {to}; fly down with us on {day}.',
      'Straight to {to} in high season, when airline seats are long gone.',
      'Beach clubs, coves and a tender at the dock: {from} to {to}.',
    ],
  },
  outdoors: {
    titles: [
      'Expedition to {to}',
      'Fresh air week: {from} to {to}',
      'Off the grid: {from} to {to}',
      'Boots, tents and binoculars to {to}',
      'Adventure week, destination {to}',
    ],
    openings: [
      'A small group flies to {to} to be outdoors from dawn to dusk and sleep under canvas.',
      'We go to {to} for a week outdoors and have {seats} free from {from}.',
      'Packs, boots and fishing rods are loaded on {day}: next stop {to}.',
      'This trip to {to} is for people who prefer mud to marble.',
    ],
  },
  north: {
    titles: [
      'Northern lights trip to {to}',
      'Arctic weekend in {to}',
      'Chasing the aurora: {from} to {to}',
      'Huskies and snow in {to}',
      '{to} in the polar night, {seats} free',
    ],
    openings: [
      'We fly north to {to} to see the aurora and sleep in a glass cabin.',
      'Dog sleds, saunas and northern lights: {from} to {to} on {day}.',
      'An Arctic weekend in {to}; thick coats travel in the heated hold.',
      'Join a photographer who chases the northern lights around {to}.',
    ],
  },
  medical: {
    titles: [
      'Calm flight to {to} for treatment',
      'Recovery flight {from} to {to}',
      'Clinic visit in {to}, wheelchair friendly',
      'Gentle transfer to {to}',
    ],
    openings: [
      'We travel to a clinic in {to} and offer the free seats to people with the same need.',
      'A calm, unhurried flight to {to} for a patient and family after surgery.',
      'A nurse flies along from {from} to {to}, and a stretcher can be fitted.',
      'Step-free boarding by lift, oxygen on request, and a car to the hospital door in {to}.',
    ],
  },
  crew: {
    titles: [
      'Band and backline: {from} to {to}',
      'Film crew flight to {to}',
      'Tour leg {from} to {to}, space for cases',
      'Team charter to {to}',
      'Camera crew to {to} on {day}',
    ],
    openings: [
      'Our film crew flies to {to} with cameras and lights, and there are {seats} left.',
      'A band on tour goes from {from} to {to} straight after the show.',
      'The team flies to {to} for an away match and shares what is free in the cabin.',
      'A photo production moves from {from} to {to}; stylists, models and agents are welcome.',
    ],
  },
  empty: {
    titles: [
      'Empty leg {from} to {to}',
      'Repositioning flight to {to}, reduced price',
      'One way to {to} at empty-leg price',
      'Last-minute: {aircraft} from {from} to {to}',
      'Return leg to {to}, cabin free',
    ],
    openings: [
      'The {aircraft} has to be in {to} for its next charter and would fly there empty.',
      'Empty leg from {from} to {to}: fixed date, reduced price, whole cabin possible.',
      'A repositioning flight to {to} on {day} that you can have for well under the usual price.',
      'After dropping guests in {from} the aircraft goes back to {to}; take it along.',
    ],
  },
};
