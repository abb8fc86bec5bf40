/** Staged roll-outs: who is reached, and what they are offered. */
import { describe, expect, it } from 'vitest';
import { chooseRelease, isInRollout, rolloutBucket, sha256Hex } from '../../src/format/index.ts';
import { channelDocument, HASH, pointer } from './publisher.ts';

describe('a roll-out', () => {
  it('reaches a stable, even and growing part of the clients', async () => {
    const ids = Array.from({ length: 2_000 }, (_, i) => `install-${i}`);
    const buckets = await Promise.all(ids.map((id) => rolloutBucket('2026-11', id)));
    const again = await Promise.all(ids.map((id) => rolloutBucket('2026-11', id)));
    expect(again).toEqual(buckets);
    const reached = (rollout: number) => buckets.filter((bucket) => isInRollout(bucket, rollout));
    expect(reached(0)).toHaveLength(0);
    expect(reached(10_000)).toHaveLength(ids.length);
    expect(Math.abs(reached(2_500).length - 500)).toBeLessThan(80);
    expect(reached(2_500).every((bucket) => reached(2_600).includes(bucket))).toBe(true);
    const others = await Promise.all(ids.map((id) => rolloutBucket('2026-12', id)));
    const inBoth = ids.filter(
      (_, i) => isInRollout(buckets[i] ?? 0, 1_000) && isInRollout(others[i] ?? 0, 1_000),
    );
    expect(inBoth.length).toBeLessThan(60);
  });

  it('has the arithmetic that is written down', async () => {
    const sha256 = await sha256Hex(new TextEncoder().encode('salt:id'));
    expect(await rolloutBucket('salt', 'id')).toBe(
      Number.parseInt(sha256.slice(0, 8), 16) % 10_000,
    );
  });

  it.each([undefined, Number.NaN, -1, 10_001, 0.5, Infinity, '100' as never, null as never])(
    'of %s reaches nobody',
    (rollout) => {
      expect(isInRollout(0, rollout)).toBe(false);
    },
  );

  it('offers the candidate to those it reaches, and no one anything older or blocked', () => {
    const candidate = { ...pointer(12), rollout: 2_500, salt: 's' };
    const document = channelDocument({ candidate });
    const sequence = (bucket: number, installed?: number, changes = {}) =>
      chooseRelease({ ...document, ...changes }, bucket, installed)?.sequence;
    expect(sequence(2_499)).toBe(12);
    expect(sequence(2_500)).toBe(11);
    expect(sequence(2_500, 11)).toBe(undefined);
    expect(sequence(2_499, 11)).toBe(12);
    expect(sequence(0, 12, { candidate: { ...candidate, rollout: 0 } })).toBe(undefined);
    expect(sequence(0, 11, { candidate: { ...candidate, rollout: 0 } })).toBe(undefined);
    const other = { ...candidate, manifest: { ...candidate.manifest, sha256: 'ff'.repeat(32) } };
    expect(sequence(0, 0, { candidate: other, blocked: ['ff'.repeat(32)] })).toBe(11);
    expect(sequence(9_999, 0, { blocked: [HASH] })).toBe(undefined);
  });
});
