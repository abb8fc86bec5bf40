import { describe, expect, test } from 'vitest';

import { eventually, Signal } from './signal.ts';

describe('Signal', () => {
  test('gives the value, whether it was fired before or after it was awaited', async () => {
    const signal = new Signal<number>('a number');
    const waiting = signal.fired();
    signal.fire(7);
    expect(await waiting).toBe(7);
    expect(await signal.fired()).toBe(7);
  });

  test('says what did not happen', async () => {
    await expect(new Signal('the first claim').fired(10)).rejects.toThrow(
      'the first claim did not happen within 10 ms',
    );
  });
});

describe('eventually', () => {
  test('asks again until there is an answer', async () => {
    let asked = 0;
    const answer = await eventually('the third answer', () => {
      asked += 1;
      return asked === 3 ? 'here' : undefined;
    });
    expect(answer).toBe('here');
  });

  test('says what it waited for', async () => {
    await expect(eventually('an empty queue', () => undefined, 10)).rejects.toThrow(
      'an empty queue: not within 10 ms',
    );
  });
});
