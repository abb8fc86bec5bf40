/**
 * When a document from a URL is fetched again, and when that is given up. Pure: who fetches, and who stores the state, is
 * the caller's.
 */
import { FetchError } from '../errors/index.ts';
import type { Random } from '../runtime/index.ts';
import type { Fetched } from './fetch/index.ts';

export interface RefreshRules {
  /** Days from a fetch that went well to the next; default 30. */
  readonly everyDays: number;
  /** Failures in a row after which the document is paused; default 5. */
  readonly maxFailures: number;
}

export const DEFAULT_REFRESH: RefreshRules = { everyDays: 30, maxFailures: 5 };

/** Times are milliseconds since the epoch. */
export interface RefreshState {
  /** Of the last fetch that went well, unchanged or not; null for none. */
  readonly checkedAt: number | null;
  /** When it is to be fetched next; null while it is paused. */
  readonly dueAt: number | null;
  /** In a row. */
  readonly failures: number;
  /** Since when nobody tries any more; null where it is not so. */
  readonly pausedAt: number | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What happened, for whoever reports it. */
export type RefreshReport = 'changed' | 'unchanged' | 'failed' | 'paused' | 'postponed';

export interface RefreshStep {
  readonly state: RefreshState;
  readonly report: RefreshReport;
}

/** A fetch that went well, or what it threw; or what reading the answer threw. */
export type RefreshOutcome = Fetched | Error;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Documents that came together would be fetched together for ever. */
const JITTER = 0.1;

/** Of one that was never fetched: due at once. */
export function newRefreshState(now: number): RefreshState {
  return {
    checkedAt: null,
    dueAt: now,
    failures: 0,
    pausedAt: null,
    etag: null,
    lastModified: null,
  };
}

/**
 * @param random up to a tenth is added to each wait
 */
export function nextRefresh(
  state: RefreshState,
  outcome: RefreshOutcome,
  now: number,
  random: Random,
  rules: RefreshRules = DEFAULT_REFRESH,
): RefreshStep {
  if (!(outcome instanceof Error))
    return { state: fetched(outcome, now, random, rules), report: outcome.status };
  if (!(outcome instanceof FetchError)) return failed(state, now, random, rules);
  // Stopped by us, or told to come back later: nothing is wrong with the document.
  if (outcome.reason === 'CLOSED') return { state: { ...state, dueAt: now }, report: 'postponed' };
  if (outcome.reason === 'BUSY' && outcome.retryAfterMs !== null)
    return {
      state: { ...state, dueAt: now + jittered(Math.max(outcome.retryAfterMs, 1_000), random) },
      report: 'postponed',
    };
  return failed(state, now, random, rules);
}

/** Whether it is to be fetched now. */
export function isDue({ dueAt }: RefreshState, now: number): boolean {
  return dueAt !== null && dueAt <= now;
}

/** By somebody who says that it is mended: tried again at once, with all its tries. */
export function resumeRefresh(state: RefreshState, now: number): RefreshState {
  return { ...state, dueAt: now, failures: 0, pausedAt: null };
}

function fetched(
  { etag, lastModified }: Fetched,
  now: number,
  random: Random,
  { everyDays }: RefreshRules,
): RefreshState {
  const dueAt = now + jittered(everyDays * DAY_MS, random);
  return { checkedAt: now, dueAt, failures: 0, pausedAt: null, etag, lastModified };
}

function failed(
  state: RefreshState,
  now: number,
  random: Random,
  { maxFailures }: RefreshRules,
): RefreshStep {
  const failures = state.failures + 1;
  if (failures >= maxFailures)
    return { state: { ...state, failures, dueAt: null, pausedAt: now }, report: 'paused' };
  return {
    state: { ...state, failures, dueAt: now + jittered(backOffMs(failures), random) },
    report: 'failed',
  };
}

/** An hour, doubling up to a day. */
function backOffMs(failures: number): number {
  return Math.min(HOUR_MS * 2 ** (failures - 1), DAY_MS);
}

function jittered(ms: number, random: Random): number {
  return Math.round(ms * (1 + JITTER * random()));
}
