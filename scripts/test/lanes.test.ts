import { describe, expect, test } from 'vitest';

import { findLanes, type Lane, laneEnvironment, laneFaults, laneSummary } from './lanes.ts';

const found: Lane = {
  name: 'Postgres',
  variable: 'EVERVEC_TEST_POSTGRES',
  value: 'postgres://user:secret@127.0.0.1/x',
  detail: '15.20 with pgvector 0.8.0',
  isBroken: false,
};
const skipped: Lane = {
  name: 'Bun',
  variable: 'EVERVEC_TEST_BUN',
  detail: 'not installed',
  isBroken: false,
};
const broken: Lane = {
  ...skipped,
  name: 'Chromium',
  detail: 'CHROMIUM_PATH does not run',
  isBroken: true,
};

describe('laneFaults', () => {
  test('a missing lane keeps tests from running in CI only', () => {
    expect(laneFaults([found, skipped], false)).toEqual([]);
    expect(laneFaults([found, skipped], true)).toEqual([
      'Bun: not installed. With CI=true no lane is skipped; enable: npm run services',
    ]);
  });

  test('a lane that was named by hand and does not work always does', () => {
    expect(laneFaults([broken], false)).toEqual(['Chromium: CHROMIUM_PATH does not run']);
  });
});

describe('laneEnvironment', () => {
  test('sets what was found and unsets what was not', () => {
    const before = { HOME: '/home/x', EVERVEC_TEST_BUN: '/left/over' };
    expect(laneEnvironment(before, [found, skipped])).toEqual({
      HOME: '/home/x',
      EVERVEC_TEST_POSTGRES: found.value,
    });
  });
});

describe('laneSummary', () => {
  test('says what was there and how to have what was not, and never where a database is', () => {
    expect(laneSummary([found, skipped])).toEqual([
      '  Postgres  available  15.20 with pgvector 0.8.0',
      '  Bun       skipped    not installed; enable: npm run services',
    ]);
  });
});

describe('findLanes', () => {
  test('a URL and a path given by hand that do not work are broken, and the password is not told', async () => {
    const lanes = await findLanes({
      // Port 9 of the loopback (discard) has no server.
      DATABASE_URL_TEST: 'postgres://user:secret@127.0.0.1:9/none',
      CHROMIUM_PATH: '/no/such/chromium',
    });
    expect(laneFaults(lanes, false)).toEqual([
      "Postgres: DATABASE_URL_TEST can't be used (ECONNREFUSED)",
      'Chromium: CHROMIUM_PATH does not run',
    ]);
    expect(JSON.stringify(lanes)).not.toContain('secret');
  });
});
