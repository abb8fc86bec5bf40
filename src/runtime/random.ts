/** A number in [0, 1). Injected so that jitter and model tests replay from a printed seed. */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();

/** Mulberry32 (public domain, Tommy Ettinger): 32 bits of state, enough for tests, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
