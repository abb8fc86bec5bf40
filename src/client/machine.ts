/**
 * What the client may do when: a table of phases and events. Pure; which phase an act ends in, and what it does, is not known here. Every cell is
 * there, so that nothing happens that was not thought of.
 */

/** At rest: nothing goes on. `available`: there is an update that was not fetched; `staged`: one that was fetched and checked, but is not in use. */
export const REST = ['idle', 'available', 'staged'] as const;
/** One act goes on. */
export const BUSY = [
  'starting',
  'checking',
  'downloading',
  'activating',
  'rolling-back',
  'clearing',
  'adopting',
] as const;
export const PHASES = ['new', ...REST, ...BUSY, 'closed'] as const;
export const REQUESTS = [
  'start',
  'check',
  'download',
  'activate',
  'rollback',
  'clear',
  'adopt',
] as const;
/** Besides requests: an act ends at rest, the start may come to nothing, everything ends. */
export const EVENTS = [...REQUESTS, ...REST, 'notStarted', 'close'] as const;

export type Rest = (typeof REST)[number];
export type Busy = (typeof BUSY)[number];
export type Phase = (typeof PHASES)[number];
export type Request = (typeof REQUESTS)[number];
export type Event = (typeof EVENTS)[number];

/**
 * `to` another phase; `join`: the act that goes on is the one that is asked for; `wait`: until it has ended, then ask again; `refuse`: wrong use;
 * `ignore`: there is nothing to do; `never`: a fault of the client itself.
 */
export type Cell = { readonly to: Phase } | 'join' | 'wait' | 'refuse' | 'ignore' | 'never';

const to = (phase: Phase): Cell => ({ to: phase });

const ENDS = { idle: to('idle'), available: to('available'), staged: to('staged') } as const;
const BEGINS = {
  start: 'ignore',
  check: to('checking'),
  rollback: to('rolling-back'),
  clear: to('clearing'),
  adopt: to('adopting'),
  close: to('closed'),
  idle: 'never',
  available: 'never',
  staged: 'never',
  notStarted: 'never',
} as const;
const GOES_ON = {
  start: 'ignore',
  check: 'wait',
  download: 'wait',
  activate: 'wait',
  rollback: 'wait',
  clear: 'wait',
  adopt: 'wait',
  notStarted: 'never',
  close: to('closed'),
  ...ENDS,
} as const;

export const TABLE: { readonly [P in Phase]: { readonly [E in Event]: Cell } } = {
  new: {
    start: to('starting'),
    check: 'refuse',
    download: 'refuse',
    activate: 'refuse',
    rollback: 'refuse',
    clear: 'refuse',
    adopt: 'ignore',
    idle: 'never',
    available: 'never',
    staged: 'never',
    notStarted: 'never',
    close: to('closed'),
  },
  idle: { ...BEGINS, download: 'refuse', activate: 'refuse' },
  available: { ...BEGINS, download: to('downloading'), activate: 'refuse' },
  staged: { ...BEGINS, download: 'ignore', activate: to('activating') },
  starting: { ...GOES_ON, start: 'join', notStarted: to('new') },
  checking: { ...GOES_ON, check: 'join' },
  downloading: { ...GOES_ON, download: 'join' },
  activating: { ...GOES_ON, activate: 'join' },
  'rolling-back': { ...GOES_ON, rollback: 'join' },
  clearing: { ...GOES_ON, clear: 'join' },
  // Not joined: what another tab changed since, the one that goes on may not have read.
  adopting: GOES_ON,
  closed: {
    start: 'refuse',
    check: 'refuse',
    download: 'refuse',
    activate: 'refuse',
    rollback: 'refuse',
    clear: 'refuse',
    adopt: 'ignore',
    idle: 'ignore',
    available: 'ignore',
    staged: 'ignore',
    notStarted: 'ignore',
    close: 'ignore',
  },
};

export function isBusy(phase: Phase): phase is Busy {
  return BUSY.some((one) => one === phase);
}
