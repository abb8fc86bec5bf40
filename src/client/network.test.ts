import { describe, expect, it } from 'vitest';

import { type Circumstances, type Connection, createPace, waitsFor } from './network.ts';

const network = { respectSaveData: true, maximumSeconds: 60 };
const usual: Circumstances = {
  mode: 'automatic',
  conditional: false,
  network,
  hasIndex: true,
  change: 'major',
  bytes: 6_000_000,
  connection: undefined,
};
const saving: Connection = { saveData: true, effectiveType: '4g', downlink: 10 };
const cellular: Connection = { type: 'cellular', effectiveType: '4g', downlink: 10 };
const slow: Connection = { effectiveType: '2g', downlink: 0.1 };

describe('what an update waits for that nobody asked for', () => {
  it.each<[string, Partial<Circumstances>, ReturnType<typeof waitsFor>]>([
    ['automatic, nothing known', {}, null],
    ['manual', { mode: 'manual' }, 'consent'],
    ['manual, the first', { mode: 'manual', hasIndex: false }, 'consent'],
    ['fallback', { mode: 'fallback' }, 'consent'],
    ['fallback, the first', { mode: 'fallback', hasIndex: false }, null],
    ['data saver', { connection: saving }, 'connection'],
    ['data saver, the first', { connection: saving, hasIndex: false }, 'connection'],
    ['data saver, nothing to fetch', { connection: saving, bytes: 0 }, null],
    [
      'data saver not respected',
      { connection: saving, network: { ...network, respectSaveData: false } },
      null,
    ],
    ['cellular', { connection: cellular }, null],
    [
      'cellular, conditional, minor',
      { connection: cellular, conditional: true, change: 'minor' },
      'connection',
    ],
    ['cellular, conditional, major', { connection: cellular, conditional: true }, null],
    ['slow', { connection: slow }, 'connection'],
    ['slow, small', { connection: slow, bytes: 100_000 }, null],
    ['slow, the first', { connection: slow, hasIndex: false }, null],
    ['slow, conditional, major', { connection: slow, conditional: true }, null],
  ])('%s', (_, changes, expected) => {
    expect(waitsFor({ ...usual, ...changes })).toBe(expected);
  });
});

describe('the pace of a download', () => {
  const clock = (now: { ms: number }) => ({ now: () => now.ms, sleep: async () => {} });

  it('is let go on where it ends in time', () => {
    const now = { ms: 0 };
    const pace = createPace({ clock: clock(now), network });
    for (let bytes = 0; bytes <= 6_000_000; bytes += 200_000) {
      pace(bytes, 6_000_000);
      now.ms += 1_000;
    }
    expect(now.ms).toBe(31_000);
  });

  it('ends it after the first bytes where it does not', () => {
    const now = { ms: 0 };
    const pace = createPace({ clock: clock(now), network });
    pace(1_000, 6_000_000);
    now.ms = 2_000;
    expect(() => pace(70_000, 6_000_000)).toThrow(/slow/);
  });

  it('says nothing of a few bytes, and begins again with another file', () => {
    const now = { ms: 0 };
    const pace = createPace({ clock: clock(now), network });
    pace(1_000, 6_000_000);
    now.ms = 1_000;
    pace(1_500, 6_000_000);
    now.ms = 100_000;
    pace(1_000, 6_000_000);
    now.ms = 100_500;
    expect(() => pace(300_000, 6_000_000)).not.toThrow();
  });
});
