/** Which clients a staged roll-out reaches: always the same ones, and every one that a smaller share reached. */
import { sha256 } from '../hash.ts';

/** A roll-out is a share of this. */
export const WHOLE_ROLLOUT = 10_000;

/**
 * The first four bytes of SHA-256(`salt:installId`), big-endian, modulo 10,000. Another salt for each roll-out, so that not always the
 * same clients go first.
 * @returns 0 to 9,999
 */
export async function rolloutBucket(salt: string, installId: string): Promise<number> {
  const hash = await sha256(new TextEncoder().encode(`${salt}:${installId}`));
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0) % WHOLE_ROLLOUT;
}

/**
 * @param rollout 0 (halted: nobody) to 10,000 (everybody). Anything else, undefined too, reaches nobody: what was not said must never mean all.
 */
export function isInRollout(bucket: number, rollout: number | undefined): boolean {
  if (rollout === undefined || !Number.isInteger(rollout)) return false;
  return rollout >= 0 && rollout <= WHOLE_ROLLOUT && bucket < rollout;
}
