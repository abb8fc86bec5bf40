import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BUSY, EVENTS, isBusy, PHASES, type Phase, REQUESTS, REST, TABLE } from './machine.ts';

function after(phase: Phase, event: (typeof EVENTS)[number]): Phase {
  const cell = TABLE[phase][event];
  return typeof cell === 'object' ? cell.to : phase;
}

describe('the table of phases and events', () => {
  it('has every cell, and none that leads to a phase that is not there', () => {
    for (const phase of PHASES) {
      expect(Object.keys(TABLE[phase]).toSorted()).toEqual([...EVENTS].toSorted());
      for (const event of EVENTS) expect(PHASES).toContain(after(phase, event));
    }
  });

  it('reaches every phase from the first', () => {
    const reached = new Set<Phase>(['new']);
    for (const phase of reached) for (const event of EVENTS) reached.add(after(phase, event));
    expect([...reached].toSorted()).toEqual([...PHASES].toSorted());
  });

  it('ends every act at rest, whichever rest that is, and begins none beside it', () => {
    for (const phase of BUSY) {
      for (const rest of REST) expect(after(phase, rest)).toBe(rest);
      for (const request of REQUESTS) expect(after(phase, request)).toBe(phase);
    }
  });

  it('begins an act from rest only, and from the first phase none but the start', () => {
    for (const phase of PHASES)
      for (const request of REQUESTS) {
        const next = after(phase, request);
        if (next === phase) continue;
        expect(isBusy(next)).toBe(true);
        expect(phase === 'new' ? request === 'start' : REST.some((rest) => rest === phase)).toBe(
          true,
        );
      }
  });

  it('can be started again when the start came to nothing, and only then', () => {
    expect(after('starting', 'notStarted')).toBe('new');
    for (const phase of PHASES)
      if (phase !== 'starting') expect(after(phase, 'notStarted')).toBe(phase);
  });

  it('can be closed everywhere, for good', () => {
    for (const phase of PHASES) expect(after(phase, 'close')).toBe('closed');
    for (const event of EVENTS) expect(after('closed', event)).toBe('closed');
  });

  it('downloads only what was found and activates only what was downloaded, by whatever way it came there', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 60 }), (events) => {
        let phase: Phase = 'new';
        for (const event of events) {
          const cell = TABLE[phase][event];
          const next = after(phase, event);
          if (cell === 'never') expect([...REST, 'notStarted']).toContain(event);
          if (next === 'downloading' && phase !== next) expect(phase).toBe('available');
          if (next === 'activating' && phase !== next) expect(phase).toBe('staged');
          phase = next;
        }
      }),
    );
  });
});
