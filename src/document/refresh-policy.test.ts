import { describe, expect, test } from 'vitest';
import { FetchError, type FetchReason } from '../errors/index.ts';
import {
  DEFAULT_REFRESH,
  isDue,
  newRefreshState,
  nextRefresh,
  type RefreshOutcome,
  type RefreshState,
  resumeRefresh,
} from './refresh-policy.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2030, 0, 31);
const noJitter = () => 0;

const KNOWN: RefreshState = {
  checkedAt: NOW - 30 * DAY,
  dueAt: NOW,
  failures: 0,
  pausedAt: null,
  etag: '"1"',
  lastModified: 'before',
};

const CHANGED: RefreshOutcome = {
  status: 'changed',
  bytes: new Uint8Array(),
  url: 'https://a.test/',
  mediaType: null,
  name: null,
  etag: '"2"',
  lastModified: null,
};
const UNCHANGED: RefreshOutcome = { status: 'unchanged', etag: '"1"', lastModified: 'before' };

function fault(reason: FetchReason, retryAfterMs: number | null = null): FetchError {
  return new FetchError(reason, null, 'failed.', { retryAfterMs });
}

function after(failures: number): RefreshState {
  return { ...KNOWN, failures };
}

const WELL = { checkedAt: NOW, dueAt: NOW + 30 * DAY, failures: 0, pausedAt: null };

describe('the next state', () => {
  test.each([
    ['changed', KNOWN, CHANGED, { ...WELL, etag: '"2"', lastModified: null }],
    ['unchanged', KNOWN, UNCHANGED, { ...WELL, etag: '"1"', lastModified: 'before' }],
    ['changed', newRefreshState(NOW), CHANGED, { ...WELL, etag: '"2"', lastModified: null }],
    ['unchanged', after(4), UNCHANGED, { ...WELL, etag: '"1"', lastModified: 'before' }],
    ['failed', KNOWN, fault('SERVER'), { ...KNOWN, failures: 1, dueAt: NOW + HOUR }],
    ['failed', after(1), fault('DNS'), { ...KNOWN, failures: 2, dueAt: NOW + 2 * HOUR }],
    ['failed', after(2), fault('GONE'), { ...KNOWN, failures: 3, dueAt: NOW + 4 * HOUR }],
    ['failed', after(3), fault('BUSY'), { ...KNOWN, failures: 4, dueAt: NOW + 8 * HOUR }],
    ['paused', after(4), fault('TLS'), { ...KNOWN, failures: 5, dueAt: null, pausedAt: NOW }],
    ['postponed', after(4), fault('BUSY', 2 * HOUR), { ...after(4), dueAt: NOW + 2 * HOUR }],
    ['postponed', KNOWN, fault('BUSY', 0), { ...KNOWN, dueAt: NOW + 1_000 }],
    ['postponed', after(4), fault('CLOSED'), { ...after(4), dueAt: NOW }],
    ['failed', KNOWN, fault('ROBOTS'), { ...KNOWN, failures: 1, dueAt: NOW + HOUR }],
  ] as const)('%s', (report, before, outcome, state) => {
    expect(nextRefresh(before, outcome, NOW, noJitter)).toEqual({ report, state });
  });

  test('waits a day at most', () => {
    const rules = { ...DEFAULT_REFRESH, maxFailures: 100 };
    for (const failures of [5, 6, 20, 90]) {
      const { state } = nextRefresh(after(failures), fault('SERVER'), NOW, noJitter, rules);
      expect(state.dueAt).toBe(NOW + DAY);
    }
  });

  test('spreads what came together', () => {
    const early = nextRefresh(KNOWN, UNCHANGED, NOW, () => 0).state.dueAt;
    const late = nextRefresh(KNOWN, UNCHANGED, NOW, () => 0.999).state.dueAt;
    expect(early).toBe(NOW + 30 * DAY);
    expect(late).toBeGreaterThan(NOW + 32 * DAY);
    expect(late).toBeLessThan(NOW + 33 * DAY);
  });

  test('follows other rules', () => {
    const rules = { everyDays: 1, maxFailures: 1 };
    expect(nextRefresh(KNOWN, UNCHANGED, NOW, noJitter, rules).state.dueAt).toBe(NOW + DAY);
    expect(nextRefresh(KNOWN, fault('SERVER'), NOW, noJitter, rules).report).toBe('paused');
  });
});

test('due is what is not paused and whose time has come', () => {
  expect(isDue(newRefreshState(NOW), NOW)).toBe(true);
  expect(isDue(KNOWN, NOW - 1)).toBe(false);
  const { state } = nextRefresh(after(4), fault('GONE'), NOW, noJitter);
  expect(isDue(state, NOW + 1_000 * DAY)).toBe(false);
  const resumed = resumeRefresh(state, NOW);
  expect(isDue(resumed, NOW)).toBe(true);
  expect(resumed).toEqual({ ...KNOWN, failures: 0, dueAt: NOW });
});
