import { describe, expect, it } from 'vitest';

import { Schedule } from './schedule.ts';

const HOUR = 3_600_000;

/** Time goes on when something waits for it, and only then. */
function schedule(intervalMs: number, outcomes: boolean[], checkedAt: number | null = null) {
  const waits: number[] = [];
  const state = { now: 1_000_000_000, checkedAt, looks: 0 };
  let done = () => {};
  const ended = new Promise<void>((resolve) => (done = resolve));
  const made = new Schedule({
    clock: {
      now: () => state.now,
      sleep: async (ms, signal) => {
        if (outcomes.length > 0) {
          waits.push(ms);
          state.now += ms;
          return;
        }
        done();
        await new Promise<void>((resolve) => {
          signal?.addEventListener('abort', () => resolve());
        });
      },
    },
    random: () => 0.5,
    intervalMs,
    lookedAt: () => state.checkedAt,
    look: async () => {
      state.looks++;
      const worked = outcomes.shift() ?? true;
      if (worked) state.checkedAt = state.now;
      return worked;
    },
  });
  return { made, waits, state, ended };
}

describe('when a client looks by itself', () => {
  it('looks at once at first, then at its interval', async () => {
    const { made, waits, ended } = schedule(HOUR, [true, true, true]);
    made.start();
    await ended;
    await made.close();
    expect(waits).toEqual([0, HOUR, HOUR]);
  });

  it('waits for what is left of the interval where it looked before it was started', async () => {
    const { made, waits, ended } = schedule(HOUR, [true], 1_000_000_000 - HOUR / 4);
    made.start();
    await ended;
    await made.close();
    expect(waits).toEqual([(HOUR * 3) / 4]);
  });

  it('looks at once where it looked in the future: the clock was wrong', async () => {
    const { made, waits, ended } = schedule(HOUR, [true], 2_000_000_000);
    made.start();
    await ended;
    await made.close();
    expect(waits).toEqual([0]);
  });

  it('asks less and less often where it fails, and never more often than that', async () => {
    const outcomes = [false, false, false, false, false, false, false, false, true, true];
    const { made, waits, ended } = schedule(HOUR, outcomes);
    made.start();
    await ended;
    await made.close();
    const minutes = waits.map((ms) => ms / 60_000);
    expect(minutes).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('looks when it is woken after a long time or a failure, and not before', async () => {
    const { made, state, ended } = schedule(HOUR, [true]);
    made.start();
    await ended;
    made.wake();
    await Promise.resolve();
    expect(state.looks).toBe(1);
    state.now += HOUR / 2;
    made.wake();
    await expect.poll(() => state.looks).toBe(2);
    await made.close();
  });

  it('looks when it is told, also where it does not look by itself', async () => {
    const { made, state } = schedule(0, [true, true, true]);
    made.start();
    await made.notify(2_000);
    expect(state.looks).toBe(1);
    // Two that are told of the same look once.
    await Promise.all([made.notify(2_000), made.notify(2_000)]);
    expect(state.looks).toBe(2);
    await made.close();
    await made.notify(2_000);
    expect(state.looks).toBe(2);
  });
});
